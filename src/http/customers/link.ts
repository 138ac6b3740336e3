/** Linking the owner's app to the car (RD-09): with the code that the car shows on its own screen, and nowhere else. */
import { createHash } from "node:crypto"
import { Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import { Vehicle } from "#actors/addresses.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import type { Accounts } from "#integrations/accounts/accounts.ts"
import { RateLimits } from "#integrations/redis/limits.ts"
import { VehicleLink } from "#integrations/vehicle-link/vehicle-link.ts"
import type { VehicleTrust } from "#integrations/vehicle-trust/vehicle-trust.ts"
import { LinkApp, UnlinkApp, type VehicleContext } from "#machines/vehicle.ts"
import { type SubjectId, Vin } from "#machines/vocabulary.ts"
import type { LastTold } from "#src/ingress/last-told.ts"
import { hearReport } from "#src/ingress/report.ts"
import { changingProblems } from "../answers.ts"
import { Nothing } from "../nothing.ts"
import type { HttpOptions } from "../options.ts"
import { refused } from "../problem.ts"
import type { Run } from "../run.ts"
import { customer } from "../session.ts"
import { answering, strictly, takes } from "../strict.ts"
import { isLinked, NamedVehicle, ownVehicle } from "./own-vehicle.ts"

const patience = "3 seconds" // For the API IoT, and for what its car says to become a turn.
const codeTries = 5 // Per car and ten minutes: a million codes are not tried out.

const Pairing = Schema.Struct({
  pairingCode: Schema.String.check(Schema.isPattern(/^\d{6}$/)),
  /** The app's own name for this installation. */
  phoneId: Schema.optionalKey(Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_-]{1,64}$/)))
}).annotate({ identifier: "Pairing" })
const Linked = Schema.Struct({ vin: Vin, linked: Schema.Literal(true) }).annotate({ identifier: "LinkedVehicle" })

type Needs = Accounts | ActorSystem | LastTold | RateLimits | SqlClient.SqlClient | VehicleLink | VehicleTrust

export const link = (run: Run<Needs>, options: HttpOptions) =>
  new Elysia({ prefix: "/api/me/vehicles/:vin/link", tags: ["Vehicles"] })
    .use(customer(run, options))
    .post("", ({ caller, params, body }) => run(pair(caller.subjectId, params.vin, body)), {
      params: strictly(NamedVehicle),
      ...takes(Pairing),
      response: { 200: answering(Linked), ...changingProblems },
      detail: { summary: "Link the app to my car, with the code on the car's screen" }
    })
    .delete(
      "",
      async ({ caller, params, set }) => {
        await run(unlink(caller.subjectId, params.vin))
        set.status = 204
      },
      {
        params: strictly(NamedVehicle),
        response: { 204: answering(Nothing), ...changingProblems },
        detail: { summary: "Unlink the app from my car" }
      }
    )

const pair = Effect.fn("customers.link")(function* (
  customerId: SubjectId,
  vin: Vin,
  { pairingCode, phoneId }: typeof Pairing.Type
) {
  const actors = yield* ActorSystem
  const limits = yield* RateLimits
  const { context } = yield* ownVehicle(customerId, vin)
  yield* limits.consume(`pairing/${vin}`, codeTries, 600)
  yield* hearWhatItShows(context)
  const codeHash = createHash("sha256").update(`${vin}:${pairingCode}`).digest("hex")
  const { duplicate } = yield* actors.tell(Vehicle.at(vin), LinkApp.make({ customerId, phoneId: phoneId ?? "app", codeHash }), {
    id: `${customerId}/link/${vin}/${codeHash.slice(0, 20)}`
  })
  // The same answer again, unless the app was unlinked since: a code works once.
  if (duplicate && !isLinked(yield* ownVehicle(customerId, vin))) return yield* Effect.fail(refused("PairingCodeUsed"))
  return { vin, linked: true as const }
})

/** A car behind the API IoT says nothing by itself: its signed report, and the code's hash in it, is fetched. Whatever fails, the code fails after it. */
const hearWhatItShows = Effect.fnUntraced(function* ({ vin, key }: VehicleContext) {
  if (key?.link !== "apiIot") return
  const road = yield* VehicleLink
  yield* road.status(vin).pipe(
    Effect.flatMap((said) => {
      const report = said?.answer.configuration?.report ?? null
      return report === null ? Effect.void : hearReport(vin, report)
    }),
    Effect.timeoutOption(patience),
    Effect.catch((error) => Effect.logWarning("The API IoT did not say what its car shows", error))
  )
})

const unlink = Effect.fn("customers.unlink")(function* (customerId: SubjectId, vin: Vin) {
  const actors = yield* ActorSystem
  const row = yield* ownVehicle(customerId, vin)
  if (!isLinked(row)) return
  yield* actors.tell(Vehicle.at(vin), UnlinkApp.make({ customerId }), { id: `${customerId}/unlink/${vin}/${row.version}` })
})
