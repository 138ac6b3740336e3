/** What a dealership may see of a customer's purchase file: the sale it made, and nothing of what was bought elsewhere or later. */
import { Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import type { Accounts } from "#integrations/accounts/accounts.ts"
import { Persons } from "#integrations/persons/persons.ts"
import type { PlatformTime } from "#integrations/postgres/time.ts"
import type { BundleSeal } from "#integrations/purchase-file/bundle-seal.ts"
import type { PurchaseFile } from "#integrations/purchase-file/purchase-file.ts"
import type { RateLimits } from "#integrations/redis/limits.ts"
import type { OrderId } from "#machines/vocabulary.ts"
import { readingProblems } from "../answers.ts"
import { answersBytes } from "../openapi.ts"
import type { HttpOptions } from "../options.ts"
import {
  documentIds,
  documentTypes,
  exportFile,
  FileDocuments,
  FilePageQuery,
  FileQuery,
  FileTimeline,
  type Reader,
  readDocument,
  readDocuments,
  readFile,
  readTimeline,
  WholeFile
} from "../purchase-file.ts"
import type { Run } from "../run.ts"
import { dealer, type Seller } from "../session.ts"
import { answering, strictly } from "../strict.ts"
import { NamedSale, saleOf } from "./sales.ts"

type Needs = Accounts | BundleSeal | Persons | PlatformTime | PurchaseFile | RateLimits | SqlClient.SqlClient

const NamedDocument = Schema.Struct({ ...NamedSale.fields, ...documentIds })

export const purchaseFiles = (run: Run<Needs>, options: HttpOptions) =>
  new Elysia({ prefix: "/api/dealer/sales/:orderId/purchase-file", tags: ["Sales"] })
    .use(dealer(run, options))
    .get("", ({ seller, params, query }) => run(ofSale(seller, params.orderId, (reader) => readFile(reader, query))), {
      params: strictly(NamedSale),
      query: strictly(FileQuery),
      response: { 200: answering(WholeFile), ...readingProblems },
      detail: { summary: "The purchase file of one of our sales: what happened, and its documents" }
    })
    .get("/timeline", ({ seller, params, query }) => run(ofSale(seller, params.orderId, (reader) => readTimeline(reader, query))), {
      params: strictly(NamedSale),
      query: strictly(FilePageQuery),
      response: { 200: answering(FileTimeline), ...readingProblems },
      detail: { summary: "What happened to one of our sales, the newest last" }
    })
    .get(
      "/documents",
      ({ seller, params, query }) => run(ofSale(seller, params.orderId, (reader) => readDocuments(reader, query))),
      {
        params: strictly(NamedSale),
        query: strictly(FilePageQuery),
        response: { 200: answering(FileDocuments), ...readingProblems },
        detail: { summary: "The documents of one of our sales, the newest last" }
      }
    )
    .get(
      "/documents/:documentId",
      ({ seller, params, request }) =>
        run(ofSale(seller, params.orderId, (reader) => readDocument(reader, params.documentId, request))),
      {
        params: strictly(NamedDocument),
        response: readingProblems,
        detail: { summary: "A document of one of our sales; its ETag is its SHA-256", ...answersBytes(...documentTypes) }
      }
    )
    .get("/export", ({ seller, params, query }) => run(ofSale(seller, params.orderId, (reader) => exportFile(reader, query))), {
      params: strictly(NamedSale),
      query: strictly(FileQuery),
      response: { ...readingProblems, 429: readingProblems[404] },
      detail: { summary: "The purchase file of one of our sales as one ZIP archive", ...answersBytes("application/zip") }
    })

/** The same 404 for a sale that is not there, for another dealership's, and for a customer who was erased: what is left is for the tax office. */
const ofSale = <A, E, R>(seller: Seller, orderId: OrderId, read: (reader: Reader) => Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const { customerId } = (yield* saleOf(seller, orderId)).context
    yield* Persons.use((persons) => persons.read(customerId))
    const { subjectId: by, role, dealershipId } = seller
    return yield* read({ by, staff: { role, dealershipId }, scope: { customerId, orderId } })
  })
