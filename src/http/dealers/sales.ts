/** The sales of a dealership: made here, looked at here. */
import { Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import type { ActorSystem } from "#actors/system/actor-system.ts"
import type { Accounts } from "#integrations/accounts/accounts.ts"
import { Documents } from "#integrations/documents/documents.ts"
import { Persons } from "#integrations/persons/persons.ts"
import { seenBy } from "#integrations/postgres/seen-by.ts"
import type { PlatformTime } from "#integrations/postgres/time.ts"
import type { PurchaseFile } from "#integrations/purchase-file/purchase-file.ts"
import { OrderId } from "#machines/vocabulary.ts"
import { sellersTo } from "#src/views/dealerships.ts"
import { moneyOf, orderOf, ordersOf, timelineOf } from "#src/views/orders.ts"
import { changingProblems, readingProblems } from "../answers.ts"
import { keyOf, takesKey } from "../idempotency.ts"
import { languageOf } from "../language.ts"
import { noteLooks } from "../looks.ts"
import type { HttpOptions } from "../options.ts"
import { afterOf, Cursor, cursorAfter, limitOf, PageQuery } from "../page.ts"
import { notFound } from "../problem.ts"
import type { Run } from "../run.ts"
import { dealer, type Seller } from "../session.ts"
import { answering, strictly, takes } from "../strict.ts"
import { customerKnownTo } from "./known-customer.ts"
import { NewSale, Sold } from "./new-sale.ts"
import { detailOf, Sale, SaleSummary, summaryOf } from "./sale.ts"
import { registerSale } from "./sell.ts"

type Needs = Accounts | ActorSystem | Persons | Documents | PlatformTime | PurchaseFile | SqlClient.SqlClient
const atOnce = 8 // Persons read in parallel for one page.

export const NamedSale = Schema.Struct({ orderId: OrderId })
const Sales = Schema.Struct({ sales: Schema.Array(SaleSummary), cursor: Cursor }).annotate({ identifier: "Sales" })

export const sales = (run: Run<Needs>, options: HttpOptions) =>
  new Elysia({ prefix: "/api/dealer/sales", tags: ["Sales"] })
    .use(dealer(run, options))
    .post(
      "",
      async ({ seller, headers, body, status }) => status(201, await run(registerSale(seller, keyOf(headers), body, options))),
      {
        ...takesKey,
        ...takes(NewSale),
        response: { 201: answering(Sold), ...changingProblems },
        detail: { summary: "Register a sale; price and terms come from the catalogue" }
      }
    )
    .get("", ({ seller, query }) => run(list(seller, query)), {
      query: strictly(PageQuery),
      response: { 200: answering(Sales), ...readingProblems },
      detail: { summary: "The sales of my dealership: their state, and who must act" }
    })
    .get("/:orderId", ({ seller, params }) => run(read(seller, params.orderId)), {
      params: strictly(NamedSale),
      response: { 200: answering(Sale), ...readingProblems },
      detail: { summary: "One sale of my dealership, with its customer and papers" }
    })

const list = Effect.fn("dealers.sales")(function* (seller: Seller, query: typeof PageQuery.Type) {
  const { subjectId, dealershipId } = seller
  const limit = limitOf(query)
  const [after] = afterOf(query, [""])
  const rows = yield* seenBy(seller)(ordersOf({ dealershipId }, after, limit))
  yield* noteLooks(
    seller,
    "sale",
    rows.map(({ context }) => context)
  )
  const language = yield* languageOf(subjectId)
  const found = yield* Effect.forEach(
    rows,
    (row) => Effect.map(personOf(row.context.customerId), (person) => summaryOf(row, person?.name ?? null, language)),
    { concurrency: atOnce }
  )
  return { sales: found, cursor: cursorAfter(rows, limit, ({ path }) => [path]) }
})

/** Null where the person was erased. */
const personOf = Effect.fnUntraced(function* (subjectId: Parameters<(typeof Persons)["Service"]["read"]>[0]) {
  const persons = yield* Persons
  return yield* persons.read(subjectId).pipe(Effect.catchTag("PersonUnknown", () => Effect.succeed(null)))
})

/** A sale of this dealership; the same 404 for one that is not there and for another dealership's. */
export const saleOf = Effect.fnUntraced(function* (seller: Seller, orderId: OrderId) {
  const row = yield* seenBy(seller)(orderOf(orderId, { dealershipId: seller.dealershipId }))
  return row ?? (yield* Effect.fail(notFound()))
})

const read = Effect.fn("dealers.sale")(function* (seller: Seller, orderId: OrderId) {
  const documents = yield* Documents
  const seen = yield* seenBy(seller)(
    Effect.gen(function* () {
      const row = yield* orderOf(orderId, { dealershipId: seller.dealershipId })
      if (row === null) return null
      const sellers = yield* sellersTo(row.context.customerId, seller.dealershipId)
      const papers = yield* documents.listOf(orderId)
      return { row, sellers, papers, timeline: yield* timelineOf(row), money: yield* moneyOf(orderId) }
    })
  )
  const { row, sellers, ...around } = seen ?? (yield* Effect.fail(notFound()))
  yield* noteLooks(seller, "sale", [row.context])
  const language = yield* languageOf(seller.subjectId)
  return detailOf(row, { ...around, customer: yield* customerKnownTo(sellers, row.context.customerId), language })
})
