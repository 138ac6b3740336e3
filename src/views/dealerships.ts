/** Dealerships, and who buys there. */
import { Effect } from "effect"
import { Seen } from "#integrations/postgres/seen-by.ts"
import type { Country, DealershipId, SubjectId } from "#machines/vocabulary.ts"

/** Null where there is no such dealership. */
export const countryOf = Effect.fn("views.countryOf")(function* (dealershipId: DealershipId) {
  const sql = yield* Seen
  const [row] = yield* sql<{ readonly country: Country }>`SELECT country FROM dealerships WHERE dealership_id = ${dealershipId}`
  return row?.country ?? null
})

/** Everybody who has an order there, and who sold to them, after `after`; at most `limit`. */
export const customersOf = Effect.fn("views.customersOf")(function* (dealershipId: DealershipId, after: string, limit: number) {
  const sql = yield* Seen
  return yield* sql<{ readonly customerId: SubjectId; readonly orders: number; readonly sellers: ReadonlyArray<string> }>`
    SELECT subject_id AS "customerId", count(*)::int AS orders, array_agg(DISTINCT state -> 'context' ->> 'sellerId') AS sellers
    FROM actors
    WHERE type = 'order' AND dealership_id = ${dealershipId} AND subject_id > ${after}
    GROUP BY subject_id
    ORDER BY subject_id
    LIMIT ${limit}`
})

/** Who of a dealership has sold to a customer. */
export const sellersTo = Effect.fn("views.sellersTo")(function* (customerId: SubjectId, dealershipId: DealershipId) {
  const sql = yield* Seen
  const rows = yield* sql<{ readonly seller: string }>`
    SELECT DISTINCT state -> 'context' ->> 'sellerId' AS seller
    FROM actors
    WHERE type = 'order' AND dealership_id = ${dealershipId} AND subject_id = ${customerId}`
  return rows.map(({ seller }) => seller)
})

export const isCustomerOf = Effect.fn("views.isCustomerOf")(function* (customerId: SubjectId, dealershipId: DealershipId) {
  const sql = yield* Seen
  const rows = yield* sql`
    SELECT 1 FROM actors WHERE type = 'order' AND dealership_id = ${dealershipId} AND subject_id = ${customerId} LIMIT 1`
  return rows.length > 0
})
