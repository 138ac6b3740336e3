/** Every actor lived again from its journal, page by page: what it became, what it ordered, what it waits for (I02, I08, I12, I13). */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { AnyBehavior } from "#actors/system/behavior.ts"
import type { State } from "#actors/system/decide.ts"
import { migrated } from "#actors/system/migration.ts"
import { partitionOf } from "#actors/system/partition.ts"
import { type HeardRow, type Replayed, replay } from "#actors/system/replay.ts"
import { statePathOf } from "#actors/system/turn.ts"
import { int4s, texts } from "#integrations/postgres/postgres.ts"
import { canonical } from "./canonical.ts"
import type { Evidence } from "./evidence.ts"
import type { Findings } from "./findings.ts"

const page = 250 // Actors in memory at once, with all they ever heard and ordered.

interface ActorRow {
  readonly path: string
  readonly partition: number
  readonly machineVersion: number
  readonly state: State & { readonly heardFrom: object }
  readonly statePath: string
  readonly stateSince: number
  readonly nextTimer: number | null
  readonly facets: object
}
interface OutboxRow {
  readonly path: string
  readonly version: number
  readonly position: number
  readonly lane: string
  readonly type: string
  readonly body: object
}
interface RecordRow {
  readonly path: string
  readonly version: number
  readonly position: number
  readonly row: Readonly<Record<string, unknown>>
}
interface TimerRow {
  readonly path: string
  readonly timerId: string
  readonly setVersion: number
  readonly due: number
}

const millis = (sql: SqlClient.SqlClient, column: string) => sql`(extract(epoch FROM ${sql(column)}) * 1000)::float8`

export const replays = Effect.fn("verify.replays")(function* (findings: Findings, { registry }: Evidence) {
  const sql = yield* SqlClient.SqlClient
  const behaviors = new Map(registry.map((behavior) => [behavior.type.name, behavior]))
  const tables = [...new Set(registry.flatMap(({ records }) => Object.values(records).map(({ table }) => table)))]
  const instants = instantsOf(registry)
  yield* orphans(findings, tables)

  for (let after = ""; ; ) {
    const actors = yield* sql<ActorRow>`
      SELECT path, partition, machine_version AS "machineVersion", state, state_path AS "statePath",
             ${millis(sql, "state_since")} AS "stateSince", ${millis(sql, "next_timer_at")} AS "nextTimer",
             jsonb_build_object(
               'closed', closed, 'country', country, 'dealershipId', dealership_id, 'subjectId', subject_id, 'vin', vin
             ) AS facets
      FROM actors
      WHERE path > ${after}
      ORDER BY path
      LIMIT ${page}`
    if (actors.length === 0) return
    after = actors.at(-1)!.path
    const paths = texts(actors.map(({ path }) => path))

    const heard = yield* sql<HeardRow & { path: string }>`
      SELECT j.path, version, message_id AS "messageId", type, ${millis(sql, "at")} AS at, body, outcome, reply
      FROM unnest(${int4s(actors.map(({ partition }) => partition))}, ${paths}) AS a (partition, path)
      JOIN whole.journal j ON j.partition = a.partition AND j.path = a.path
      ORDER BY j.path, version`
    const outbox = yield* sql<OutboxRow>`
      SELECT path, version, position, lane, type, body FROM whole.outbox WHERE path = ANY(${paths})`
    const timers = yield* sql<TimerRow>`
      SELECT path, timer_id AS "timerId", set_version AS "setVersion", ${millis(sql, "due_at")} AS due
      FROM timers
      WHERE path = ANY(${paths})`
    const records = yield* Effect.forEach(tables, (table) =>
      Effect.map(
        sql<RecordRow>`SELECT path, version, position, to_jsonb(${sql(table)}) AS row FROM ${sql(table)} WHERE path = ANY(${paths})`,
        (rows) => ({ table, rows: byPath(rows) })
      )
    )
    const stored = { heard: byPath(heard), outbox: byPath(outbox), timers: byPath(timers), records }

    for (const actor of actors) {
      const behavior = behaviors.get(actor.path.slice(0, actor.path.indexOf("/")))
      if (behavior === undefined) findings.violated("I02", `Nobody knows actors like ${actor.path}`)
      else judge(findings, behavior, actor, { ...stored, instants })
    }
  }
})

const byPath = <Row extends { readonly path: string }>(rows: ReadonlyArray<Row>) => Map.groupBy(rows, ({ path }) => path)

