/** A customer's services on a car: bought, looked at, cancelled. Withdrawing has a file of its own. */
import { Effect, Schedule, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import { Activation } from "#actors/addresses.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import type { Accounts } from "#integrations/accounts/accounts.ts"
import type { Persons } from "#integrations/persons/persons.ts"
import { customerSees } from "#integrations/postgres/seen-by.ts"
import type { PlatformTime } from "#integrations/postgres/time.ts"
import type { RateLimits } from "#integrations/redis/limits.ts"
import type { SecondFactors } from "#integrations/second-factors/second-factors.ts"
import type { Workshops } from "#integrations/workshops/workshops.ts"
import { CancelService } from "#machines/activation.ts"
import { ActivationId, type SubjectId, Vin } from "#machines/vocabulary.ts"
import { activationOf, activationsOf, hasBegun, paidFor } from "#src/views/activations.ts"
import { timelineOf } from "#src/views/orders.ts"
import { changingProblems, readingProblems } from "../answers.ts"
import { keyOf, takesKey } from "../idempotency.ts"
import { languageOf } from "../language.ts"
import type { AskMaintenance } from "../maintenance.ts"
import { Empty } from "../nothing.ts"
import type { HttpOptions } from "../options.ts"
import { afterOf, Cursor, cursorAfter, limitOf, PageQuery } from "../page.ts"
import { notFound, tryAgain } from "../problem.ts"
import type { Run } from "../run.ts"
import { customer } from "../session.ts"
import { answering, strictly, takes } from "../strict.ts"
import { detailOf, Service, ServiceStanding, ServiceSummary, standingAfter, summaryOf } from "./activation.ts"
import { NamedVehicle, ownVehicle } from "./own-vehicle.ts"
import { NewPurchase, Purchased, purchase } from "./purchase.ts"

type Needs = Accounts | ActorSystem | Persons | PlatformTime | RateLimits | SecondFactors | SqlClient.SqlClient | Workshops

export const NamedService = Schema.Struct({ vin: Vin, activationId: ActivationId })
type Named = typeof NamedService.Type
const Services = Schema.Struct({ activations: Schema.Array(ServiceSummary), cursor: Cursor }).annotate({ identifier: "Services" })

export const activations = (run: Run<Needs>, options: HttpOptions, askMaintenance: AskMaintenance) =>
  new Elysia({ prefix: "/api/me/vehicles/:vin/activations", tags: ["Services"] })
    .use(customer(run, options))
    .post(
      "",
      async ({ caller, params, headers, body, status }) =>
        status(201, await run(purchase(askMaintenance, caller, params.vin, keyOf(headers), body))),
      {
        params: strictly(NamedVehicle),
        ...takesKey,
        ...takes(NewPurchase),
        response: { 201: answering(Purchased), ...changingProblems },
        detail: { summary: "Order with obligation to pay; nothing is taken before the car has confirmed" }
      }
    )
    .get("", ({ caller, params, query }) => run(list(caller.subjectId, params.vin, query)), {
      params: strictly(NamedVehicle),
      query: strictly(PageQuery),
      response: { 200: answering(Services), ...readingProblems },
      detail: { summary: "What I bought for this car" }
    })
    .get("/:activationId", ({ caller, params }) => run(read(caller.subjectId, params)), {
      params: strictly(NamedService),
      response: { 200: answering(Service), ...readingProblems },
      detail: { summary: "One of my services: where it stands, every try, what to do next" }
    })
    .post("/:activationId/cancellation", ({ caller, params }) => run(cancel(caller.subjectId, params)), {
      params: strictly(NamedService),
      ...takes(Empty),
      response: { 200: answering(ServiceStanding), ...changingProblems },
      detail: { summary: "End a recurring service" }
    })

const list = Effect.fn("customers.activations")(function* (subjectId: SubjectId, vin: Vin, query: typeof PageQuery.Type) {
  const limit = limitOf(query)
  const [after] = afterOf(query, [""])
  const rows = yield* customerSees(subjectId)(activationsOf(vin, subjectId, after, limit))
  // Who sold the car may still look at what was bought for it, to the last page.
  if (rows.length === 0 && query.cursor === undefined) yield* ownVehicle(subjectId, vin)
  const language = yield* languageOf(subjectId)
  return { activations: rows.map((row) => summaryOf(row, language)), cursor: cursorAfter(rows, limit, ({ path }) => [path]) }
})

const beginning = { times: 50, every: "20 millis" } as const // How long a service that was bought just now is waited for.

/** One's own also after the car was sold: what was bought, paid and given back is still the buyer's. */
export const ownService = Effect.fnUntraced(function* (subjectId: SubjectId, { vin, activationId }: Named) {
  const look = customerSees(subjectId)(activationOf(vin, activationId, subjectId))
  const row = yield* look
  if (row !== null) return row
  const { context } = yield* ownVehicle(subjectId, vin)
  // The car has said yes, and its service is about to begin; or it is somebody else's, who sold the car.
  const isKept = context.purchases.some((purchase) => purchase.activationId === activationId)
  const begun = yield* Effect.repeat(customerSees(subjectId)(hasBegun(vin, activationId)), {
    until: (found) => found || !isKept, // One that never was is looked for as one that is somebody else's is.
    schedule: Schedule.spaced(beginning.every).pipe(Schedule.upTo({ times: beginning.times }))
  })
  if (isKept && !begun) return yield* Effect.fail(tryAgain(1))
  return (yield* look) ?? (yield* Effect.fail(notFound()))
})

const read = Effect.fn("customers.activation")(function* (subjectId: SubjectId, named: Named) {
  const row = yield* ownService(subjectId, named)
  const { timeline, paid } = yield* customerSees(subjectId)(
    Effect.all({ timeline: timelineOf(row), paid: paidFor(named.activationId) })
  )
  return detailOf(row, timeline, paid, yield* languageOf(subjectId))
})

const cancel = Effect.fn("customers.cancelService")(function* (customerId: SubjectId, named: Named) {
  const actors = yield* ActorSystem
  yield* ownService(customerId, named)
  const { vin, activationId } = named
  const { state } = yield* actors.tell(Activation.at(`${vin}/${activationId}`), CancelService.make({ customerId }), {
    id: `${customerId}/cancel/${activationId}`
  })
  return { activationId, ...standingAfter(state) }
})
