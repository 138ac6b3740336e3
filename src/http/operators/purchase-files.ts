/** Anybody's purchase file, for whoever helps them. Each look is noted, and the customer may read of it there. */
import { Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import type { Accounts, Caller, StaffRole } from "#integrations/accounts/accounts.ts"
import type { Persons } from "#integrations/persons/persons.ts"
import { seenBy } from "#integrations/postgres/seen-by.ts"
import type { PlatformTime } from "#integrations/postgres/time.ts"
import type { BundleSeal } from "#integrations/purchase-file/bundle-seal.ts"
import type { PurchaseFile } from "#integrations/purchase-file/purchase-file.ts"
import type { RateLimits } from "#integrations/redis/limits.ts"
import { SubjectId } from "#machines/vocabulary.ts"
import { isSomebody } from "#src/views/file-reads.ts"
import { readingProblems } from "../answers.ts"
import { answersBytes } from "../openapi.ts"
import type { HttpOptions } from "../options.ts"
import { notFound } from "../problem.ts"
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
import { staff } from "../session.ts"
import { answering, strictly } from "../strict.ts"

type Needs = Accounts | BundleSeal | Persons | PlatformTime | PurchaseFile | RateLimits | SqlClient.SqlClient

const Named = Schema.Struct({ customerId: SubjectId })
const NamedDocument = Schema.Struct({ ...Named.fields, ...documentIds })

export const purchaseFiles = (run: Run<Needs>, options: HttpOptions) =>
  new Elysia({ prefix: "/api/operator/purchase-files/:customerId", tags: ["Support"] })
    .use(staff(run, options))
    .get("", ({ caller, params, query }) => run(of(caller, params.customerId, (reader) => readFile(reader, query))), {
      params: strictly(Named),
      query: strictly(FileQuery),
      response: { 200: answering(WholeFile), ...readingProblems },
      detail: { summary: "A customer's purchase file; the look is noted" }
    })
    .get("/timeline", ({ caller, params, query }) => run(of(caller, params.customerId, (reader) => readTimeline(reader, query))), {
      params: strictly(Named),
      query: strictly(FilePageQuery),
      response: { 200: answering(FileTimeline), ...readingProblems },
      detail: { summary: "What happened in a customer's orders, services and cars, the newest last" }
    })
    .get(
      "/documents",
      ({ caller, params, query }) => run(of(caller, params.customerId, (reader) => readDocuments(reader, query))),
      {
        params: strictly(Named),
        query: strictly(FilePageQuery),
        response: { 200: answering(FileDocuments), ...readingProblems },
        detail: { summary: "A customer's documents, the newest last" }
      }
    )
    .get(
      "/documents/:documentId",
      ({ caller, params, request }) =>
        run(of(caller, params.customerId, (reader) => readDocument(reader, params.documentId, request))),
      {
        params: strictly(NamedDocument),
        response: readingProblems,
        detail: { summary: "A customer's document; its ETag is its SHA-256", ...answersBytes(...documentTypes) }
      }
    )
    .get("/export", ({ caller, params, query }) => run(of(caller, params.customerId, (reader) => exportFile(reader, query))), {
      params: strictly(Named),
      query: strictly(FileQuery),
      response: { ...readingProblems, 429: readingProblems[404] },
      detail: {
        summary: "A customer's purchase file as one ZIP archive, for whoever asked for it in writing",
        ...answersBytes("application/zip")
      }
    })

const of = <A, E, R>(caller: Caller, customerId: SubjectId, read: (reader: Reader) => Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const { subjectId: by, role } = caller
    if (!(yield* seenBy(caller)(isSomebody(customerId)))) return yield* Effect.fail(notFound())
    const employee = { role: role as StaffRole, dealershipId: null } // No customer has an account for this door.
    return yield* read({ by, staff: employee, scope: { customerId, orderId: null } })
  })
