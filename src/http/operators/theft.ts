/** Support reports a theft, or ends it, for an owner who called. */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import type { ActorSystem } from "#actors/system/actor-system.ts"
import type { Accounts, Caller } from "#integrations/accounts/accounts.ts"
import { seenBy } from "#integrations/postgres/seen-by.ts"
import type { Vin } from "#machines/vocabulary.ts"
import { vehicleAt } from "#src/views/vehicles.ts"
import { changingProblems } from "../answers.ts"
import { NamedVehicle } from "../customers/own-vehicle.ts"
import { endTheft, reportTheft, TheftEnd, TheftReport, TheftStanding } from "../customers/theft.ts"
import type { HttpOptions } from "../options.ts"
import { notFound } from "../problem.ts"
import type { Run } from "../run.ts"
import { staff } from "../session.ts"
import { answering, strictly, takes } from "../strict.ts"

export const thefts = (run: Run<Accounts | ActorSystem | SqlClient.SqlClient>, options: HttpOptions) => {
  const response = { 200: answering(TheftStanding), ...changingProblems }
  return new Elysia({ prefix: "/api/operator/vehicles/:vin/theft", tags: ["Support"] })
    .use(staff(run, options))
    .post("", ({ caller, params, body }) => run(report(caller, params.vin, body)), {
      params: strictly(NamedVehicle),
      ...takes(TheftReport),
      response,
      detail: { summary: "Report a theft for the owner" }
    })
    .post("/end", ({ caller, params, body }) => run(end(caller, params.vin, body.reason)), {
      params: strictly(NamedVehicle),
      ...takes(TheftEnd),
      response,
      detail: { summary: "End a report of theft for the owner" }
    })
}

const anyVehicle = Effect.fnUntraced(function* (caller: Caller, vin: Vin) {
  const row = yield* seenBy(caller)(vehicleAt(vin))
  return row ?? (yield* Effect.fail(notFound()))
})

const report = Effect.fn("operators.theft")(function* (caller: Caller, vin: Vin, body: typeof TheftReport.Type) {
  return yield* reportTheft(yield* anyVehicle(caller, vin), { customerId: null, by: caller.subjectId }, body)
})

const end = Effect.fn("operators.theftEnd")(function* (caller: Caller, vin: Vin, reason: string) {
  return yield* endTheft(yield* anyVehicle(caller, vin), { customerId: null, by: caller.subjectId }, reason)
})
