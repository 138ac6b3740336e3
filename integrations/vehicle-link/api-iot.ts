/** The fixed API IoT: `POST /ota/configure`, `GET /vehicles/{id}/status`. api-iot.openapi.yaml is our reading of it. */
import { createHash } from "node:crypto"
import { Effect, Schema } from "effect"
import type { Vin } from "#machines/vocabulary.ts"
import { believe, get, NoAnswer, type PartnerOptions, post } from "../http/outbound.ts"
import { type ConfigEnvelope, StatusAnswer, VehicleLinkDown } from "./vehicle-link.ts"

const patienceMillis = 3_000 // Somebody may be waiting for the status.
const statusLimit = 32 * 1024 // Characters of a status, twice those of a report: its bytes are kept in the journal, and as evidence.

const Taken = Schema.Struct({ vehicleId: Schema.String, status: Schema.Literal("accepted") })
const ofVehicle = (vin: Vin) => (answer: { readonly vehicleId: string }) => (answer.vehicleId === vin ? null : "vehicleId")
const hashOf = (document: string) => createHash("sha256").update(document).digest("hex").slice(0, 16)
const isDown = Effect.mapError((cause: NoAnswer) => new VehicleLinkDown({ cause }))

export const overApiIot = (options: PartnerOptions) => {
  const partner = { timeoutMillis: patienceMillis, ...options }
  return {
    /** A document is signed anew on each try: the same command is then another payload, and its key another key. */
    configure: (vin: Vin, payload: ConfigEnvelope, id: string) =>
      post(partner, "/ota/configure", `${id}/${hashOf(payload.document)}`, { vehicleId: vin, payload }).pipe(
        Effect.flatMap(believe(Taken, ofVehicle(vin))),
        Effect.asVoid,
        isDown
      ),
    status: (vin: Vin) =>
      get(partner, `/vehicles/${vin}/status`).pipe(
        Effect.filterOrFail(
          ({ text }) => text.length <= statusLimit,
          () => new NoAnswer({ why: "tooLarge", detail: `more than ${statusLimit} characters` })
        ),
        Effect.flatMap((said) =>
          said.status === 404
            ? Effect.succeed(null)
            : Effect.map(believe(StatusAnswer, ofVehicle(vin))(said), (answer) => ({ answer, bytes: said.text }))
        ),
        isDown
      )
  }
}
