/** Cars that stand at a dealership unassigned (sin asignar), and selling one of them again. */
import { Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import type { ActorSystem } from "#actors/system/actor-system.ts"
import type { Accounts } from "#integrations/accounts/accounts.ts"
import type { Persons } from "#integrations/persons/persons.ts"
import { seenBy } from "#integrations/postgres/seen-by.ts"
import { PlatformTime } from "#integrations/postgres/time.ts"
import { Country, Instant, OrderId, Vin } from "#machines/vocabulary.ts"
import { stockOf } from "#src/views/stock.ts"
import { changingProblems, readingProblems } from "../answers.ts"
import { keyOf, takesKey } from "../idempotency.ts"
import type { HttpOptions } from "../options.ts"
import { afterOf, Cursor, cursorAfter, limitOf, PageQuery } from "../page.ts"
import type { Run } from "../run.ts"
import { dealer, type Seller } from "../session.ts"
import { answering, strictly, takes } from "../strict.ts"
import { NewStockSale, Sold } from "./new-sale.ts"
import { sellFromStock } from "./sell.ts"

const day = 86_400_000

const Named = Schema.Struct({ vin: Vin })
const Stock = Schema.Struct({
  vehicles: Schema.Array(
    Schema.Struct({
      vin: Vin,
      model: Schema.String,
      country: Country,
      custody: Schema.Literals(["atFactory", "withCarrier", "atDealership", "withCustomer"]),
      stockedAt: Schema.NullOr(Instant),
      ageDays: Schema.Natural, // Whole days since it became stock.
      lineage: Schema.Array(Schema.Struct({ orderId: OrderId, reason: Schema.String })) // The orders it was meant for, and why not.
    })
  ),
  cursor: Cursor
}).annotate({ identifier: "Stock" })

export const stock = (run: Run<Accounts | ActorSystem | Persons | PlatformTime | SqlClient.SqlClient>, options: HttpOptions) =>
  new Elysia({ prefix: "/api/dealer/stock", tags: ["Stock"] })
    .use(dealer(run, options))
    .get("", ({ seller, query }) => run(list(seller, query)), {
      query: strictly(PageQuery),
      response: { 200: answering(Stock), ...readingProblems },
      detail: { summary: "The unassigned cars of my dealership, with their age" }
    })
    .post(
      "/:vin/assignment",
      async ({ seller, params, headers, body, status }) =>
        status(201, await run(sellFromStock(seller, params.vin, keyOf(headers), body, options))),
      {
        params: strictly(Named),
        ...takesKey,
        ...takes(NewStockSale),
        response: { 201: answering(Sold), ...changingProblems },
        detail: { summary: "Sell a car from stock; one of two who try at once is refused AlreadyAssigned" }
      }
    )

const list = Effect.fn("dealers.stock")(function* (seller: Seller, query: typeof PageQuery.Type) {
  const time = yield* PlatformTime
  const limit = limitOf(query)
  const [after] = afterOf(query, [""])
  const rows = yield* seenBy(seller)(stockOf(seller.dealershipId, after, limit))
  const vehicles = rows.map(({ statePath, context: { vin, model, country, stockedAt, lineage } }) => ({
    vin,
    model,
    country,
    custody: custodyIn(statePath),
    stockedAt,
    ageDays: stockedAt === null ? 0 : Math.max(0, Math.floor((time.now() - Date.parse(stockedAt)) / day)),
    lineage
  }))
  return { vehicles, cursor: cursorAfter(rows, limit, ({ path }) => [path]) }
})

/** "custody.atDealership+assignment.unassigned" → "atDealership". */
const custodyIn = (statePath: string) =>
  /(?:^|\+)custody\.(\w+)/.exec(statePath)![1] as (typeof Stock.Type)["vehicles"][number]["custody"]
