/** When a round is over: whether all that was acknowledged is there once, and nothing else is wrong. */
import type { ClientAct } from "#src/verify/evidence.ts"
import type { Availability, History } from "./history.ts"
import type { Site } from "./site.ts"

const succeededAtLeast = 0.7 // Of all, in the end; and of the load, at the first asking.
const answeredInCalm = 0.95

export interface Verdict {
  readonly operations: { readonly total: number; readonly ok: number; readonly fail: number; readonly info: number }
  readonly lost: number
  readonly doubled: number
  readonly versions: number
  readonly journal: number
  readonly availability: Availability
  readonly served: Readonly<Record<string, number>>
  readonly invariants: { readonly checked: number; readonly violated: number }
  /** Empty where everything held. */
  readonly violations: ReadonlyArray<string>
}

export const judge = async (site: Site, history: History): Promise<Verdict> => {
  const acts = [...history.acts(), ...site.stories.chronicle.acts]
  const { turns, versions, journal } = await books(site)
  const turnsOf = ({ path, messageId }: ClientAct) => turns.get(`${path} ${messageId}`) ?? 0
  const saw = (what: ClientAct["saw"]) => acts.filter((act) => act.saw === what).length
  const lost = acts.filter((act) => act.saw === "ok" && turnsOf(act) === 0)
  const doubled = acts.filter((act) => turnsOf(act) > 1)
  const refusedButThere = acts.filter((act) => act.saw === "fail" && turnsOf(act) > 0)

  const availability = history.availability()
  const served = await site.served()
  const [held] = await site.sql`
    SELECT (SELECT count(*)::int FROM whole.outbox WHERE state <> 'done') AS commands, (SELECT count(*)::int FROM defects) AS defects,
           (SELECT count(*)::int FROM webhooks WHERE state <> 'applied') AS webhooks`
  const report = await site.verify(acts)
  const name = ({ path, messageId }: ClientAct) => `${messageId} to ${path}`
  const { operations, answeredAtOnce, calm } = availability
  const share = (part: number, of: number) => `${part} of ${of}`
  const violations = [
    ...lost.map((act) => `${name(act)} was acknowledged, and is lost`),
    ...doubled.map((act) => `${name(act)} is there ${turnsOf(act)} times`),
    ...refusedButThere.map((act) => `${name(act)} was refused, and is there`),
    ...(versions === journal ? [] : [`The versions of all actors are ${versions}, the journal has ${journal} turns`]),
    ...Object.entries(held as Record<string, number>).flatMap(([what, count]) =>
      count === 0 ? [] : [`${count} ${what} are left`]
    ),
    ...(saw("ok") >= succeededAtLeast * acts.length ? [] : [`Only ${share(saw("ok"), acts.length)} operations succeeded`]),
    ...(answeredAtOnce >= succeededAtLeast * operations
      ? []
      : [`Only ${share(answeredAtOnce, operations)} operations were answered at once`]),
    ...(calm.answeredAtOnce >= answeredInCalm * calm.operations
      ? []
      : [`In quiet times only ${share(calm.answeredAtOnce, calm.operations)} operations were answered at once`]),
    ...Object.entries(served).flatMap(([runner, turns]) => (turns > 0 ? [] : [`${runner} served nothing`])),
    ...report.invariants.flatMap(({ id, violations }) => violations.map((violation) => `${id} ${violation}`))
  ]
  return {
    operations: { total: acts.length, ok: saw("ok"), fail: saw("fail"), info: saw("info") },
    lost: lost.length,
    doubled: doubled.length,
    versions,
    journal,
    availability,
    served,
    invariants: { checked: report.checked, violated: report.violated },
    violations
  }
}

const books = async ({ sql }: Site) => {
  const rows: ReadonlyArray<{ id: string; turns: number }> =
    await sql`SELECT path || ' ' || message_id AS id, count(*)::int AS turns FROM whole.journal GROUP BY 1`
  const [sums] = await sql`
    SELECT (SELECT sum(version)::float8 FROM actors) AS versions, (SELECT count(*)::float8 FROM whole.journal) AS journal`
  const { versions, journal } = sums as { versions: number; journal: number }
  return { turns: new Map(rows.map(({ id, turns }) => [id, turns])), versions, journal }
}
