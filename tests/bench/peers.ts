/** Row `peers`: one durable change of one of 1,000 objects with one follow-up, done by us and by others who promise as much, in turn. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { SQL } from "bun"
import { newDatabase } from "./database.ts"
import foreign from "./peers/foreign/package.json"
import { foreignPlace } from "./peers/place.ts"
import { callers, objects, type Raced } from "./peers/race.ts"
import { median, type Row } from "./row.ts"

const runs = Number(process.env.BENCH_RUNS ?? 5)
const seconds = Number(process.env.BENCH_SECONDS ?? 6) // Of one run.
const warmSeconds = Math.min(3, seconds)

const ours = (await Bun.file(join(import.meta.dir, "..", "..", "package.json")).json()) as {
  readonly version: string
  readonly dependencies: Readonly<Record<string, string>>
}

interface Contestant {
  readonly name: string
  readonly version: string
  readonly program: string
  readonly goal: string
}

/** What a run cost, beside what it brought. */
interface Run extends Raced {
  readonly flushesPerChange: number
  readonly commitsPerChange: number
}

/** Medians of its runs. */
export interface Compared {
  readonly name: string
  readonly version: string
  readonly perSecond: number
  readonly acknowledgedPerSecond: number
  readonly p50: number
  readonly p99: number
}

export const peers = async (server: string, say: (line: string) => void) => {
  const here = join(import.meta.dir, "peers")
  const there = await foreignPlace()
  const restate = `server ${foreign.dependencies["@restatedev/restate-server"]}, SDK ${foreign.dependencies["@restatedev/restate-sdk"]}`
  const contestants: ReadonlyArray<Contestant> = [
    { name: "peers", version: ours.version, program: join(here, "ours.ts"), goal: "reported" },
    { name: "peers-restate", version: restate, program: join(there, "restate.ts"), goal: "≥ 30 times" },
    {
      name: "peers-dbos",
      version: foreign.dependencies["@dbos-inc/dbos-sdk"],
      program: join(there, "dbos.ts"),
      goal: "≥ 30 times"
    },
    {
      name: "peers-effect-cluster",
      version: ours.dependencies.effect!,
      program: join(here, "effect-cluster.ts"),
      goal: "≥ 15 times"
    }
  ]
  const taken = new Map<string, Array<Run>>(contestants.map(({ name }) => [name, []]))
  for (let run = 1; run <= runs; run++)
    for (const { name, program } of contestants) {
      const one = await compete(server, program)
      taken.get(name)!.push(one)
      say(
        `${name} ${run}/${runs}: ${Math.round(one.perSecond)}/s, acknowledged ${Math.round(one.acknowledgedPerSecond)}/s, p50 ${one.p50.toFixed(0)} ms`
      )
    }
  const middle = (name: string, of: (run: Run) => number) => median(taken.get(name)!.map(of))
  const compared = contestants.map(
    ({ name, version }): Compared => ({
      name: name.replace(/^peers-?/, "") || "caas",
      version,
      perSecond: middle(name, (run) => run.perSecond),
      acknowledgedPerSecond: middle(name, (run) => run.acknowledgedPerSecond),
      p50: middle(name, (run) => run.p50),
      p99: middle(name, (run) => run.p99)
    })
  )
  const rows = contestants.map(({ name, version, goal }): Row => {
    const rates = taken.get(name)!.map(({ perSecond }) => perSecond)
    const times = taken.get("peers")!.map(({ perSecond }, run) => perSecond / rates[run]!) // Those of one round: a noisy minute hits both.
    const first = name === "peers"
    return {
      name,
      what: first
        ? `${callers} callers, ${objects.toLocaleString("en")} objects: a durable change, and its follow-up performed`
        : "the same work; ratio: ours to theirs",
      unit: "changes/s",
      ours: first ? median(rates) : median(taken.get("peers")!.map(({ perSecond }) => perSecond)),
      limit: first ? null : median(rates),
      ratio: first ? null : median(times),
      runs: rates,
      goal,
      notes: [
        `version ${version}`,
        `acknowledged ${Math.round(middle(name, (run) => run.acknowledgedPerSecond))}/s`,
        `p50 ${middle(name, (run) => run.p50).toFixed(0)} ms`,
        `p99 ${middle(name, (run) => run.p99).toFixed(0)} ms`,
        `last follow-up ${(middle(name, (run) => run.tailMillis) / 1000).toFixed(1)} s after the last answer`,
        `flushes per change ${middle(name, (run) => run.flushesPerChange).toFixed(3)}`,
        `Postgres commits per change ${middle(name, (run) => run.commitsPerChange).toFixed(2)}`,
        `its process ${middle(name, (run) => run.cpuPercent).toFixed(0)} % of one core`,
        `all cores ${middle(name, (run) => run.machinePercent).toFixed(0)} % busy`
      ]
    }
  })
  return { rows, compared }
}

/** One run in a process, a database and a folder of its own. Throws where a change or a follow-up is missing, or is there twice. */
const compete = async (server: string, program: string): Promise<Run> => {
  const folder = mkdtempSync(join(tmpdir(), "caas-peer-"))
  const url = await newDatabase(server)
  const sql = new SQL(url, { max: 1 })
  const spent = async () => {
    const [row] = await sql`
      SELECT (SELECT sum(fsyncs)::int FROM pg_stat_io WHERE object = 'wal') AS flushes,
             (SELECT xact_commit::int FROM pg_stat_database WHERE datname = current_database()) AS commits`
    return row as { readonly flushes: number; readonly commits: number }
  }
  try {
    const before = await spent()
    const child = Bun.spawn([process.execPath, "--no-orphans", program], {
      env: {
        ...process.env,
        DATABASE_URL: url,
        FOLDER: folder,
        SECONDS: String(seconds),
        WARM_SECONDS: String(warmSeconds)
      },
      stdio: ["ignore", "pipe", "pipe"]
    })
    const [said, complained] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
    if ((await child.exited) !== 0) throw new Error(`${program} ended by itself: ${complained.slice(-2000)}`)
    const raced = JSON.parse(said.trim().split("\n").at(-1)!) as Raced
    const { changes, stored, performed } = raced
    if (stored.changes !== changes || stored.followUps !== changes || performed !== changes)
      throw new Error(`${program} acknowledged ${changes}, stored ${JSON.stringify(stored)}, performed ${performed}`)
    const after = await spent()
    const flushes = raced.flushes ?? after.flushes - before.flushes
    if (flushes === 0) throw new Error(`${program} never reached the disk: what it acknowledged is not safe`)
    return { ...raced, flushesPerChange: flushes / changes, commitsPerChange: (after.commits - before.commits) / changes }
  } finally {
    await sql.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
