/** Every document of a customer's purchase file, wherever its bytes lie: papers we made, registration papers, texts as they were agreed to, manuals. */
import { Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { Seen } from "#integrations/postgres/seen-by.ts"
import { PaperKind, type PurchaseFile } from "#integrations/purchase-file/purchase-file.ts"
import { countries } from "#integrations/registration/countries.ts"
import { contractText } from "#integrations/texts/contract-texts.ts"
import { manualOf, newestManual } from "#integrations/texts/manuals.ts"
import type { Page } from "#integrations/texts/page.ts"
import type { ActivationId, Country, OrderId, Vin } from "#machines/vocabulary.ts"
import type { FileScope } from "./file-timeline.ts"
import type { Language } from "./order-words.ts"

export const DocumentKind = Schema.Literals([...PaperKind.literals, "registrationPaper", "contractText", "manual"])
export type DocumentKind = typeof DocumentKind.Type

/** As the tables have it. Of a contract text: which, and its edition; of a manual: the option; of a registration paper: its kind. */
export interface DocumentRow {
  readonly documentId: string
  readonly kind: DocumentKind
  readonly at: Date
  readonly title: string
  readonly edition: number | null
  /** Of a contract text: the one in which it was agreed to, where that was kept. */
  readonly language: Language | null
  readonly mediaType: string
  readonly size: number | null
  readonly sha256: string | null
  readonly orderId: OrderId | null
  readonly activationId: ActivationId | null
  readonly vin: Vin | null
  readonly country: Country | null
}

export interface FileDocument {
  readonly documentId: string
  readonly kind: DocumentKind
  /** When it was made or handed in; of a text, when it was agreed to; of a manual, when the service became active. */
  readonly at: string
  readonly title: string
  readonly mediaType: string
  readonly size: number
  readonly sha256: string
  /** Of a text or a manual. */
  readonly edition: number | null
  readonly orderId: OrderId | null
  readonly activationId: ActivationId | null
  readonly vin: Vin | null
}

export interface AfterDocument {
  readonly at: string
  readonly documentId: string
}

const idOf = (sql: SqlClient.SqlClient, parts: string) =>
  sql.literal(`'doc_' || left(encode(sha256(convert_to(concat_ws('/', ${parts}), 'UTF8')), 'hex'), 32)`)

/**
 * By (instant, id), after `after`; at most `limit`. With `documentId`: that one alone. Of a car that was sold on, its new owner has the
 * manuals of what stayed with it, and learns nothing of who bought it.
 */
const rowsOf = Effect.fnUntraced(function* (
  { customerId, orderId }: FileScope,
  after: AfterDocument,
  limit: number,
  documentId: string | null
) {
  const sql = yield* Seen
  const mine = orderId === null ? sql`type IN ('order', 'activation')` : sql`path = ${`order/${orderId}`}`
  const papers = orderId === null ? sql`true` : sql`order_id = ${orderId}`
  const all =
    orderId === null
      ? sql`
      UNION ALL
      SELECT DISTINCT
             ${idOf(sql, "'text', j.path, j.version, agreed ->> 'text', agreed ->> 'edition'")}, 'contractText', (agreed ->> 'at')::timestamptz,
             agreed ->> 'text', (agreed ->> 'edition')::int, agreed ->> 'language', 'text/markdown', NULL::int, NULL, NULL, NULL, owned.vin, NULL
      FROM ownerships owned
      JOIN whole.journal j ON j.partition = owned.partition AND j.path = owned.path AND j.version IN (owned.since, owned.until)
      CROSS JOIN jsonb_array_elements(j.body -> 'consents') agreed
      WHERE owned.subject_id = ${customerId} AND j.type = 'TransferOwnership'
      UNION ALL
      SELECT ${idOf(sql, "'manual', path, vin")}, 'manual', active_since, option, NULL, NULL, 'text/markdown', NULL, NULL, NULL,
             activation_id, vin, NULL
      FROM car_services
      WHERE owner_id = ${customerId} AND active`
      : sql``
  return yield* sql<DocumentRow>`
    WITH contracts AS (
      SELECT path, vin, country, state -> 'context' ->> 'orderId' AS order_id, state -> 'context' ->> 'activationId' AS activation_id,
             state -> 'context' -> 'consents' AS consents
      FROM actors
      WHERE subject_id = ${customerId} AND ${mine}
    ), documents_of_all AS (
      SELECT document_id, kind, at, title, NULL::int AS edition, NULL AS language, media_type, size, sha256, order_id, activation_id, vin, NULL AS country
      FROM purchase_papers
      WHERE subject_id = ${customerId} AND ${papers} AND (sealed IS NOT NULL OR bytes IS NOT NULL)
      UNION ALL
      SELECT ${idOf(sql, "'registration', d.order_id, d.kind, d.sha256")}, 'registrationPaper', d.at,
             d.kind, NULL, NULL, d.media_type, d.size, d.sha256, d.order_id, NULL, c.vin, c.country
      FROM contracts c
      JOIN documents d ON d.order_id = c.order_id AND (d.sealed IS NOT NULL OR d.bytes IS NOT NULL)
      UNION ALL
      SELECT DISTINCT
             ${idOf(sql, "'text', c.path, agreed ->> 'text', agreed ->> 'edition'")}, 'contractText', (agreed ->> 'at')::timestamptz,
             agreed ->> 'text', (agreed ->> 'edition')::int, agreed ->> 'language', 'text/markdown', NULL::int, NULL, c.order_id, c.activation_id, c.vin, NULL
      FROM contracts c
      CROSS JOIN jsonb_array_elements(c.consents) agreed
      ${all}
    )
    SELECT document_id AS "documentId", kind, at, title, edition, language, media_type AS "mediaType", size, sha256, order_id AS "orderId",
           activation_id AS "activationId", vin, country
    FROM documents_of_all
    WHERE (at, document_id) > (${new Date(after.at)}, ${after.documentId}) AND ${documentId === null ? sql`true` : sql`document_id = ${documentId}`}
    ORDER BY at, document_id
    LIMIT ${limit}`
})

export const documentsOf = Effect.fn("views.documentsOf")(function* (scope: FileScope, after: AfterDocument, limit: number) {
  return yield* rowsOf(scope, after, limit, null)
})

/** The beginning of everything: no document of ours is older. */
export const beforeAll = { at: "2000-01-01T00:00:00.000Z" } as const

/** With its bytes. Null where the file has no such document, whoever else's it may be. */
export const documentOf = Effect.fn("views.documentOf")(function* (
  file: PurchaseFile["Service"],
  scope: FileScope,
  documentId: string,
  shownIn: Language
) {
  const [row] = yield* rowsOf(scope, { ...beforeAll, documentId: "" }, 1, documentId)
  const document = row === undefined ? null : described(row, shownIn)
  const bytes = row === undefined || document === null ? null : yield* bytesOf(file, row, shownIn)
  return document === null || bytes === null ? null : { document, bytes }
})

/** The page that a text or a manual is; null for what lies in a table, and for a text that was agreed to before texts were kept. */
const pageOf = (
  { kind, title, edition, language }: DocumentRow,
  shownIn: Language
): { readonly page: Page; readonly edition: number } | null => {
  if (kind !== "contractText" && kind !== "manual") return null
  const which = kind === "manual" ? newestManual(title) : edition!
  const pages = kind === "manual" ? manualOf(title, which) : contractText(title, which)
  return pages === null ? null : { page: pages[language ?? shownIn], edition: which }
}

/** As it is listed; `shownIn` is the customer's language. Null where there is nothing to show. */
export const described = (row: DocumentRow, shownIn: Language): FileDocument | null => {
  const { documentId, kind, at, title, mediaType, size, sha256, orderId, activationId, vin, country } = row
  const common = { documentId, kind, at: at.toISOString(), mediaType, orderId, activationId, vin }
  if (size !== null && sha256 !== null) {
    const rules = country === null ? undefined : countries[country].papers.find((paper) => paper.kind === title)
    return { ...common, title: rules?.called ?? title, size, sha256, edition: null }
  }
  const shown = pageOf(row, shownIn)
  if (shown === null) return null
  const { page, edition } = shown
  return { ...common, title: page.title, size: page.size, sha256: page.sha256, edition }
}

/** Of a row that `documentsOf` told, and that is described. Null where it was erased a moment ago. */
export const bytesOf = Effect.fn("views.bytesOf")(function* (file: PurchaseFile["Service"], row: DocumentRow, shownIn: Language) {
  const shown = pageOf(row, shownIn)
  if (shown !== null) return shown.page.bytes
  return row.kind === "registrationPaper"
    ? yield* file.registrationBytesOf({ orderId: row.orderId!, kind: row.title, sha256: row.sha256! })
    : yield* file.bytesOf(row.documentId)
})
