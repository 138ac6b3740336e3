/** A customer's own Expediente de Compra. */
import { Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import type { Accounts, Caller } from "#integrations/accounts/accounts.ts"
import type { Persons } from "#integrations/persons/persons.ts"
import type { PlatformTime } from "#integrations/postgres/time.ts"
import type { BundleSeal } from "#integrations/purchase-file/bundle-seal.ts"
import type { PurchaseFile } from "#integrations/purchase-file/purchase-file.ts"
import type { RateLimits } from "#integrations/redis/limits.ts"
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
import { customer } from "../session.ts"
import { answering, strictly } from "../strict.ts"

type Needs = Accounts | BundleSeal | Persons | PlatformTime | PurchaseFile | RateLimits | SqlClient.SqlClient

const NamedDocument = Schema.Struct(documentIds)

export const purchaseFile = (run: Run<Needs>, options: HttpOptions) =>
  new Elysia({ prefix: "/api/me/purchase-file", tags: ["Purchase file"] })
    .use(customer(run, options))
    .get("", ({ caller, query }) => run(readFile(mine(caller), query)), {
      query: strictly(FileQuery),
      response: { 200: answering(WholeFile), ...readingProblems },
      detail: { summary: "My purchase file: what happened, every document with its hash, and who has looked" }
    })
    .get("/timeline", ({ caller, query }) => run(readTimeline(mine(caller), query)), {
      query: strictly(FilePageQuery),
      response: { 200: answering(FileTimeline), ...readingProblems },
      detail: { summary: "What happened in my orders, services and cars, the newest last" }
    })
    .get("/documents", ({ caller, query }) => run(readDocuments(mine(caller), query)), {
      query: strictly(FilePageQuery),
      response: { 200: answering(FileDocuments), ...readingProblems },
      detail: { summary: "My documents, the newest last" }
    })
    .get("/documents/:documentId", ({ caller, params, request }) => run(readDocument(mine(caller), params.documentId, request)), {
      params: strictly(NamedDocument),
      response: readingProblems,
      detail: { summary: "One of my documents; its ETag is its SHA-256", ...answersBytes(...documentTypes) }
    })
    .get("/export", ({ caller, query }) => run(exportFile(mine(caller), query)), {
      query: strictly(FileQuery),
      response: { ...readingProblems, 429: readingProblems[404] },
      detail: {
        summary: "All of my purchase file as one ZIP archive, with a manifest of every hash",
        ...answersBytes("application/zip")
      }
    })

const mine = ({ subjectId }: Caller): Reader => ({
  by: subjectId,
  staff: null,
  scope: { customerId: subjectId, orderId: null }
})
