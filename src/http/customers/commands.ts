/** Remote control from the app. The list of acts is the machine's, and none of them touches driving. */
import { createHash } from "node:crypto"
import { Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import { Vehicle } from "#actors/addresses.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import type { Accounts } from "#integrations/accounts/accounts.ts"
import { customerSees } from "#integrations/postgres/seen-by.ts"
import { RateLimits } from "#integrations/redis/limits.ts"
import { RemoteAct, SendRemoteCommand } from "#machines/vehicle.ts"
import type { SubjectId, Vin } from "#machines/vocabulary.ts"
import { heardAs } from "#src/views/heard.ts"
import { changingProblems } from "../answers.ts"
import { mayKey, sameAsFirst } from "../idempotency.ts"
import type { HttpOptions } from "../options.ts"
import type { Run } from "../run.ts"
import { customer } from "../session.ts"
import { answering, strictly, takes } from "../strict.ts"
import { NamedVehicle, ownVehicle } from "./own-vehicle.ts"

const perMinute = 30 // Commands to one car.

const NewCommand = Schema.Struct({ type: RemoteAct }).annotate({ identifier: "NewRemoteCommand" })
const Sent = Schema.Struct({ commandId: Schema.String, type: RemoteAct }).annotate({ identifier: "RemoteCommandSent" })

export const commands = (run: Run<Accounts | ActorSystem | RateLimits | SqlClient.SqlClient>, options: HttpOptions) =>
  new Elysia({ prefix: "/api/me/vehicles/:vin/commands", tags: ["Vehicles"] })
    .use(customer(run, options))
    .post(
      "",
      async ({ caller, params, headers, body, status }) =>
        status(202, await run(send(caller.subjectId, params.vin, headers["idempotency-key"] ?? crypto.randomUUID(), body.type))),
      {
        params: strictly(NamedVehicle),
        ...mayKey,
        ...takes(NewCommand),
        response: { 202: answering(Sent), ...changingProblems },
        detail: { summary: "Ask my car to do something; needs the linked app" }
      }
    )

const send = Effect.fn("customers.command")(function* (customerId: SubjectId, vin: Vin, key: string, act: typeof RemoteAct.Type) {
  const actors = yield* ActorSystem
  const limits = yield* RateLimits
  yield* ownVehicle(customerId, vin)
  yield* limits.consume(`remote-command/${vin}`, perMinute, 60)
  const commandId = `cmd_${createHash("sha256").update(`${customerId}\n${vin}\n${key}`).digest("hex").slice(0, 32)}`
  const to = Vehicle.at(vin)
  const id = `${customerId}/command/${vin}/${key}`
  const { duplicate } = yield* actors.tell(to, SendRemoteCommand.make({ customerId, commandId, act }), { id })
  if (duplicate) sameAsFirst(yield* customerSees(customerId)(heardAs(to.path, id)), "SendRemoteCommand", { act })
  return { commandId, type: act }
})
