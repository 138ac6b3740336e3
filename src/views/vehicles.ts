/** Cars as their owners may see them: whose car it is stands in every query, so a stranger's asks the same and gets nothing. */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import { Seen } from "#integrations/postgres/seen-by.ts"
import type { VehicleContext } from "#machines/vehicle.ts"
import type { SubjectId } from "#machines/vocabulary.ts"

export interface VehicleRow {
  readonly path: string
  readonly version: number
  readonly statePath: string
  readonly stateSince: Date
  readonly context: VehicleContext
}

const columns = (sql: SqlClient.SqlClient) => sql`
  path, version, state_path AS "statePath", state_since AS "stateSince", state -> 'context' AS context`

/** By path, after `after`; at most `limit`. */
export const vehiclesOf = Effect.fn("views.vehiclesOf")(function* (ownerId: SubjectId, after: string, limit: number) {
  const sql = yield* Seen
  return yield* sql<VehicleRow>`
    SELECT ${columns(sql)}
    FROM actors
    WHERE type = 'vehicle' AND subject_id = ${ownerId} AND path > ${after}
    ORDER BY path
    LIMIT ${limit}`
})

/** Null for a car that is not there, and for somebody else's. Without an owner: any car, for those who look after all of them. */
export const vehicleAt = Effect.fn("views.vehicleAt")(function* (vin: string, ownerId?: SubjectId) {
  const sql = yield* Seen
  const [row] = yield* sql<VehicleRow>`
    SELECT ${columns(sql)}
    FROM actors
    WHERE path = ${`vehicle/${vin}`} AND type = 'vehicle' AND ${ownerId === undefined ? sql`true` : sql`subject_id = ${ownerId}`}`
  return row ?? null
})

/** The plates of these cars, by VIN: each is in the order that sold it, whoever bought it then. */
export const platesOf = Effect.fn("views.platesOf")(function* (cars: ReadonlyArray<VehicleRow>) {
  const sql = yield* Seen
  if (cars.length === 0) return new Map<string, string>()
  const vins = cars.map(({ context: { vin } }) => vin)
  const rows = yield* sql<{ readonly vin: string; readonly plate: string | null }>`
    SELECT vin, plate FROM car_plates WHERE ${sql.in("vin", vins)}`
  return new Map(rows.flatMap(({ vin, plate }) => (plate === null ? [] : [[vin, plate] as const])))
})
