/** Opciones disponibles: what this car may have, at which price, and why not the rest. */
import { Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import type { ActorSystem } from "#actors/system/actor-system.ts"
import type { Accounts } from "#integrations/accounts/accounts.ts"
import type { Persons } from "#integrations/persons/persons.ts"
import { customerSees } from "#integrations/postgres/seen-by.ts"
import { iso, PlatformTime } from "#integrations/postgres/time.ts"
import type { Workshops } from "#integrations/workshops/workshops.ts"
import { Category, Term } from "#machines/option-terms.ts"
import { MaintenanceChecked } from "#machines/vehicle.ts"
import { ActivationId, Instant, Money, OptionCode, type SubjectId, Vin } from "#machines/vocabulary.ts"
import { standingOf } from "#src/views/exposure.ts"
import { offersFor } from "#src/views/offers.ts"
import { readingProblems } from "../answers.ts"
import { languageOf } from "../language.ts"
import { type AskMaintenance, tellNews } from "../maintenance.ts"
import type { HttpOptions } from "../options.ts"
import type { Run } from "../run.ts"
import { customer } from "../session.ts"
import { answering, strictly } from "../strict.ts"
import { NamedVehicle, ownVehicle } from "./own-vehicle.ts"

const Options = Schema.Struct({
  vin: Vin,
  /** What the workshops said just now, or that they did not. Whatever they say, the car may be driven. */
  maintenance: Schema.Struct({
    status: MaintenanceChecked.fields.status,
    due: Schema.Array(Schema.String),
    askedAt: Instant
  }),
  options: Schema.Array(
    Schema.Struct({
      option: OptionCode,
      category: Category,
      name: Schema.String,
      maintenanceGated: Schema.Boolean,
      eligible: Schema.Boolean,
      /** All of them, in the order in which a purchase would be refused. */
      reasons: Schema.Array(Schema.Struct({ reason: Schema.String, inWords: Schema.String })),
      activationId: Schema.NullOr(ActivationId), // Of the purchase that is under way or active.
      offers: Schema.Array(Schema.Struct({ term: Term, price: Money, vatPercent: Schema.Natural }))
    })
  )
}).annotate({ identifier: "AvailableOptions" })

type Needs = Accounts | ActorSystem | Persons | PlatformTime | SqlClient.SqlClient | Workshops

export const options = (run: Run<Needs>, httpOptions: HttpOptions, askMaintenance: AskMaintenance) =>
  new Elysia({ prefix: "/api/me/vehicles/:vin/options", tags: ["Services"] })
    .use(customer(run, httpOptions))
    .get("", ({ caller, params }) => run(list(askMaintenance, caller.subjectId, params.vin)), {
      params: strictly(NamedVehicle),
      response: { 200: answering(Options), ...readingProblems },
      detail: { summary: "What I can buy for this car, and why not the rest" }
    })

const list = Effect.fn("customers.options")(function* (askMaintenance: AskMaintenance, subjectId: SubjectId, vin: Vin) {
  const time = yield* PlatformTime
  const { context } = yield* ownVehicle(subjectId, vin)
  const maintenance = yield* askMaintenance(vin)
  yield* tellNews(vin, context.maintenance, maintenance)
  const car = { ...context, maintenance }
  const buyer = {
    customerId: subjectId,
    standing: yield* customerSees(subjectId)(standingOf(subjectId, context.country, time.now()))
  }
  return { vin, maintenance, options: offersFor(car, buyer, iso(time.now()), yield* languageOf(subjectId)) }
})
