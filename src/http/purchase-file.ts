/** The Expediente de Compra as it is read over HTTP: one read model, for the customer, the dealership that sold and the operators (EX-02). */
import { Cause, Effect, Option, Schema, Stream } from "effect"
import { type Role, StaffRole } from "#integrations/accounts/accounts.ts"
import { seenBy } from "#integrations/postgres/seen-by.ts"
import { iso, PlatformTime } from "#integrations/postgres/time.ts"
import { BundleSeal } from "#integrations/purchase-file/bundle-seal.ts"
import { Look, PurchaseFile } from "#integrations/purchase-file/purchase-file.ts"
import { RateLimits } from "#integrations/redis/limits.ts"
import { ActivationId, DealershipId, Instant, OrderId, SubjectId as Subject, type SubjectId, Vin } from "#machines/vocabulary.ts"
import { bundle, nameOf } from "#src/bundle/bundle.ts"
import {
  type AfterDocument,
  beforeAll,
  bytesOf,
  DocumentKind,
  described,
  documentOf,
  documentsOf
} from "#src/views/file-documents.ts"
import { readsOf } from "#src/views/file-reads.ts"
import { type AfterTurn, type FileScope, inWords, turnsOf } from "#src/views/file-timeline.ts"
import type { Language } from "#src/views/order-words.ts"
import { languageOf } from "./language.ts"
import { afterOf, Cursor, cursorAfter, limitOf, pageQuery } from "./page.ts"
import { malformed, notFound } from "./problem.ts"

/** Who reads, and of whose file how much. Staff's looks are noted; a customer's own are not. */
export interface Reader {
  readonly by: SubjectId
  readonly staff: { readonly role: Exclude<Role, "customer">; readonly dealershipId: DealershipId | null } | null
  readonly scope: FileScope
}

const exportsPerHour = 6 // Of one file, by one reader: each reads all of it, and nobody uses up what is another's.
const page = 100 // Rows of the first page, and of each look while a file is exported.

const language = { language: Schema.optionalKey(Schema.Literals(["en", "es"])) } // The reader's own where nothing is said.
export const FileQuery = Schema.Struct(language)
export const FilePageQuery = Schema.Struct({ ...language, ...pageQuery })
export const documentIds = { documentId: Schema.String.check(Schema.isPattern(/^doc_[0-9a-f]{32}$/)) }

const about = { orderId: Schema.NullOr(OrderId), activationId: Schema.NullOr(ActivationId), vin: Schema.NullOr(Vin) }
export const FileTimeline = Schema.Struct({
  happenings: Schema.Array(
    Schema.Struct({ at: Instant, type: Schema.String, title: Schema.String, inWords: Schema.String, ...about })
  ),
  cursor: Cursor
}).annotate({ identifier: "PurchaseFileTimeline" })
export const FileDocuments = Schema.Struct({
  documents: Schema.Array(
    Schema.Struct({
      ...documentIds,
      kind: DocumentKind,
      at: Instant,
      title: Schema.String,
      mediaType: Schema.String,
      size: Schema.Natural,
      sha256: Schema.String,
      edition: Schema.NullOr(Schema.Natural), // Of a text or a manual.
      ...about
    })
  ),
  cursor: Cursor
}).annotate({ identifier: "PurchaseFileDocuments" })
export const WholeFile = Schema.Struct({
  customerId: Subject,
  /** The first pages, oldest first; what follows has addresses of its own. */
  timeline: FileTimeline,
  documents: FileDocuments,
  /** Who in the company has looked, the newest first; by role and house. Null for a dealership. */
  reads: Schema.NullOr(
    Schema.Array(
      Schema.Struct({
        at: Instant,
        role: StaffRole,
        dealershipId: Schema.NullOr(DealershipId),
        orderId: Schema.NullOr(OrderId),
        what: Look,
        documentId: Schema.NullOr(Schema.String)
      })
    )
  )
}).annotate({ identifier: "PurchaseFile" })

type Query = typeof FilePageQuery.Type
const beforeAllTurns: AfterTurn = { ...beforeAll, path: "", version: 0 }
const beforeAllDocuments: AfterDocument = { ...beforeAll, documentId: "" }

const note = Effect.fnUntraced(function* ({ by, staff, scope }: Reader, what: "file" | "document" | "export", documentId?: string) {
  if (staff === null) return
  const file = yield* PurchaseFile
  yield* file.noteRead({ ...scope, by, ...staff, what, documentId: documentId ?? null })
})

/** By their eyes alone: a customer's, a dealership's, or the company's. */
const seenByReader = ({ by, staff }: Reader) =>
  seenBy({ subjectId: by, role: staff?.role ?? "customer", dealershipId: staff?.dealershipId ?? null })

const readIn = ({ by }: Reader, query: Query) =>
  query.language === undefined ? languageOf(by) : Effect.succeed<Language>(query.language)

export const readFile = Effect.fn("purchaseFile.read")(function* (reader: Reader, query: Query) {
  const { customerId, orderId } = reader.scope
  yield* note(reader, "file")
  return {
    customerId,
    timeline: yield* happenings(reader, query, beforeAllTurns, page),
    documents: yield* documents(reader, beforeAllDocuments, page),
    reads:
      orderId === null
        ? (yield* seenByReader(reader)(readsOf(customerId))).map((read) => ({ ...read, at: read.at.toISOString() }))
        : null
  }
})

