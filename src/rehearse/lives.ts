/** Reads lives from a database at work: page by page, each page as of one moment, and changes nothing. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { AnyBehavior, RecordTable } from "#actors/system/behavior.ts"
import { partitionOf } from "#actors/system/partition.ts"
import { int4s, texts } from "#integrations/postgres/postgres.ts"
import type { Life } from "./life.ts"

const page = 250 // Actors in memory at once,
const turnsOfPage = 20_000 // and turns; of a single actor, all.

interface Found {
  readonly path: string
  readonly version: number
}

/** How many of each kind there are. */
export const population = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ type: string; actors: number }>`SELECT type, count(*)::int AS actors FROM actors GROUP BY type`
  return new Map(rows.map(({ type, actors }) => [type, actors]))
})

/** Commands that wait, or may be sent round again, by who promised them. */
export const promises = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  return yield* sql<{ type: string; command: string; count: number }>`
    SELECT split_part(path, '/', 1) AS type, type AS command, count(*)::int AS count
    FROM outbox
    WHERE state IN ('waiting', 'parked')
    GROUP BY 1, 2
    ORDER BY 1, 2`
})

/** Visits the life of every actor of this kind, or of so many taken at random. */
export const eachLife = Effect.fn("rehearse.eachLife")(function* (
  behavior: AnyBehavior,
  sample: number | null,
  visit: (life: Life) => void
) {
  const sql = yield* SqlClient.SqlClient
  const type = behavior.type.name
  const tables = yield* tablesOf(behavior)
  const visitAll = Effect.fnUntraced(function* (found: ReadonlyArray<Found>) {
    for (const paths of cut(found)) for (const life of yield* livesAt(paths, tables)) visit(life)
  })
  if (sample !== null)
    return yield* visitAll(
      yield* sql<Found>`SELECT path, version FROM actors WHERE type = ${type} ORDER BY random() LIMIT ${sample}`
    )
  for (let after = ""; ; ) {
    const found = yield* sql<Found>`
      SELECT path, version FROM actors WHERE type = ${type} AND path > ${after} ORDER BY path LIMIT ${page}`
    if (found.length === 0) return
    after = found.at(-1)!.path
    yield* visitAll(found)
  }
})

const cut = (found: ReadonlyArray<Found>) => {
  const pages: Array<Array<string>> = []
  let turns = Number.POSITIVE_INFINITY
  for (const { path, version } of found) {
    if (turns + version > turnsOfPage || pages.at(-1)!.length === page) {
      pages.push([])
      turns = 0
    }
    pages.at(-1)!.push(path)
    turns += version
  }
  return pages
}

interface Tables {
  readonly journal: string
  readonly outbox: string
  readonly records: ReadonlyArray<RecordTable>
}

/** What is there: the code at hand may be newer than the database that it is rehearsed on. */
const tablesOf = Effect.fnUntraced(function* ({ records }: AnyBehavior) {
  const sql = yield* SqlClient.SqlClient
  const isThere = (name: string) =>
    Effect.map(sql<{ there: boolean }>`SELECT to_regclass(${name}) IS NOT NULL AS there`, ([row]) => row!.there)
  const history = (yield* isThere("whole.journal")) ? "whole." : ""
  const declared = [...new Map(Object.values(records).map((record) => [record.table, record])).values()]
  const known = yield* Effect.filter(declared, ({ table }) => isThere(table))
  return { journal: `${history}journal`, outbox: `${history}outbox`, records: known } satisfies Tables
})

const millis = (column: string) => `(extract(epoch FROM ${column}) * 1000)::float8`

const livesAt = Effect.fnUntraced(function* (paths: ReadonlyArray<string>, tables: Tables) {
  const sql = yield* SqlClient.SqlClient
  const wanted = texts(paths)
  return yield* Effect.gen(function* () {
    yield* sql`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY`
    const actors = yield* sql<Omit<Life, "heard" | "commands" | "records" | "timers">>`
      SELECT path, version, machine_version AS "machineVersion", state, ${sql.literal(millis("state_since"))} AS "stateSince",
             jsonb_build_object(
               'closed', closed, 'country', country, 'dealershipId', dealership_id, 'subjectId', subject_id, 'vin', vin
             ) AS facets
      FROM actors
      WHERE path = ANY(${wanted})
      ORDER BY path`
    const heard = yield* sql<Life["heard"][number] & { path: string }>`
      SELECT j.path, version, message_id AS "messageId", type, ${sql.literal(millis("at"))} AS at, body, outcome, reply
      FROM unnest(${int4s(paths.map(partitionOf))}, ${wanted}) AS a (partition, path)
      JOIN ${sql(tables.journal)} j ON j.partition = a.partition AND j.path = a.path
      ORDER BY j.path, version`
    const commands = yield* sql<Life["commands"][number] & { path: string }>`
      SELECT path, version, position, lane, type, body FROM ${sql(tables.outbox)} WHERE path = ANY(${wanted}) ORDER BY path, version, position`
    const timers = yield* sql<{ path: string; timerId: string; setVersion: number; due: number }>`
      SELECT path, timer_id AS "timerId", set_version AS "setVersion", ${sql.literal(millis("due_at"))} AS due
      FROM timers
      WHERE path = ANY(${wanted})`
    const records = (yield* Effect.forEach(tables.records, (record) =>
      Effect.map(
        sql<{ path: string; version: number; position: number; row: Readonly<Record<string, unknown>> }>`
          SELECT path, version, position, to_jsonb(r) AS row FROM ${sql(record.table)} r WHERE path = ANY(${wanted}) ORDER BY path, version, position`,
        (rows) => rows.map(({ row, ...where }) => ({ ...where, table: record.table, columns: columnsOf(record, row) }))
      )
    )).flat()

    const heardBy = byPath(heard)
    const commandsOf = byPath(commands)
    const timersOf = byPath(timers)
    const recordsOf = byPath(records)
    return actors.map(
      (actor): Life => ({
        ...actor,
        heard: of(heardBy, actor),
        commands: of(commandsOf, actor),
        records: of(recordsOf, actor),
        timers: Object.fromEntries(
          (timersOf.get(actor.path) ?? []).map(({ timerId, setVersion, due }) => [timerId, { setVersion, due }])
        )
      })
    )
  }).pipe(sql.withTransaction)
})

const byPath = <Row extends { readonly path: string }>(rows: ReadonlyArray<Row>) => Map.groupBy(rows, ({ path }) => path)
const of = <Row extends { readonly path: string }>(
  rows: ReadonlyMap<string, ReadonlyArray<Row>>,
  { path }: { readonly path: string }
) => (rows.get(path) ?? []).map(({ path: _, ...row }) => row)

/** The columns that a record fills, instants as machines spell them. One that the database does not have yet is left out. */
const columnsOf = ({ columns }: RecordTable, row: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(
    Object.entries(columns).flatMap(([name, { type }]) => {
      const value = row[name]
      if (value === undefined) return []
      return [[name, type === "timestamptz" && typeof value === "string" ? new Date(value).toISOString() : value]]
    })
  )
