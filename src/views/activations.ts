/** Purchased services as their customers see them, and what the gateway took and gave back for them. */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import { Seen } from "#integrations/postgres/seen-by.ts"
import type { ActivationContext } from "#machines/activation.ts"
import { toMonths } from "#machines/activation-migrations.ts"
import type { ActivationId, SubjectId, Vin } from "#machines/vocabulary.ts"
import { regionIn } from "./regions.ts"

export interface ActivationRow {
  readonly path: string
  readonly partition: number
  readonly statePath: string
  readonly stateSince: Date
  readonly closed: boolean
  readonly context: ActivationContext
}

/** What lies as the first version of the chart left it is read as the present one would: it is brought up to date only when it hears something. */
export const upToDate = <Row extends Pick<ActivationRow, "statePath" | "context">>(row: Row): Row => {
  if ("withdrawalEndsAt" in row.context) return row
  const value = { service: regionIn(row.statePath, "service"), money: regionIn(row.statePath, "money") }
  return { ...row, context: toMonths({ value, context: row.context }).context as unknown as ActivationContext }
}

const columns = (sql: SqlClient.SqlClient) => sql`
  path, partition, state_path AS "statePath", state_since AS "stateSince", closed, state -> 'context' AS context`

/** Of one car and one customer, by path, after `after`; at most `limit`. A second owner sees none of the first one's. */
export const activationsOf = Effect.fn("views.activationsOf")(function* (
  vin: Vin,
  customerId: SubjectId,
  after: string,
  limit: number
) {
  const sql = yield* Seen
  const rows = yield* sql<ActivationRow>`
    SELECT ${columns(sql)}
    FROM actors
    WHERE type = 'activation' AND vin = ${vin} AND subject_id = ${customerId} AND path > ${after}
    ORDER BY path
    LIMIT ${limit}`
  return rows.map(upToDate)
})

/** Null for one that is not there, for another car's, and for somebody else's. */
export const activationOf = Effect.fn("views.activationOf")(function* (
  vin: Vin,
  activationId: ActivationId,
  customerId: SubjectId
) {
  const sql = yield* Seen
  const [row] = yield* sql<ActivationRow>`
    SELECT ${columns(sql)}
    FROM actors
    WHERE path = ${`activation/${vin}/${activationId}`} AND type = 'activation' AND subject_id = ${customerId}`
  return row === undefined ? null : upToDate(row)
})

/** Whether it has begun at all, whosever it is: of one's own car. */
export const hasBegun = Effect.fn("views.hasBegun")(function* (vin: Vin, activationId: ActivationId) {
  const sql = yield* Seen
  const rows = yield* sql`SELECT FROM car_services WHERE path = ${`activation/${vin}/${activationId}`}`
  return rows.length > 0
})

/** Taken and given back so far, in minor units, as the ledger has it. */
export const paidFor = Effect.fn("views.paidFor")(function* (activationId: ActivationId) {
  const sql = yield* Seen
  const [row] = yield* sql<{ readonly takenMinor: number; readonly returnedMinor: number }>`
    SELECT coalesce(sum(amount_minor) FILTER (WHERE kind IN ('serviceCaptured', 'debtPaid', 'lateServicePayment')), 0)::float8 AS "takenMinor",
           (coalesce(sum(amount_minor) FILTER (WHERE kind IN ('serviceReturned', 'refundPaidOut')), 0)
             - coalesce(sum(amount_minor) FILTER (WHERE kind = 'refundFailed'), 0))::float8                                      AS "returnedMinor"
    FROM ledger
    WHERE activation_id = ${activationId} AND phase = 'posted'`
  return row!
})
