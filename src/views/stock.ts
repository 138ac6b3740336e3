/** Cars nobody has bought (sin asignar), per dealership, with their age. */
import { Effect } from "effect"
import { Seen } from "#integrations/postgres/seen-by.ts"
import type { VehicleContext } from "#machines/vehicle.ts"
import type { DealershipId } from "#machines/vocabulary.ts"

export interface StockRow {
  readonly path: string
  readonly statePath: string
  readonly context: VehicleContext
}

/** By path, after `after`; at most `limit`. */
export const stockOf = Effect.fn("views.stockOf")(function* (dealershipId: DealershipId, after: string, limit: number) {
  const sql = yield* Seen
  return yield* sql<StockRow>`
    SELECT path, state_path AS "statePath", state -> 'context' AS context
    FROM actors
    WHERE type = 'vehicle' AND dealership_id = ${dealershipId} AND path > ${after}
      AND 'assignment.unassigned' = ANY (string_to_array(state_path, '+'))
    ORDER BY path
    LIMIT ${limit}`
})

/** A car this dealership has to do with; null for a car that is not there, and for another dealership's. */
export const vehicleOf = Effect.fn("views.vehicleOf")(function* (vin: string, dealershipId: DealershipId) {
  const sql = yield* Seen
  const [row] = yield* sql<StockRow>`
    SELECT path, state_path AS "statePath", state -> 'context' AS context
    FROM actors
    WHERE path = ${`vehicle/${vin}`} AND type = 'vehicle' AND dealership_id = ${dealershipId}`
  return row ?? null
})
