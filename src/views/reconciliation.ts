/** How the last comparisons with the gateway's books ended, and what nobody could explain yet. */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import { Seen } from "#integrations/postgres/seen-by.ts"
import type { Break } from "#integrations/reconciliation/reconciliation.ts"

export interface RunRow {
  readonly startedAt: Date
  readonly endedAt: Date
  readonly payments: number
  readonly told: number
  readonly opened: number
  readonly closed: number
  readonly failure: string | null
}

export interface BreakRow extends Break {
  readonly breakId: number
  readonly openedAt: Date
  readonly closedAt: Date | null
  readonly closing: "agreed" | "resolved" | null
  readonly reason: string | null
  readonly resolvedBy: string | null
}

/** The newest first. */
export const lastRuns = Effect.fn("views.lastRuns")(function* (limit: number) {
  const sql = yield* Seen
  return yield* sql<RunRow>`
    SELECT started_at AS "startedAt", ended_at AS "endedAt", payments, told, opened, closed, failure
    FROM reconciliation_runs
    ORDER BY run_id DESC
    LIMIT ${limit}`
})

const columns = (sql: SqlClient.SqlClient) => sql`
  break_id::float8 AS "breakId", payment_id AS "paymentId", gateway_id AS "gatewayId", kind, ours::float8 AS ours, theirs::float8 AS theirs,
  currency, opened_at AS "openedAt", closed_at AS "closedAt", closing, reason, by_subject_id AS "resolvedBy"`

/** The oldest first, after `after`; at most `limit`. */
export const openBreaks = Effect.fn("views.openBreaks")(function* (after: number, limit: number) {
  const sql = yield* Seen
  return yield* sql<BreakRow>`
    SELECT ${columns(sql)}
    FROM reconciliation_breaks
    WHERE closed_at IS NULL AND break_id > ${after}
    ORDER BY break_id
    LIMIT ${limit}`
})

export const breakOf = Effect.fn("views.breakOf")(function* (breakId: number) {
  const sql = yield* Seen
  const [row] = yield* sql<BreakRow>`SELECT ${columns(sql)} FROM reconciliation_breaks WHERE break_id = ${breakId}`
  return row ?? null
})
