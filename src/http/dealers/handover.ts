/** The handover, entered by the dealership: at the customer's door, at the counter, or nobody was there. */
import { Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import { Order } from "#actors/addresses.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import type { Accounts } from "#integrations/accounts/accounts.ts"
import { RateLimits } from "#integrations/redis/limits.ts"
import { ConfirmHandover, HandoverPin, ReportCustomerAbsent } from "#machines/order.ts"
import type { OrderId } from "#machines/vocabulary.ts"
import { changingProblems } from "../answers.ts"
import type { HttpOptions } from "../options.ts"
import type { Run } from "../run.ts"
import { dealer, type Seller } from "../session.ts"
import { OrderStanding, standingOf } from "../standing.ts"
import { answering, strictly, takes } from "../strict.ts"
import { NamedSale, saleOf } from "./sales.ts"

const pinTries = 5 // Per order and quarter of an hour: a million PINs are not tried out.

const Outcome = Schema.Union([
  Schema.Struct({ outcome: Schema.Literals(["delivered", "pickedUp"]), pin: HandoverPin }),
  Schema.Struct({ outcome: Schema.Literal("customerAbsent") })
]).annotate({ identifier: "HandoverOutcome" })

export const handover = (run: Run<Accounts | ActorSystem | RateLimits | SqlClient.SqlClient>, options: HttpOptions) =>
  new Elysia({ prefix: "/api/dealer/sales", tags: ["Sales"] })
    .use(dealer(run, options))
    .post("/:orderId/handover", ({ seller, params, body }) => run(report(seller, params.orderId, body)), {
      params: strictly(NamedSale),
      ...takes(Outcome),
      response: { 200: answering(OrderStanding), ...changingProblems },
      detail: { summary: "Confirm the handover with the customer's PIN, or report that nobody was there" }
    })

const report = Effect.fn("dealers.handover")(function* (seller: Seller, orderId: OrderId, outcome: typeof Outcome.Type) {
  const actors = yield* ActorSystem
  const limits = yield* RateLimits
  yield* saleOf(seller, orderId)
  const by = seller.subjectId
  const to = Order.at(orderId)
  if (outcome.outcome === "customerAbsent")
    return standingOf(orderId, yield* actors.tell(to, ReportCustomerAbsent.make({ by }), { id: `${by}/absent/${orderId}` }))
  yield* limits.consume(`handover/${orderId}`, pinTries, 900)
  const { pin } = outcome
  return standingOf(orderId, yield* actors.tell(to, ConfirmHandover.make({ pin, by }), { id: `${by}/handover/${orderId}` }))
})
