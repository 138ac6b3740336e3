/** The customers of a dealership. Staff never see or choose a password: a new one-time link goes to the customer by mail. */
import { Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import { Accounts } from "#integrations/accounts/accounts.ts"
import type { Mail } from "#integrations/mail/mail.ts"
import type { Persons } from "#integrations/persons/persons.ts"
import { seenBy } from "#integrations/postgres/seen-by.ts"
import type { PurchaseFile } from "#integrations/purchase-file/purchase-file.ts"
import type { RateLimits } from "#integrations/redis/limits.ts"
import { SubjectId } from "#machines/vocabulary.ts"
import { customersOf, isCustomerOf } from "#src/views/dealerships.ts"
import { changingProblems, readingProblems } from "../answers.ts"
import { invite } from "../invitation.ts"
import { noteLooks } from "../looks.ts"
import { Empty } from "../nothing.ts"
import type { HttpOptions } from "../options.ts"
import { afterOf, Cursor, cursorAfter, limitOf, PageQuery } from "../page.ts"
import { notFound } from "../problem.ts"
import type { Run } from "../run.ts"
import { dealer, type Seller } from "../session.ts"
import { answering, strictly, takes } from "../strict.ts"
import { customerKnownTo } from "./known-customer.ts"

const atOnce = 8 // Persons read in parallel for one page.

const Named = Schema.Struct({ customerId: SubjectId })
const Customers = Schema.Struct({
  customers: Schema.Array(
    Schema.Struct({
      customerId: SubjectId,
      name: Schema.String,
      email: Schema.String,
      phone: Schema.NullOr(Schema.String),
      orders: Schema.Natural
    })
  ),
  cursor: Cursor
}).annotate({ identifier: "Customers" })
const Sent = Schema.Struct({ sent: Schema.Literal(true) }).annotate({ identifier: "LinkSent" })

export const customers = (
  run: Run<Accounts | Mail | Persons | PurchaseFile | RateLimits | SqlClient.SqlClient>,
  options: HttpOptions
) =>
  new Elysia({ prefix: "/api/dealer/customers", tags: ["Customers"] })
    .use(dealer(run, options))
    .get("", ({ seller, query }) => run(list(seller, query)), {
      query: strictly(PageQuery),
      response: { 200: answering(Customers), ...readingProblems },
      detail: { summary: "The customers of my dealership" }
    })
    .post(
      "/:customerId/credentials",
      async ({ seller, params, status }) => status(202, await run(sendLink(seller, params.customerId, options.publicUrl))),
      {
        params: strictly(Named),
        ...takes(Empty),
        response: { 202: answering(Sent), ...changingProblems },
        detail: { summary: "Mail the customer a new one-time link" }
      }
    )

const list = Effect.fn("dealers.customers")(function* (seller: Seller, query: typeof PageQuery.Type) {
  const limit = limitOf(query)
  const [after] = afterOf(query, [""])
  const rows = yield* seenBy(seller)(customersOf(seller.dealershipId, after, limit))
  yield* noteLooks(seller, "customers", rows)
  const found = yield* Effect.forEach(
    rows,
    ({ customerId, orders, sellers }) =>
      Effect.map(customerKnownTo(sellers, customerId), (person) =>
        person === null ? [] : [{ customerId, name: person.name, email: person.email, phone: person.phone, orders }]
      ),
    { concurrency: atOnce }
  )
  return { customers: found.flat(), cursor: cursorAfter(rows, limit, ({ customerId }) => [customerId]) }
})

const sendLink = Effect.fn("dealers.sendLink")(function* (seller: Seller, customerId: SubjectId, baseUrl: string) {
  const accounts = yield* Accounts
  if (!(yield* seenBy(seller)(isCustomerOf(customerId, seller.dealershipId)))) return yield* Effect.fail(notFound())
  yield* accounts.provision({ subjectId: customerId, role: "customer", dealershipId: null, createdBy: seller.subjectId })
  yield* invite(customerId, baseUrl, { evenIfSet: true })
  return { sent: true as const }
})
