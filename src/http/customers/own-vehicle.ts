/** Whose car it is, asked first by every route about one: somebody else's and one that never was are the same 404. */
import { Effect, Schema } from "effect"
import { customerSees } from "#integrations/postgres/seen-by.ts"
import { type SubjectId, Vin } from "#machines/vocabulary.ts"
import { regionIn } from "#src/views/regions.ts"
import { type VehicleRow, vehicleAt } from "#src/views/vehicles.ts"
import { notFound, refused } from "../problem.ts"

export const NamedVehicle = Schema.Struct({ vin: Vin })

export const ownVehicle = Effect.fnUntraced(function* (subjectId: SubjectId, vin: Vin) {
  const row = yield* customerSees(subjectId)(vehicleAt(vin, subjectId))
  return row ?? (yield* Effect.fail(notFound()))
})

export const isLinked = ({ statePath }: VehicleRow) => regionIn(statePath, "app") === "linked"
export const isStolen = ({ statePath }: VehicleRow) => regionIn(statePath, "security") === "stolen"

/** For what only the app does that stands beside the car. */
export const linkedVehicle = Effect.fnUntraced(function* (subjectId: SubjectId, vin: Vin) {
  const row = yield* ownVehicle(subjectId, vin)
  return isLinked(row) ? row : yield* Effect.fail(refused("AppNotLinked"))
})
