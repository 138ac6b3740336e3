/** Orders as customers and dealers may see them: whose order it is stands in every query, so a stranger's asks the same and gets nothing. */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import { Seen } from "#integrations/postgres/seen-by.ts"
import type { OrderContext } from "#machines/order.ts"
import type { DealershipId, OrderId, SubjectId } from "#machines/vocabulary.ts"

export type Owner = { readonly subjectId: SubjectId } | { readonly dealershipId: DealershipId }

export interface OrderRow {
  readonly path: string
  readonly partition: number
  readonly version: number
  readonly statePath: string
  readonly stateSince: Date
  readonly closed: boolean
  readonly context: OrderContext
}

const ownedBy = (sql: SqlClient.SqlClient, owner: Owner) =>
  "subjectId" in owner ? sql`subject_id = ${owner.subjectId}` : sql`dealership_id = ${owner.dealershipId}`

const columns = (sql: SqlClient.SqlClient) => sql`
  path, partition, version, state_path AS "statePath", state_since AS "stateSince", closed, state -> 'context' AS context`

/** By path, after `after`; at most `limit`. */
export const ordersOf = Effect.fn("views.ordersOf")(function* (owner: Owner, after: string, limit: number) {
  const sql = yield* Seen
  return yield* sql<OrderRow>`
    SELECT ${columns(sql)}
    FROM actors
    WHERE type = 'order' AND ${ownedBy(sql, owner)} AND path > ${after}
    ORDER BY path
    LIMIT ${limit}`
})

/** Null for an order that is not there, and for somebody else's. */
export const orderOf = Effect.fn("views.orderOf")(function* (orderId: string, owner: Owner) {
  const sql = yield* Seen
  const [row] = yield* sql<OrderRow>`
    SELECT ${columns(sql)}
    FROM actors
    WHERE path = ${`order/${orderId}`} AND type = 'order' AND ${ownedBy(sql, owner)}`
  return row ?? null
})

const longestTimeline = 500 // Turns; an order or a service has a few dozen.

/** What happened to it, oldest first; only what changed something. */
export const timelineOf = Effect.fn("views.timelineOf")(function* ({ partition, path }: Pick<OrderRow, "partition" | "path">) {
  const sql = yield* Seen
  return yield* sql<{ readonly at: Date; readonly type: string }>`
    SELECT at, type
    FROM whole.journal
    WHERE partition = ${partition} AND path = ${path} AND outcome = 'handled'
    ORDER BY version
    LIMIT ${longestTimeline}`
})

/** What was taken and given back so far, in minor units. */
export const moneyOf = Effect.fn("views.moneyOf")(function* (orderId: string) {
  const sql = yield* Seen
  const [row] = yield* sql<{ readonly receivedMinor: number; readonly returnedMinor: number; readonly forfeitedMinor: number }>`
    SELECT coalesce(sum(amount_minor) FILTER (
             WHERE kind IN ('depositReceived', 'finalPaymentReceived', 'latePaymentReceived')), 0)::float8               AS "receivedMinor",
           (coalesce(sum(amount_minor) FILTER (WHERE kind IN ('paymentReturned', 'refundPaidOut')), 0)
             - coalesce(sum(amount_minor) FILTER (WHERE kind = 'refundFailed'), 0))::float8                              AS "returnedMinor",
           coalesce(sum(amount_minor) FILTER (WHERE credit = 'forfeitedDeposits'), 0)::float8 AS "forfeitedMinor"
    FROM ledger
    WHERE order_id = ${orderId}`
  return row!
})

/** An open sale of one seller that equals a new one, `orderId`: the same customer, model and plan since an instant. */
export const twinOf = Effect.fn("views.twinOf")(function* (sale: {
  readonly orderId: OrderId
  readonly sellerId: SubjectId
  readonly customerId: SubjectId
  readonly model: string
  readonly plan: string
  readonly since: Date
}) {
  const sql = yield* Seen
  const [row] = yield* sql<{ readonly orderId: string }>`
    SELECT state -> 'context' ->> 'orderId' AS "orderId"
    FROM actors
    WHERE type = 'order' AND subject_id = ${sale.customerId} AND NOT closed AND path <> ${`order/${sale.orderId}`}
      AND state -> 'context' ->> 'sellerId' = ${sale.sellerId}
      AND state -> 'context' ->> 'model' = ${sale.model}
      AND state -> 'context' -> 'plan' ->> 'code' = ${sale.plan}
      AND (state -> 'context' ->> 'soldAt')::timestamptz > ${sale.since}
    LIMIT 1`
  return row?.orderId ?? null
})