export const readTimeline = Effect.fn("purchaseFile.timeline")(function* (reader: Reader, query: Query) {
  const [at, path, version] = afterOf(query, [beforeAll.at as string, "", 0 as number])
  yield* note(reader, "file")
  return yield* happenings(reader, query, { at: instantIn(at), path, version }, limitOf(query))
})

export const readDocuments = Effect.fn("purchaseFile.documents")(function* (reader: Reader, query: Query) {
  const [at, documentId] = afterOf(query, [beforeAll.at as string, ""])
  yield* note(reader, "file")
  return yield* documents(reader, { at: instantIn(at), documentId }, limitOf(query))
})

/** A cursor may have been written by anybody. */
const instantIn = (at: string): string => {
  if (/^2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(at) && !Number.isNaN(Date.parse(at))) return at
  throw malformed("query cursor: not one of ours. Take it from the page before.")
}

const happenings = Effect.fnUntraced(function* (reader: Reader, query: Query, after: AfterTurn, limit: number) {
  const rows = yield* seenByReader(reader)(turnsOf(reader.scope, after, limit))
  const language = yield* readIn(reader, query)
  return {
    happenings: rows.map((row) => inWords(row, language)),
    cursor: cursorAfter(rows, limit, ({ at, path, version }) => [at.toISOString(), path, version])
  }
})

const documents = Effect.fnUntraced(function* (reader: Reader, after: AfterDocument, limit: number) {
  const rows = yield* seenByReader(reader)(documentsOf(reader.scope, after, limit))
  const shownIn = yield* languageOf(reader.scope.customerId)
  return {
    documents: rows.flatMap((row) => described(row, shownIn) ?? []),
    cursor: cursorAfter(rows, limit, ({ at, documentId }) => [at.toISOString(), documentId])
  }
})

/** The bytes themselves. Their hash is their tag: who has them already is told so. */
export const readDocument = Effect.fn("purchaseFile.document")(function* (reader: Reader, documentId: string, request: Request) {
  const shownIn = yield* languageOf(reader.scope.customerId)
  const found = yield* seenByReader(reader)(documentOf(yield* PurchaseFile, reader.scope, documentId, shownIn))
  if (found === null) return yield* Effect.fail(notFound())
  const { document, bytes } = found
  yield* note(reader, "document", documentId)
  const etag = `"${document.sha256}"`
  if (request.headers.get("if-none-match") === etag) return new Response(null, { status: 304, headers: { etag } })
  const isText = document.mediaType.startsWith("text/")
  return new Response(Buffer.from(bytes), {
    headers: {
      "content-type": isText ? `${document.mediaType}; charset=utf-8` : document.mediaType,
      "content-disposition": `attachment; filename="${nameOf(document).slice("documents/".length)}"`,
      etag
    }
  })
})

/** All of it as one archive, made while it is sent. What goes wrong on the way breaks it off: half an archive does not open. */
export const exportFile = Effect.fn("purchaseFile.export")(function* (reader: Reader, query: Query) {
  const { scope } = reader
  const seen = seenByReader(reader)
  const file = yield* PurchaseFile
  const limits = yield* RateLimits
  const time = yield* PlatformTime
  yield* limits.consume(`purchase-file/${scope.customerId}/${reader.by}`, exportsPerHour, 3600)
  yield* note(reader, "export")
  const language = yield* readIn(reader, query)
  const shownIn = yield* languageOf(scope.customerId)
  const madeAt = iso(time.now())
  const documents = Stream.paginate(beforeAllDocuments, (after) =>
    Effect.map(
      seen(documentsOf(scope, after, page)),
      (rows) => [rows, nextOf(rows, ({ at, documentId }) => ({ at, documentId }))] as const
    )
  ).pipe(
    Stream.mapEffect((row) => {
      const document = described(row, shownIn)
      if (document === null) return Effect.succeed([])
      return Effect.map(seen(bytesOf(file, row, shownIn)), (bytes) => (bytes === null ? [] : [{ document, bytes }]))
    }),
    Stream.flatMap(Stream.fromIterable)
  )
  const timeline = Stream.paginate(beforeAllTurns, (after) =>
    Effect.map(seen(turnsOf(scope, after, page)), (rows) => {
      const told = rows.map((row) => inWords(row, language))
      return [[told], nextOf(rows, ({ at, path, version }) => ({ at, path, version }))] as const
    })
  )
  const { seal } = yield* BundleSeal
  const archive = bundle({ customerId: scope.customerId, madeAt, documents, timeline, seal }).pipe(
    Stream.tapCause((cause) =>
      Cause.hasInterruptsOnly(cause) ? Effect.void : Effect.logError("An export of a purchase file broke off", cause)
    )
  )
  return new Response(yield* Stream.toReadableStreamEffect(archive), {
    headers: {
      "content-type": "application/zip",
      "content-disposition": `attachment; filename="purchase-file-${madeAt.slice(0, 10)}.zip"`
    }
  })
})

/** Where the next page begins; none after a page that was not full. */
const nextOf = <Row extends { readonly at: Date }, Key extends { readonly at: Date }>(
  rows: ReadonlyArray<Row>,
  keyOf: (row: Row) => Key
): Option.Option<Omit<Key, "at"> & { readonly at: string }> => {
  const last = rows.length < page ? undefined : rows.at(-1)
  if (last === undefined) return Option.none()
  const { at, ...key } = keyOf(last)
  return Option.some({ ...key, at: at.toISOString() })
}

/** What a document may be, as OpenAPI is told. */
export const documentTypes = ["application/pdf", "image/jpeg", "image/png", "text/markdown", "text/plain"] as const