/** `table.column` of those that hold an instant: Postgres spells it in its own way. */
const instantsOf = (registry: Evidence["registry"]): ReadonlySet<string> =>
  new Set(
    registry.flatMap(({ records }) =>
      Object.values(records).flatMap(({ table, columns }) =>
        Object.entries(columns).flatMap(([column, { type }]) => (type === "timestamptz" ? [`${table}.${column}`] : []))
      )
    )
  )

interface Stored {
  readonly instants: ReadonlySet<string>
  readonly heard: ReadonlyMap<string, ReadonlyArray<HeardRow>>
  readonly outbox: ReadonlyMap<string, ReadonlyArray<OutboxRow>>
  readonly timers: ReadonlyMap<string, ReadonlyArray<TimerRow>>
  readonly records: ReadonlyArray<{ readonly table: string; readonly rows: ReadonlyMap<string, ReadonlyArray<RecordRow>> }>
}

const judge = (findings: Findings, behavior: AnyBehavior, actor: ActorRow, stored: Stored) => {
  const { path } = actor
  if (actor.machineVersion !== behavior.machineVersion) return isLeftByAnother(findings, behavior, actor)
  const heard = stored.heard.get(path) ?? []
  const lived = replay(behavior, path, heard)
  findings.checked("I02", 1)
  if (lived.broken !== null) return findings.violated("I02", `${path} cannot be replayed: ${lived.broken}`)
  becameTheSame(findings, behavior, actor, heard, lived)
  orderedTheSame(findings, actor, lived, stored)
  waitsForTheSame(findings, actor, lived, stored.timers.get(path) ?? [])
}

/** What an older chart heard is not heard again by this one: until its next turn, only that there is a way from there is seen. */
const isLeftByAnother = (findings: Findings, behavior: AnyBehavior, { path, machineVersion, state }: ActorRow) => {
  if (machineVersion > behavior.machineVersion)
    return findings.skipped("I02", "Some actors were left by a newer program than this: ask that one")
  findings.skipped("I02", "Some actors were left by an older machine: that they can be migrated is all that is seen of them")
  try {
    behavior.facets(migrated(behavior, { machineVersion, state, timers: new Map() }, { version: 0, at: 0 }).state)
  } catch (no) {
    findings.violated("I02", `${path} cannot be migrated: ${no instanceof Error ? no.message : String(no)}`)
  }
}

const becameTheSame = (
  findings: Findings,
  behavior: AnyBehavior,
  actor: ActorRow,
  heard: ReadonlyArray<HeardRow>,
  { from, state, stateSince, heardFrom, turns }: Replayed
) => {
  const { path } = actor
  const differs = (what: string, is: unknown, shouldBe: unknown) => {
    const [left, right] = [canonical(is), canonical(shouldBe)]
    if (left !== right)
      findings.violated("I02", `${path}: ${what} is ${left.slice(0, 300)}; the replay says ${right.slice(0, 300)}`)
  }
  differs("its snapshot", actor.state, { ...state, heardFrom })
  differs("its machine version", actor.machineVersion, behavior.machineVersion)
  if (state !== null) {
    differs("its facets", actor.facets, behavior.facets(state))
    differs("its state path", actor.statePath, statePathOf(state.value))
  }
  heard
    .filter(({ version }) => version >= from)
    .forEach((row, n) => {
      differs(`the outcome of version ${row.version}`, row.outcome, turns[n]!.outcome)
      differs(`the reply to version ${row.version}`, row.reply, turns[n]!.reply)
    })
  differs("the instant of its state", actor.stateSince, stateSince)
  if (actor.partition !== partitionOf(path))
    findings.violated("I15", `${path} lies in partition ${actor.partition}, not in its own`)
}

const orderedTheSame = (findings: Findings, { path }: ActorRow, { from, turns }: Replayed, stored: Stored) => {
  const commands = new Map(
    turns.flatMap(({ version, commands }) =>
      commands.map(({ position, ...command }) => [`${version}.${position}`, canonical(command)] as const)
    )
  )
  const outbox = new Map(
    since(from, stored.outbox.get(path)).map(({ version, position, lane, type, body }) => [
      `${version}.${position}`,
      canonical({ lane, type, body })
    ])
  )
  compare(findings, path, "the outbox", outbox, commands)
  for (const { table, rows } of stored.records) {
    const said = new Map<string, string>()
    const names = new Set<string>()
    for (const { version, records } of turns)
      for (const record of records)
        if (record.table === table) {
          said.set(`${version}.${record.position}`, canonical(record.columns))
          for (const name of Object.keys(record.columns)) names.add(name)
        }
    const spelled = (name: string, value: unknown) =>
      typeof value === "string" && stored.instants.has(`${table}.${name}`) ? new Date(value).toISOString() : value
    const kept = new Map(
      since(from, rows.get(path)).map(({ version, position, row }) => {
        const told = Object.entries(row).filter(([name]) => names.has(name))
        return [`${version}.${position}`, canonical(Object.fromEntries(told.map(([name, value]) => [name, spelled(name, value)])))]
      })
    )
    compare(findings, path, `the table ${table}`, kept, said)
  }
}

