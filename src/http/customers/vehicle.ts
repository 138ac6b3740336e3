/** A car as its owner reads it. */
import { Schema } from "effect"
import { RemoteAct } from "#machines/vehicle.ts"
import { ActivationId, Country, Instant, OptionCode, Vin } from "#machines/vocabulary.ts"
import type { VehicleRow } from "#src/views/vehicles.ts"
import { isLinked, isStolen } from "./own-vehicle.ts"

const summary = {
  vin: Vin,
  model: Schema.String,
  country: Country,
  plate: Schema.NullOr(Schema.String),
  linked: Schema.Boolean, // The owner's app.
  stolen: Schema.Boolean,
  warranty: Schema.Literals(["valid", "lost"])
}
export const OwnVehicleSummary = Schema.Struct(summary).annotate({ identifier: "OwnVehicleSummary" })

export const OwnVehicle = Schema.Struct({
  ...summary,
  reachable: Schema.Boolean, // Whether services can be switched on in it at all.
  theft: Schema.NullOr(Schema.Struct({ at: Instant, policeReference: Schema.NullOr(Schema.String) })),
  warrantyLost: Schema.NullOr(Schema.Struct({ at: Instant, due: Schema.Array(Schema.String) })),
  /** Wanted of the car; `confirmed` once it said so itself. */
  services: Schema.Array(
    Schema.Struct({
      option: OptionCode,
      activationId: ActivationId,
      until: Schema.NullOr(Instant),
      confirmed: Schema.Boolean
    })
  ),
  /** What the app asked for lately, newest last. */
  commands: Schema.Array(Schema.Struct({ commandId: Schema.String, type: RemoteAct, expiresAt: Instant, done: Schema.Boolean }))
}).annotate({ identifier: "OwnVehicle" })

export const summaryOf = (row: VehicleRow, plate: string | null): typeof OwnVehicleSummary.Type => {
  const { vin, model, country, warrantyLost } = row.context
  return {
    vin,
    model,
    country,
    plate,
    linked: isLinked(row),
    stolen: isStolen(row),
    warranty: warrantyLost === null ? "valid" : "lost"
  }
}

export const detailOf = (row: VehicleRow, plate: string | null): typeof OwnVehicle.Type => {
  const { key, theft, warrantyLost, desired, remote } = row.context
  return {
    ...summaryOf(row, plate),
    reachable: key !== null,
    theft: theft === null ? null : { at: theft.at, policeReference: theft.policeReference },
    warrantyLost,
    services: desired.map(({ option, activationId, until, confirmed }) => ({
      option,
      activationId,
      until: confirmed === null ? until : confirmed.until,
      confirmed: confirmed !== null
    })),
    commands: remote.map(({ act, ...command }) => ({ ...command, type: act }))
  }
}
