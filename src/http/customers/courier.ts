/** The linked phone as a courier beside the car: it carries the signed document there, and the car's signed answer back. It can neither read more nor change any of it. */
import { Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import type { ActorSystem } from "#actors/system/actor-system.ts"
import { envelopeOf } from "#actors/vehicle.ts"
import type { Accounts } from "#integrations/accounts/accounts.ts"
import type { PlatformTime } from "#integrations/postgres/time.ts"
import { RateLimits } from "#integrations/redis/limits.ts"
import { ConfigEnvelope, type VehicleLink } from "#integrations/vehicle-link/vehicle-link.ts"
import type { VehicleTrust } from "#integrations/vehicle-trust/vehicle-trust.ts"
import { ReceiptId, type SubjectId, type Vin } from "#machines/vocabulary.ts"
import type { LastTold } from "#src/ingress/last-told.ts"
import { hearReport } from "#src/ingress/report.ts"
import { changingProblems, readingProblems } from "../answers.ts"
import type { HttpOptions } from "../options.ts"
import { notFound } from "../problem.ts"
import type { Run } from "../run.ts"
import { customer } from "../session.ts"
import { answering, strictly, takes } from "../strict.ts"
import { linkedVehicle, NamedVehicle } from "./own-vehicle.ts"

const perMinute = 30 // Receipts of one car.

const Envelope = ConfigEnvelope.annotate({ identifier: "ConfigEnvelope" })
const Receipt = Schema.Struct({
  receipt: Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/), Schema.isMaxLength(16 * 1024))
}).annotate({ identifier: "CarriedReceipt" })
/** `told`: the platform learned something. `known`: it came before, by another road. `old`: the car has said more since. */
const Heard = Schema.Struct({ receiptId: ReceiptId, as: Schema.Literals(["told", "known", "old"]) }).annotate({
  identifier: "HeardReceipt"
})

type Needs = Accounts | ActorSystem | LastTold | PlatformTime | RateLimits | SqlClient.SqlClient | VehicleLink | VehicleTrust

export const courier = (run: Run<Needs>, options: HttpOptions) =>
  new Elysia({ prefix: "/api/me/vehicles/:vin", tags: ["Vehicles"] })
    .use(customer(run, options))
    .get("/configuration", ({ caller, params }) => run(envelope(caller.subjectId, params.vin)), {
      params: strictly(NamedVehicle),
      response: { 200: answering(Envelope), 409: changingProblems[409], ...readingProblems },
      detail: { summary: "The signed document for my car, to be carried there by the linked phone" }
    })
    .post("/receipts", ({ caller, params, body }) => run(hear(caller.subjectId, params.vin, body.receipt)), {
      params: strictly(NamedVehicle),
      ...takes(Receipt),
      response: { 200: answering(Heard), ...changingProblems },
      detail: { summary: "What my car answered, carried back by the linked phone; a second arrival changes nothing" }
    })

const envelope = Effect.fn("customers.envelope")(function* (subjectId: SubjectId, vin: Vin) {
  const { context } = yield* linkedVehicle(subjectId, vin)
  const { cfgVersion, desired, reported } = context
  if (cfgVersion === 0) return yield* Effect.fail(notFound()) // There never was one.
  return yield* envelopeOf({ vin, cfgVersion, options: desired, bootId: reported?.bootId ?? null })
})

const hear = Effect.fn("customers.receipt")(function* (subjectId: SubjectId, vin: Vin, receipt: string) {
  const limits = yield* RateLimits
  yield* linkedVehicle(subjectId, vin)
  yield* limits.consume(`receipts/${vin}`, perMinute, 60)
  return yield* hearReport(vin, receipt)
})
