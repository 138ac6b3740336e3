/** A customer's months: what recurs and is not billed yet, and the bills there are. */
import { Effect } from "effect"
import { Seen } from "#integrations/postgres/seen-by.ts"
import type { ActivationContext } from "#machines/activation.ts"
import type { Day, Month } from "#machines/calendar.ts"
import type { ActivationId, Money, OptionCode, SubjectId, Vin } from "#machines/vocabulary.ts"
import { upToDate } from "./activations.ts"

export interface RecurringRow {
  readonly statePath: string
  readonly context: ActivationContext
}

/** What has begun and is not closed, by path; at most `limit`: more nobody has. */
export const recurringOf = Effect.fn("views.recurringOf")(function* (customerId: SubjectId, limit: number) {
  const sql = yield* Seen
  const rows = yield* sql<RecurringRow>`
    SELECT state_path AS "statePath", state -> 'context' AS context
    FROM actors
    WHERE type = 'activation' AND subject_id = ${customerId} AND NOT closed
      AND state -> 'context' -> 'terms' -> 'term' ->> 'kind' = 'recurring'
      AND state -> 'context' ->> 'activeSince' IS NOT NULL
    ORDER BY path
    LIMIT ${limit}`
  return rows.map(upToDate)
})

export interface BillRow {
  readonly activationId: ActivationId
  readonly vin: Vin
  readonly option: OptionCode
  readonly vatPercent: number
  readonly month: Month
  readonly from: Day
  readonly to: Day
  readonly days: number
  readonly daysInMonth: number
  readonly amount: Money
  readonly status: string
  readonly path: string
}

/** The newest month first, then by path; before `before`, at most `limit`. */
export const billsOf = Effect.fn("views.billsOf")(function* (
  customerId: SubjectId,
  before: readonly [month: string, path: string],
  limit: number
) {
  const sql = yield* Seen
  const [month, path] = before
  return yield* sql<BillRow>`
    SELECT context ->> 'activationId' AS "activationId", vin, context -> 'terms' ->> 'option' AS option,
           (context -> 'terms' ->> 'vatPercent')::int AS "vatPercent",
           bill ->> 'month' AS month, bill ->> 'from' AS "from", bill ->> 'to' AS "to",
           (bill ->> 'days')::int AS days, (bill ->> 'daysInMonth')::int AS "daysInMonth",
           bill -> 'amount' AS amount, bill ->> 'status' AS status, path
    FROM actors
    CROSS JOIN LATERAL (SELECT state -> 'context' AS context) AS said
    CROSS JOIN LATERAL jsonb_array_elements(context -> 'bills') AS bills (bill)
    WHERE type = 'activation' AND subject_id = ${customerId} AND (bill ->> 'month', path) < (${month}, ${path})
    ORDER BY bill ->> 'month' DESC, path DESC
    LIMIT ${limit}`
})
