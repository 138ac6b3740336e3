/** Live actors as operators inspect them. Reading wakes nobody. */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import { partitionOf } from "#actors/system/partition.ts"
import { texts } from "#integrations/postgres/postgres.ts"
import { Seen } from "#integrations/postgres/seen-by.ts"
import { withoutPins } from "./redaction.ts"

export interface ActorRow {
  readonly path: string
  readonly type: string
  readonly version: number
  readonly statePath: string
  readonly stateSince: Date
  readonly nextTimerAt: Date | null
  readonly closed: boolean
  readonly country: string | null
  readonly dealershipId: string | null
  readonly subjectId: string | null
  readonly vin: string | null
}

const columns = (sql: SqlClient.SqlClient) => sql`
  path, type, version, state_path AS "statePath", state_since AS "stateSince", next_timer_at AS "nextTimerAt", closed,
  country, dealership_id AS "dealershipId", subject_id AS "subjectId", vin`

export interface ActorFilter {
  readonly type?: string | undefined
  /** A state or one that holds it: "reserved" finds "reserved.ordering". */
  readonly state?: string | undefined
  readonly closed?: boolean | undefined
  /** Part of the path, or a whole VIN, subject or dealership. */
  readonly q?: string | undefined
}

/** By path, after `after`; at most `limit`. */
export const actorsWhere = Effect.fn("views.actorsWhere")(function* (filter: ActorFilter, after: string, limit: number) {
  const sql = yield* Seen
  const { type, state, closed, q } = filter
  const clauses = [
    sql`path > ${after}`,
    ...(type === undefined ? [] : [sql`type = ${type}`]),
    ...(state === undefined
      ? []
      : [
          sql`EXISTS (
            SELECT FROM unnest(string_to_array(state_path, '+')) AS region
            WHERE region = ${state} OR starts_with(region, ${`${state}.`})
          )`
        ]),
    ...(closed === undefined ? [] : [sql`closed = ${closed}`]),
    ...(q === undefined ? [] : [sql`(position(${q} IN path) > 0 OR vin = ${q} OR subject_id = ${q} OR dealership_id = ${q})`])
  ]
  return yield* sql<ActorRow>`SELECT ${columns(sql)} FROM actors WHERE ${sql.and(clauses)} ORDER BY path LIMIT ${limit}`
})

const mostPromises = 100 // Of an actor's outbox, the newest.

/** Everything about one actor; null where nobody lives there. */
export const actorAt = Effect.fn("views.actorAt")(function* (path: string) {
  const sql = yield* Seen
  const [row] = yield* sql<ActorRow & { readonly state: { readonly value: unknown; readonly context: unknown } }>`
    SELECT ${columns(sql)}, state FROM actors WHERE path = ${path}`
  if (row === undefined) return null
  const timers = yield* sql<{ readonly timerId: string; readonly dueAt: Date }>`
    SELECT timer_id AS "timerId", due_at AS "dueAt" FROM timers WHERE path = ${path} ORDER BY due_at`
  const outbox = yield* promisesOf(path)
  const { state, ...facets } = row
  return { ...facets, state: state.value, context: withoutPins(state.context), timers, outbox }
})

/** Whose order, car or service it is; null where there is no such actor. */
export const customerOf = Effect.fn("views.customerOf")(function* (path: string) {
  const sql = yield* Seen
  const [row] = yield* sql<{
    readonly customerId: string | null
  }>`SELECT subject_id AS "customerId" FROM actors WHERE path = ${path}`
  return row ?? null
})

/** Whose orders, cars and services these are; each once. */
export const customersAt = Effect.fn("views.customersAt")(function* (paths: ReadonlyArray<string>) {
  const sql = yield* Seen
  return yield* sql<{ readonly customerId: string }>`
    SELECT DISTINCT subject_id AS "customerId" FROM actors WHERE path = ANY(${texts(paths)}::text[]) AND subject_id IS NOT NULL`
})

export interface PromiseRow {
  readonly commandId: string
  readonly path: string
  readonly lane: string
  readonly type: string
  readonly body: unknown
  readonly state: string
  readonly attempts: number
  readonly rounds: number
  readonly cause: string | null
  readonly at: Date
  readonly dueAt: Date
  readonly finishedAt: Date | null
}

const promiseColumns = (sql: SqlClient.SqlClient) => sql`
  path || '#' || version || '.' || position AS "commandId", path, lane, type, body, state, attempts, rounds, cause, at,
  due_at AS "dueAt", finished_at AS "finishedAt"`

const promisesOf = Effect.fnUntraced(function* (path: string) {
  const sql = yield* Seen
  const rows = yield* sql<PromiseRow>`
    SELECT ${promiseColumns(sql)} FROM whole.outbox WHERE path = ${path} ORDER BY version DESC, position DESC LIMIT ${mostPromises}`
  return rows.map((row) => ({ ...row, body: withoutPins(row.body) }))
})

export interface PromiseKey {
  readonly path: string
  readonly version: number
  readonly position: number
}

const promiseStates = {
  waiting: "outbox WHERE state = 'waiting'",
  parked: "outbox WHERE state = 'parked'",
  done: "whole.outbox WHERE state = 'done'", // What is over may have been archived.
  discarded: "whole.outbox WHERE state = 'discarded'"
} as const

/** Commands in one state, by their ids, after `after`; at most `limit`. */
export const promisesIn = Effect.fn("views.promisesIn")(function* (
  state: keyof typeof promiseStates,
  after: PromiseKey,
  limit: number
) {
  const sql = yield* Seen
  const rows = yield* sql<PromiseRow>`
    SELECT ${promiseColumns(sql)}
    FROM ${sql.literal(promiseStates[state])} AND (path, version, position) > (${after.path}, ${after.version}, ${after.position})
    ORDER BY path, version, position
    LIMIT ${limit}`
  return rows.map((row) => ({ ...row, body: withoutPins(row.body) }))
})

export interface JournalRow {
  readonly version: number
  readonly messageId: string
  readonly at: Date
  readonly type: string
  readonly body: unknown
  readonly reply: unknown
  readonly outcome: string
  readonly machineVersion: number
  readonly cause: string
  readonly correlation: string
  readonly traceId: string | null
}

/** What an actor heard, in order, from version `from` on; at most `limit`. */
export const journalOf = Effect.fn("views.journalOf")(function* (path: string, from: number, limit: number) {
  const sql = yield* Seen
  const rows = yield* sql<JournalRow>`
    SELECT version, message_id AS "messageId", at, type, body, reply, outcome, machine_version AS "machineVersion", cause,
           correlation, trace_id AS "traceId"
    FROM whole.journal
    WHERE partition = ${partitionOf(path)} AND path = ${path} AND version >= ${from}
    ORDER BY version
    LIMIT ${limit}`
  return rows.map((row) => ({ ...row, body: withoutPins(row.body) }))
})

export interface DefectRow {
  readonly path: string
  readonly messageId: string
  readonly type: string
  readonly tries: number
  readonly cause: string
  readonly firstAt: Date
  readonly lastAt: Date
}

/** Messages that machines threw on, by (path, message), after that pair; at most `limit`. */
export const defects = Effect.fn("views.defects")(function* (
  after: { readonly path: string; readonly messageId: string },
  limit: number
) {
  const sql = yield* Seen
  return yield* sql<DefectRow>`
    SELECT path, message_id AS "messageId", type, tries, cause, first_at AS "firstAt", last_at AS "lastAt"
    FROM defects
    WHERE (path, message_id) > (${after.path}, ${after.messageId})
    ORDER BY path, message_id
    LIMIT ${limit}`
})
