/** A stolen car: what was under way ends, and nobody links an app or buys anything until the report is taken back, with a reason. */
import { Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import { Vehicle } from "#actors/addresses.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import type { Accounts } from "#integrations/accounts/accounts.ts"
import { RateLimits } from "#integrations/redis/limits.ts"
import { EndTheft, ReportTheft } from "#machines/vehicle.ts"
import { type SubjectId, Vin } from "#machines/vocabulary.ts"
import type { VehicleRow } from "#src/views/vehicles.ts"
import { changingProblems } from "../answers.ts"
import { KeptReason } from "../kept-reason.ts"
import type { HttpOptions } from "../options.ts"
import type { Run } from "../run.ts"
import { customer } from "../session.ts"
import { answering, strictly, takes } from "../strict.ts"
import { isStolen, NamedVehicle, ownVehicle } from "./own-vehicle.ts"

const perMinute = 10 // Words of an owner about one car: each is a turn and a mail.

export const TheftReport = Schema.Struct({
  policeReference: Schema.optionalKey(Schema.String.check(Schema.isPattern(/^[A-Za-z0-9/-]{1,40}$/)))
}).annotate({ identifier: "TheftReport" })
export const TheftEnd = Schema.Struct({ reason: KeptReason }).annotate({ identifier: "TheftEnd" })
export const TheftStanding = Schema.Struct({ vin: Vin, stolen: Schema.Boolean }).annotate({ identifier: "TheftStanding" })

export const theft = (run: Run<Accounts | ActorSystem | RateLimits | SqlClient.SqlClient>, options: HttpOptions) => {
  const response = { 200: answering(TheftStanding), ...changingProblems }
  return new Elysia({ prefix: "/api/me/vehicles/:vin/theft", tags: ["Vehicles"] })
    .use(customer(run, options))
    .post("", ({ caller, params, body }) => run(reportMine(caller.subjectId, params.vin, body)), {
      params: strictly(NamedVehicle),
      ...takes(TheftReport),
      response,
      detail: { summary: "My car was stolen" }
    })
    .post("/end", ({ caller, params, body }) => run(endMine(caller.subjectId, params.vin, body.reason)), {
      params: strictly(NamedVehicle),
      ...takes(TheftEnd),
      response,
      detail: { summary: "My car is back" }
    })
}

const reportMine = Effect.fn("customers.theft")(function* (subjectId: SubjectId, vin: Vin, report: typeof TheftReport.Type) {
  const row = yield* ownVehicle(subjectId, vin)
  yield* notTooOften(vin)
  return yield* reportTheft(row, { customerId: subjectId, by: subjectId }, report)
})

const endMine = Effect.fn("customers.theftEnd")(function* (subjectId: SubjectId, vin: Vin, reason: string) {
  const row = yield* ownVehicle(subjectId, vin)
  yield* notTooOften(vin)
  return yield* endTheft(row, { customerId: subjectId, by: subjectId }, reason)
})

const notTooOften = (vin: Vin) => RateLimits.use((limits) => limits.consume(`theft/${vin}`, perMinute, 60))

/** The owner, or support for them. */
interface Who {
  readonly customerId: SubjectId | null
  readonly by: SubjectId
}

/** Reported twice is reported once. */
export const reportTheft = Effect.fnUntraced(function* (row: VehicleRow, who: Who, { policeReference }: typeof TheftReport.Type) {
  const actors = yield* ActorSystem
  const { vin } = row.context
  if (!isStolen(row))
    yield* actors.tell(Vehicle.at(vin), ReportTheft.make({ ...who, policeReference: policeReference ?? null }), {
      id: `${who.by}/theft/${vin}/${row.version}`
    })
  return { vin, stolen: true }
})

export const endTheft = Effect.fnUntraced(function* (row: VehicleRow, who: Who, reason: string) {
  const actors = yield* ActorSystem
  const { vin } = row.context
  if (isStolen(row))
    yield* actors.tell(Vehicle.at(vin), EndTheft.make({ ...who, reason }), { id: `${who.by}/theft-end/${vin}/${row.version}` })
  return { vin, stolen: false }
})
