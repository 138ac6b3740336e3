/** What was delivered and is not settled, customer by customer: at each purchase, and for whoever watches the risk (S12.3, PB-31). */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import { Seen } from "#integrations/postgres/seen-by.ts"
import { iso } from "#integrations/postgres/time.ts"
import { riskPolicy } from "#integrations/risk-policy/risk-policy.ts"
import type { Country, SubjectId } from "#machines/vocabulary.ts"

const dayMillis = 24 * 3600 * 1000
const graceUntil = (now: number) => iso(now - riskPolicy.billGraceDays * dayMillis)

/**
 * How a customer stands at this moment (minor units). `exposureMinor` counts services alone: a car is handed over when its price was taken,
 * and a settlement of days must not close a new owner's shop. What was bought and is not taken yet counts like what was: else whoever buys
 * quickly enough has no limit. `overdueMinor` counts what is owed for either.
 */
export const standingOf = Effect.fn("views.standingOf")(function* (subjectId: SubjectId, country: Country, now: number) {
  const sql = yield* Seen
  const [row] = yield* sql<{ exposureMinor: number; overdueMinor: number }>`
    SELECT (coalesce(sum(minor) FILTER (WHERE NOT of_vehicle), 0) + (
             SELECT coalesce(sum((state -> 'context' -> 'terms' -> 'price' ->> 'amountMinor')::bigint), 0)
             FROM actors
             WHERE type = 'activation' AND subject_id = ${subjectId} AND NOT closed
               AND state_path ~ '(^|[+])money[.](authorising|actionRequired|authorised|capturing|mandating|mandated)([.+]|$)'
           ))::float8 AS "exposureMinor",
           coalesce(sum(minor) FILTER (
             WHERE account = 'receivables' AND (because <> 'monthBilled' OR since <= ${graceUntil(now)}::timestamptz)
           ), 0)::float8 AS "overdueMinor"
    FROM open_balances
    WHERE subject_id = ${subjectId} AND minor > 0`
  return { ...row!, limitMinor: riskPolicy.exposureLimitMinor[country] }
})

export interface ExposureRow {
  readonly subjectId: SubjectId
  readonly servicesMinor: number
  readonly vehiclesMinor: number
  readonly owedMinor: number
  readonly overdueMinor: number
  readonly disputedMinor: number
  readonly lastWeekMinor: number
  readonly lastMonthMinor: number
  readonly olderMinor: number
  readonly oldestSince: Date
}

const sums = (sql: SqlClient.SqlClient, now: number) => sql`
  coalesce(sum(minor) FILTER (WHERE NOT of_vehicle), 0)::float8 AS "servicesMinor",
  coalesce(sum(minor) FILTER (WHERE of_vehicle), 0)::float8 AS "vehiclesMinor",
  coalesce(sum(minor) FILTER (WHERE account = 'receivables'), 0)::float8 AS "owedMinor",
  coalesce(sum(minor) FILTER (
    WHERE account = 'receivables' AND (because <> 'monthBilled' OR since <= ${graceUntil(now)}::timestamptz)
  ), 0)::float8 AS "overdueMinor",
  coalesce(sum(minor) FILTER (WHERE account = 'disputes'), 0)::float8 AS "disputedMinor",
  coalesce(sum(minor) FILTER (WHERE since > ${iso(now - 7 * dayMillis)}::timestamptz), 0)::float8 AS "lastWeekMinor",
  coalesce(sum(minor) FILTER (
    WHERE since <= ${iso(now - 7 * dayMillis)}::timestamptz AND since > ${iso(now - 30 * dayMillis)}::timestamptz
  ), 0)::float8 AS "lastMonthMinor",
  coalesce(sum(minor) FILTER (WHERE since <= ${iso(now - 30 * dayMillis)}::timestamptz), 0)::float8 AS "olderMinor"`

/** Customer by customer, by id after `after`; at most `limit`. */
export const exposures = Effect.fn("views.exposures")(function* (now: number, after: string, limit: number) {
  const sql = yield* Seen
  return yield* sql<ExposureRow>`
    SELECT subject_id AS "subjectId", ${sums(sql, now)}, min(since) AS "oldestSince"
    FROM open_balances
    WHERE minor > 0 AND subject_id > ${after}
    GROUP BY subject_id
    ORDER BY subject_id
    LIMIT ${limit}`
})

/** Of all customers together. */
export const wholeExposure = Effect.fn("views.wholeExposure")(function* (now: number) {
  const sql = yield* Seen
  const [row] = yield* sql<Omit<ExposureRow, "subjectId" | "oldestSince"> & { readonly customers: number }>`
    SELECT count(DISTINCT subject_id)::int AS customers, ${sums(sql, now)} FROM open_balances WHERE minor > 0`
  return row!
})
