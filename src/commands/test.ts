/** Runs every test against real servers that are thrown away afterwards, and counts. */
import { join } from "node:path"
import { Glob } from "bun"
import { type Counts, countTests, sentence, sum } from "#src/devstack/counts.ts"
import type { Say } from "#src/devstack/launch.ts"
import { untilSignalled } from "#src/devstack/signals.ts"
import { throwAwayStack } from "#src/devstack/throw-away.ts"

export const summary = "types, style and every test; with file names: those tests alone"

const root = join(import.meta.dir, "..", "..")
const testTimeoutMs = 60_000 // Of one test: a busy machine is no failure.
const tailKept = 20_000 // Characters of the runner's output, at whose end it counts.

/** The last line printed is always "N passed, N failed, N skipped". Answers 1 where a test failed or none ran. */
export const run = async (args: string[]): Promise<number> => {
  const begin = performance.now()
  const say: Say = (line) => console.error(`${((performance.now() - begin) / 1000).toFixed(1).padStart(6)} s  ${line}`)
  const stopped = new AbortController()
  void untilSignalled().signalled.then(() => stopped.abort())

  const counts = await counted(args, { say, signal: stopped.signal }).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error)
    return { passed: 0, failed: 1, skipped: 0 }
  })
  console.log(sentence(counts))
  return counts.failed > 0 || counts.passed === 0 ? 1 : 0
}

const counted = async (files: readonly string[], options: { readonly say: Say; readonly signal: AbortSignal }): Promise<Counts> => {
  // Whoever names files is in the middle of something: types and style of the whole project belong to the whole suite.
  if (files.length > 0) return onServers({ files }, options)
  const checks = [check("types", ["tsc", "-p", "."], options), check("style", ["biome", "check", "."], options)]
  return sum(await Promise.all([...checks, ...lanes().map((lane) => onServers(lane, options))]))
}

/** Tests that run one after the other, and what they are told by their environment. */
interface Lane {
  readonly files: ReadonlyArray<string>
  readonly env?: Readonly<Record<string, string>>
}

/**
 * Side by side, each on servers of its own: most tests wait more than they compute. They take about as long. In the third the
 * tests of the doors run once more, and every door is fuzzed, where there is no Redis (F30); and what takes long by itself.
 */
const lanes = (): ReadonlyArray<Lane> => {
  const all = [...new Glob("tests/**/*.test.ts").scanSync({ cwd: root })].sort().map((file) => `./${file}`)
  const ofTheThird = ["fuzz", "kills", "simulation"].map((name) => `./tests/proofs/${name}.test.ts`)
  const isOfTheSecond = (file: string) =>
    /^\.\/tests\/(devstack|http|ingress|journeys|proofs)\//.test(file) && !/\/proofs\/(money|seed)/.test(file)
  return [
    { files: all.filter((file) => !isOfTheSecond(file) && !ofTheThird.includes(file)) },
    { files: all.filter((file) => isOfTheSecond(file) && !ofTheThird.includes(file)) },
    { files: [...all.filter((file) => file.startsWith("./tests/http/")), ...ofTheThird], env: { WITHOUT_REDIS: "yes" } }
  ]
}

const onServers = async ({ files, env }: Lane, options: { readonly say: Say; readonly signal: AbortSignal }): Promise<Counts> => {
  const servers = await throwAwayStack({ fast: true, say: options.say })
  options.say(`servers ready in ${Math.round(servers.millis)} ms`)
  try {
    return await suite(files, { ...options, env: { ...servers.env, ...env }, report: join(servers.folder, "junit.xml") })
  } finally {
    await servers.stop()
  }
}

/** One of the project's own checks, counted as one test. */
const check = async (
  name: string,
  command: string[],
  options: { readonly say: Say; readonly signal: AbortSignal }
): Promise<Counts> => {
  const child = Bun.spawn([process.execPath, "x", "--no-install", ...command], {
    cwd: root,
    signal: options.signal,
    stdio: ["ignore", "pipe", "pipe"]
  })
  const [output, errors, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited
  ])
  if (code !== 0) console.error(output + errors)
  options.say(`${name}: ${code === 0 ? "clean" : "not clean"}`)
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 }
}

const suite = async (
  files: readonly string[],
  options: { readonly env: Record<string, string>; readonly report: string; readonly signal: AbortSignal }
): Promise<Counts> => {
  const reporter = ["--reporter=junit", `--reporter-outfile=${options.report}`]
  const runner = Bun.spawn([process.execPath, "--no-orphans", "test", `--timeout=${testTimeoutMs}`, ...reporter, ...files], {
    cwd: root,
    env: { ...process.env, ...options.env },
    signal: options.signal,
    stdio: ["ignore", "inherit", "pipe"]
  })
  let said = ""
  let line = ""
  /** By whole lines: another runner may be writing beside this one. */
  const hear = (piece: string) => {
    said = (said + piece).slice(-tailKept)
    const whole = (line + piece).lastIndexOf("\n") + 1
    process.stderr.write((line + piece).slice(0, whole))
    line = (line + piece).slice(whole)
  }
  await runner.stderr.pipeThrough(new TextDecoderStream()).pipeTo(new WritableStream({ write: hear }))
  process.stderr.write(line)
  return countTests(options.report, said, await runner.exited)
}