/** Before its last migration, another chart decided. */
const since = <Row extends { readonly version: number }>(from: number, rows: ReadonlyArray<Row> = []) =>
  rows.filter(({ version }) => version >= from)

const compare = (
  findings: Findings,
  path: string,
  place: string,
  kept: ReadonlyMap<string, string>,
  said: ReadonlyMap<string, string>
) => {
  findings.checked("I08", said.size)
  for (const [at, row] of said)
    if (kept.get(at) !== row)
      findings.violated(
        "I08",
        `${path}#${at}: ${place} has ${kept.get(at)?.slice(0, 300) ?? "nothing"}; the replay says ${row.slice(0, 300)}`
      )
  for (const [at, row] of kept)
    if (!said.has(at)) findings.violated("I08", `${path}#${at}: ${place} has ${row.slice(0, 300)}, which the replay never said`)
}

const waitsForTheSame = (findings: Findings, { path, nextTimer }: ActorRow, lived: Replayed, rows: ReadonlyArray<TimerRow>) => {
  findings.checked("I12", 1)
  findings.checked("I13", rows.length)
  const kept = new Map(rows.map((row) => [row.timerId, row]))
  for (const [timerId, { setVersion, due }] of lived.timers) {
    const row = kept.get(timerId)
    if (row?.setVersion !== setVersion)
      findings.violated(
        "I12",
        `${path} waits for ${timerId} since version ${setVersion}, and has ${row === undefined ? "no such timer" : `one of version ${row.setVersion}`}`
      )
    else if (row.due !== due) findings.violated("I13", `${path}: ${timerId} is due at ${iso(row.due)}; it was set for ${iso(due)}`)
  }
  for (const timerId of kept.keys())
    if (!lived.timers.has(timerId)) findings.violated("I12", `${path} has a timer ${timerId} that its state does not wait for`)
  const next = rows.length === 0 ? null : Math.min(...rows.map(({ due }) => due))
  if (rows.length > 0 && nextTimer !== next)
    findings.violated(
      "I13",
      `${path} says its next timer is due at ${nextTimer === null ? "no time" : iso(nextTimer)}; it is ${iso(next!)}`
    )

  for (const { version, at, fired } of lived.turns) {
    if (fired === null) continue
    findings.checked("I13", 1)
    const { timerId, due, set } = fired
    if (set === null) findings.violated("I13", `${path} version ${version}: ${timerId} fired, and was not set`)
    else if (iso(set.due) !== due)
      findings.violated("I13", `${path} version ${version}: ${timerId} was set for ${iso(set.due)} and fired for ${due}`)
    else if (at < set.due)
      findings.violated("I13", `${path} version ${version}: ${timerId} was due at ${due} and fired at ${iso(at)}`)
  }
}

const iso = (at: number) => new Date(at).toISOString()

/** Rows of actors that do not exist. */
const orphans = Effect.fnUntraced(function* (findings: Findings, tables: ReadonlyArray<string>) {
  const sql = yield* SqlClient.SqlClient
  for (const table of ["whole.outbox", ...tables]) {
    const rows = yield* sql<{ path: string }>`
      SELECT DISTINCT path FROM ${sql(table)} t WHERE NOT EXISTS (SELECT FROM actors a WHERE a.path = t.path)`
    for (const { path } of rows) findings.violated("I08", `The table ${table} speaks of ${path}, which does not exist`)
  }
  const rows = yield* sql<{ path: string; timer_id: string }>`
    SELECT path, timer_id FROM timers t WHERE NOT EXISTS (SELECT FROM actors a WHERE a.path = t.path)`
  for (const { path, timer_id } of rows) findings.violated("I12", `A timer ${timer_id} waits for ${path}, which does not exist`)
})
