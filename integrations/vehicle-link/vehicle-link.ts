/** The road to the car: one port, two transports, chosen per vehicle. Sending is not arriving: the car's answer comes back as a report. */
import { Context, type Effect, Schema } from "effect"
import type { Vin } from "#machines/vocabulary.ts"

/** Straight to the broker the car listens to, or through the fixed API IoT of an earlier project. */
export type Link = "nats" | "apiIot"

/** What `GET /vehicles/{id}/status` of the API IoT answers, and when we asked. */
export const StatusAnswer = Schema.Struct({
  vehicleId: Schema.String,
  online: Schema.Boolean,
  lastSeenAt: Schema.NullOr(Schema.String),
  configuration: Schema.NullOr(
    Schema.Struct({
      version: Schema.Natural,
      /** The car's last signed report, passed on unchanged, where the API has one. */
      report: Schema.NullOr(Schema.String)
    })
  )
})
export type StatusAnswer = typeof StatusAnswer.Type

export class VehicleLink extends Context.Service<
  VehicleLink,
  {
    /** `vehicles.<vin>.config`, or `POST /ota/configure`: the signed document, and the signed catalogue it picks from. */
    readonly configure: (vin: Vin, link: Link, envelope: ConfigEnvelope, id: string) => Effect.Effect<void, VehicleLinkDown>
    /** `vehicles.<vin>.command`, for cars on NATS. */
    readonly command: (vin: Vin, jws: string) => Effect.Effect<void, VehicleLinkDown>
    /** `vehicles.<vin>.display`. */
    readonly display: (vin: Vin, jws: string) => Effect.Effect<void, VehicleLinkDown>
    /** `vehicles.<vin>.acknowledged`: our commit, told to the car, which then stops repeating its report. */
    readonly acknowledge: (vin: Vin, jws: string) => Effect.Effect<void, VehicleLinkDown>
    /** `GET /vehicles/{id}/status` of the API IoT, with the bytes as they came; null where it does not know the car. */
    readonly status: (vin: Vin) => Effect.Effect<{ readonly answer: StatusAnswer; readonly bytes: string } | null, VehicleLinkDown>
  }
>()("integrations/VehicleLink") {}

/** What travels on `vehicles.<vin>.config`, what the API IoT passes on unchanged, and what a phone carries. */
export const ConfigEnvelope = Schema.Struct({ document: Schema.String, catalogue: Schema.String })
export type ConfigEnvelope = typeof ConfigEnvelope.Type

/** The broker or the API IoT did not take it. Whether a car took it, only its report says. */
export class VehicleLinkDown extends Schema.TaggedError<VehicleLinkDown>()("VehicleLinkDown", { cause: Schema.Defect() }) {}
