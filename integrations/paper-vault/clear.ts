/** Papers from before papers were sealed: sealed one by one in the background, until none lies in clear. */
import { Duration, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import type { Country, OrderId, SubjectId } from "#machines/vocabulary.ts"
import { stumbling } from "../log/log.ts"
import { answeredInTime } from "../postgres/postgres.ts"
import { classOf } from "../purchase-file/postgres.ts"
import type { PaperKind } from "../purchase-file/purchase-file.ts"
import { PaperVault } from "./paper-vault.ts"

const lookEvery = Duration.hours(1)
const atOnce = 16 // Papers of a look, of 10 MiB at most each.

interface ClearPaper {
  readonly documentId: string
  readonly kind: PaperKind
  readonly subjectId: SubjectId
  readonly country: Country
  readonly at: Date
  readonly sha256: string
  readonly bytes: Uint8Array
}
interface ClearDocument extends Omit<ClearPaper, "documentId" | "kind"> {
  readonly orderId: OrderId
  readonly kind: string
}

/** Seals some; of one person alone where `subjectId` says so. Answers how many: zero is the end. */
export const sealClear = Effect.fn("PaperVault.sealClear")(function* (subjectId: SubjectId | null) {
  const sql = yield* SqlClient.SqlClient
  const vault = yield* PaperVault
  const papers = yield* sql<ClearPaper>`
    SELECT p.document_id AS "documentId", p.kind, p.subject_id AS "subjectId", p.at, p.sha256, p.bytes,
           coalesce(
             (SELECT country FROM invoices WHERE command_id = p.command_id),
             (SELECT country FROM actors WHERE path = 'order/' || p.order_id),
             (SELECT country FROM actors WHERE path = 'activation/' || p.vin || '/' || p.activation_id),
             'ES'
           ) AS country
    FROM purchase_papers p
    WHERE p.bytes IS NOT NULL AND (${subjectId}::text IS NULL OR p.subject_id = ${subjectId})
    ORDER BY p.at
    LIMIT ${atOnce}`
  for (const { documentId, kind, sha256, bytes, ...drawer } of papers) {
    const { keyId, sealed } = yield* vault.seal({ ...drawer, paperClass: classOf[kind] }, sha256, bytes)
    yield* sql`SELECT seal_paper(${documentId}, ${keyId}, ${sealed})`
  }
  const documents = yield* sql<ClearDocument>`
    SELECT d.order_id AS "orderId", d.kind, o.subject_id AS "subjectId", d.at, d.sha256, d.bytes, o.country
    FROM documents d
    JOIN actors o ON o.path = 'order/' || d.order_id
    WHERE d.bytes IS NOT NULL AND (${subjectId}::text IS NULL OR o.subject_id = ${subjectId})
    ORDER BY d.at
    LIMIT ${atOnce}`
  for (const { orderId, kind, sha256, bytes, ...drawer } of documents) {
    const { keyId, sealed } = yield* vault.seal({ ...drawer, paperClass: "registration" }, sha256, bytes)
    yield* sql`SELECT seal_document(${orderId}, ${kind}, ${sha256}, ${keyId}, ${sealed})`
  }
  return papers.length + documents.length
})

/** All that is left of somebody's, or of everybody's. */
export const sealAllClear = (subjectId: SubjectId | null) =>
  Effect.repeat(answeredInTime(sealClear(subjectId)), { until: (sealed) => sealed === 0 })

const unsealed = stumbling("Papers in clear were not all sealed, and are tried again")

/** Every runner may do it: what another has sealed meanwhile stays as it is. */
export const PaperSealing = Layer.effectDiscard(
  Effect.gen(function* () {
    const look = sealAllClear(null).pipe(Effect.catchCause((cause) => unsealed(cause)))
    yield* Effect.andThen(look, Effect.sleep(lookEvery)).pipe(Effect.forever, Effect.forkScoped)
  })
)
