/** What was earned, by stream, item and country, out of the ledger: net of what went back, VAT apart (SO-22). */
import { Effect } from "effect"
import { Seen } from "#integrations/postgres/seen-by.ts"

export interface RevenueRow {
  /** Null of what was booked before streams were written down. */
  readonly stream: "vehicle" | "bundle" | "temporary" | "permanent" | "recurring" | null
  readonly item: string | null
  readonly country: string | null
  readonly currency: string
  readonly netMinor: number
  readonly vatMinor: number
  readonly entries: number
}

/** From `from` (counted) to `to` (not counted), by the instant of the booking. */
export const revenue = Effect.fn("views.revenue")(function* (from: string, to: string) {
  const sql = yield* Seen
  return yield* sql<RevenueRow>`
    SELECT stream, item, country, currency,
           (-sum(minor) FILTER (WHERE account <> 'vatDue'))::float8 AS "netMinor",
           coalesce(-sum(minor) FILTER (WHERE account = 'vatDue'), 0)::float8 AS "vatMinor",
           (count(*) FILTER (WHERE account <> 'vatDue'))::int AS entries
    FROM postings
    WHERE at >= ${from}::timestamptz AND at < ${to}::timestamptz
      AND account IN ('vehicleSales', 'serviceSales', 'forfeitedDeposits', 'vatDue')
    GROUP BY stream, item, country, currency
    ORDER BY stream, item, country, currency`
})
