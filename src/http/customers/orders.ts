/** A customer's own orders: where they stand, what happened, what to do next; paying and cancelling. */
import { Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import { Order } from "#actors/addresses.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import type { Accounts } from "#integrations/accounts/accounts.ts"
import type { Persons } from "#integrations/persons/persons.ts"
import { customerSees } from "#integrations/postgres/seen-by.ts"
import { CancelOrder, PayFinalAmount, PaymentKind, PayReservation } from "#machines/order.ts"
import { OrderId, type SubjectId } from "#machines/vocabulary.ts"
import { heardAs } from "#src/views/heard.ts"
import { moneyOf, orderOf, ordersOf, timelineOf } from "#src/views/orders.ts"
import { changingProblems, readingProblems } from "../answers.ts"
import { keyOf, sameAsFirst, takesKey } from "../idempotency.ts"
import { languageOf } from "../language.ts"
import { Empty } from "../nothing.ts"
import type { HttpOptions } from "../options.ts"
import { afterOf, Cursor, cursorAfter, limitOf, PageQuery } from "../page.ts"
import { notFound } from "../problem.ts"
import type { Run } from "../run.ts"
import { customer } from "../session.ts"
import { OrderStanding, standingOf } from "../standing.ts"
import { answering, strictly, takes } from "../strict.ts"
import { CustomerOrder, CustomerOrderSummary, detailOf, summaryOf } from "./order.ts"
import { NoCardNumber } from "./payment-method.ts"

const Named = Schema.Struct({ orderId: OrderId })
const NewPayment = Schema.Struct({ kind: PaymentKind, paymentMethod: NoCardNumber }).annotate({ identifier: "NewPayment" })
const Orders = Schema.Struct({ orders: Schema.Array(CustomerOrderSummary), cursor: Cursor }).annotate({
  identifier: "CustomerOrders"
})

export const orders = (run: Run<Accounts | ActorSystem | Persons | SqlClient.SqlClient>, options: HttpOptions) =>
  new Elysia({ prefix: "/api/me/orders", tags: ["Orders"] })
    .use(customer(run, options))
    .get("", ({ caller, query }) => run(list(caller.subjectId, query)), {
      query: strictly(PageQuery),
      response: { 200: answering(Orders), ...readingProblems },
      detail: { summary: "My orders" }
    })
    .get("/:orderId", ({ caller, params }) => run(read(caller.subjectId, params.orderId)), {
      params: strictly(Named),
      response: { 200: answering(CustomerOrder), ...readingProblems },
      detail: { summary: "One of my orders: its state in words, its timeline, what to do next" }
    })
    .post("/:orderId/cancellation", ({ caller, params }) => run(cancel(caller.subjectId, params.orderId)), {
      params: strictly(Named),
      ...takes(Empty),
      response: { 200: answering(OrderStanding), ...changingProblems },
      detail: { summary: "Cancel an order that is not paid yet" }
    })
    .post(
      "/:orderId/payments",
      async ({ caller, params, headers, body, status }) =>
        status(202, await run(pay(caller.subjectId, params.orderId, keyOf(headers), body))),
      {
        params: strictly(Named),
        ...takesKey,
        ...takes(NewPayment),
        response: { 202: answering(OrderStanding), ...changingProblems },
        detail: { summary: "Pay the deposit or the final amount; the bank's answer follows in the order" }
      }
    )

const list = Effect.fn("customers.orders")(function* (subjectId: SubjectId, query: typeof PageQuery.Type) {
  const limit = limitOf(query)
  const [after] = afterOf(query, [""])
  const rows = yield* customerSees(subjectId)(ordersOf({ subjectId }, after, limit))
  const language = yield* languageOf(subjectId)
  return { orders: rows.map((row) => summaryOf(row, language)), cursor: cursorAfter(rows, limit, ({ path }) => [path]) }
})

const mine = Effect.fnUntraced(function* (subjectId: SubjectId, orderId: OrderId) {
  const row = yield* customerSees(subjectId)(orderOf(orderId, { subjectId }))
  return row ?? (yield* Effect.fail(notFound()))
})

const read = Effect.fn("customers.order")(function* (subjectId: SubjectId, orderId: OrderId) {
  const seen = yield* customerSees(subjectId)(
    Effect.gen(function* () {
      const row = yield* orderOf(orderId, { subjectId })
      return row === null ? null : { row, timeline: yield* timelineOf(row), money: yield* moneyOf(orderId) }
    })
  )
  const { row, timeline, money } = seen ?? (yield* Effect.fail(notFound()))
  return detailOf(row, timeline, money, yield* languageOf(subjectId))
})

const cancel = Effect.fn("customers.cancel")(function* (subjectId: SubjectId, orderId: OrderId) {
  yield* mine(subjectId, orderId)
  const actors = yield* ActorSystem
  const standing = yield* actors.tell(Order.at(orderId), CancelOrder.make({ by: subjectId }), {
    id: `${subjectId}/cancel/${orderId}`
  })
  return standingOf(orderId, standing)
})

const pay = Effect.fn("customers.pay")(function* (
  customerId: SubjectId,
  orderId: OrderId,
  key: string,
  { kind, paymentMethod }: typeof NewPayment.Type
) {
  yield* mine(customerId, orderId)
  const actors = yield* ActorSystem
  const message = (kind === "reservation" ? PayReservation : PayFinalAmount).make({ customerId, paymentMethod })
  const to = Order.at(orderId)
  const id = `${customerId}/pay/${orderId}/${key}`
  const standing = yield* actors.tell(to, message, { id })
  if (standing.duplicate)
    sameAsFirst(yield* customerSees(customerId)(heardAs(to.path, id)), message.type, { customerId, paymentMethod })
  return standingOf(orderId, standing)
})
