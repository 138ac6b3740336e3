/** Replays what is alive with the code at hand, and says whether that may be deployed. */
import { Effect, Redacted } from "effect"
import { registry } from "#actors/registry.ts"
import { PostgresOwner } from "#integrations/postgres/postgres.ts"
import { Golden } from "#src/rehearse/golden.ts"
import { isFit, type Rehearsed, rehearse } from "#src/rehearse/rehearse.ts"

export const summary =
  "live journals of DATABASE_URL, or of what ./caas up runs, against this code: [--type vehicle] [--sample N] [--golden FOLDER] [--json]"

const usage = "Usage: ./caas rehearse [--type order|vehicle|activation] [--sample N] [--golden FOLDER] [--json]"
const tellEveryMillis = 2_000

interface Wanted {
  json: boolean
  type?: string
  sample?: number
  golden?: string
}

/** Answers 1 where something would be otherwise, 2 where it could not be asked. */
export const run = async (args: string[]): Promise<number> => {
  const wanted = read(args)
  if (wanted === null) return refuse(usage)
  const url = process.env.DATABASE_URL
  if (!url) return refuse("Set DATABASE_URL to the address of a database, or start ./caas up in this folder first.")
  const golden = new Golden()
  const rehearsed = await rehearse({
    ...(wanted.type === undefined ? {} : { types: new Set([wanted.type]) }),
    ...(wanted.sample === undefined ? {} : { sample: wanted.sample }),
    progress: progress(),
    witness: (life, { _tag }) => {
      if (wanted.golden !== undefined && (_tag === "identical" || _tag === "migrates")) golden.offer(life)
    }
  }).pipe(Effect.provide(PostgresOwner({ url: Redacted.make(url) })), Effect.runPromise)
  const fit = isFit(rehearsed)
  console.log(wanted.json ? JSON.stringify({ fit, machines: rehearsed }) : table(rehearsed, fit))
  if (wanted.golden !== undefined) for (const file of golden.write(wanted.golden)) console.error(`written: ${file}`)
  return fit ? 0 : 1
}

const read = (args: ReadonlyArray<string>): Wanted | null => {
  const wanted: Wanted = { json: false }
  for (let n = 0; n < args.length; n++) {
    const value = args[n + 1] ?? ""
    if (args[n] === "--json") wanted.json = true
    else if (args[n] === "--type" && registry.some(({ type }) => type.name === value)) wanted.type = args[++n]!
    else if (args[n] === "--sample" && /^[1-9]\d{0,6}$/.test(value)) wanted.sample = Number(args[++n])
    else if (args[n] === "--golden" && value !== "") wanted.golden = args[++n]!
    else return null
  }
  return wanted
}

const refuse = (why: string): number => {
  console.error(why)
  return 2
}

/** To the standard error, now and then: how far, and how fast. */
const progress = () => {
  const begin = performance.now()
  let last = begin
  let done = 0
  return ({ type, actors, diverged, unrestorable }: Rehearsed, of: number) => {
    done++
    const now = performance.now()
    if (now - last < tellEveryMillis) return
    last = now
    const rate = Math.round(done / ((now - begin) / 1000))
    console.error(
      `${type.padEnd(10)} ${actors} of ${of}, ${rate} actors/s, ${diverged} diverged, ${unrestorable} that cannot be restored`
    )
  }
}

const columns = ["actors", "identical", "migrates", "diverged", "unrestorable", "unperformed"] as const
const headings = ["actors", "identical", "would migrate", "diverged", "cannot restore", "not performed"]

export const table = (rehearsed: ReadonlyArray<Rehearsed>, fit: boolean): string => {
  const line = (name: string, cells: ReadonlyArray<string>) =>
    `${name.padEnd(14)}${cells.map((cell, n) => cell.padStart(headings[n]!.length + 3)).join("")}`
  return [
    line("machine", headings),
    ...rehearsed.map((one) =>
      line(
        `${one.type} ${one.version}`,
        columns.map((column) => String(one[column]))
      )
    ),
    ...rehearsed.flatMap(({ findings }) => findings.map(sentence)),
    fit ? "Nothing would be otherwise." : "Do not deploy this: docs/runbook.md, A new version of a machine."
  ].join("\n")
}

const sentence = (finding: Rehearsed["findings"][number]): string => {
  const { path } = finding
  if (finding._tag === "unrestorable") return `✗ ${path} cannot be restored: ${finding.why}`
  if (finding._tag !== "diverged") return path
  const { version, type, orBefore, field, was, wouldBe } = finding
  return `✗ ${path} diverges at event ${version}${orBefore ? " or before" : ""} (${type}): ${field} was ${said(was)}, and would be ${said(wouldBe)}`
}
const said = (value: unknown) => JSON.stringify(value)?.slice(0, 200) ?? "absent"
