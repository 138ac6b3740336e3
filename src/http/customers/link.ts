/** Linking the owner's app to the car (RD-09): with the code that the car shows on its own screen, and nowhere else. */
import { createHash } from "node:crypto"
import { Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import { Vehicle } from "#actors/addresses.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import type { Accounts } from "#integrations/accounts/accounts.ts"
import { RateLimits } from "#integrations/redis/limits.ts"
import { LinkApp, UnlinkApp } from "#machines/vehicle.ts"
import { type SubjectId, Vin } from "#machines/vocabulary.ts"
import { changingProblems } from "../answers.ts"
import { Nothing } from "../nothing.ts"
import type { HttpOptions } from "../options.ts"
import { refused } from "../problem.ts"
import type { Run } from "../run.ts"
import { customer } from "../session.ts"
import { answering, strictly, takes } from "../strict.ts"
import { isLinked, NamedVehicle, ownVehicle } from "./own-vehicle.ts"

const codeTries = 5 // Per car and ten minutes: a million codes are not tried out.

const Pairing = Schema.Struct({
  pairingCode: Schema.String.check(Schema.isPattern(/^\d{6}$/)),
  /** The app's own name for this installation. */
  phoneId: Schema.optionalKey(Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_-]{1,64}$/)))
}).annotate({ identifier: "Pairing" })
const Linked = Schema.Struct({ vin: Vin, linked: Schema.Literal(true) }).annotate({ identifier: "LinkedVehicle" })

export const link = (run: Run<Accounts | ActorSystem | RateLimits | SqlClient.SqlClient>, options: HttpOptions) =>
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
  yield* ownVehicle(customerId, vin)
  yield* limits.consume(`pairing/${vin}`, codeTries, 600)
  const codeHash = createHash("sha256").update(`${vin}:${pairingCode}`).digest("hex")
  const { duplicate } = yield* actors.tell(Vehicle.at(vin), LinkApp.make({ customerId, phoneId: phoneId ?? "app", codeHash }), {
    id: `${customerId}/link/${vin}/${codeHash.slice(0, 20)}`
  })
  // The same answer again, unless the app was unlinked since: a code works once.
  if (duplicate && !isLinked(yield* ownVehicle(customerId, vin))) return yield* Effect.fail(refused("PairingCodeUsed"))
  return { vin, linked: true as const }
})

const unlink = Effect.fn("customers.unlink")(function* (customerId: SubjectId, vin: Vin) {
  const actors = yield* ActorSystem
  const row = yield* ownVehicle(customerId, vin)
  if (!isLinked(row)) return
  yield* actors.tell(Vehicle.at(vin), UnlinkApp.make({ customerId }), { id: `${customerId}/unlink/${vin}/${row.version}` })
})
