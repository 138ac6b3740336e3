/** The papers of purchase files in Postgres: the bytes themselves, sealed, so that they are saved and restored with the order they are about. */
import { createHash } from "node:crypto"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { CurrentRequest } from "../audit/audit.ts"
import { PaperVault } from "../paper-vault/paper-vault.ts"
import { texts } from "../postgres/postgres.ts"
import { PlatformTime } from "../postgres/time.ts"
import type { PaperClass } from "../retention/retention.ts"
import { type FileRead, type PaperKind, PurchaseFile } from "./purchase-file.ts"

/** Which rule keeps a paper of this kind. */
export const classOf: Readonly<Record<PaperKind, PaperClass>> = {
  invoice: "tax",
  creditNote: "tax",
  withdrawalAcknowledgement: "contract",
  notification: "letter"
}

/** As it lies in either table: sealed; in clear where it was kept before papers were sealed, and nobody has come to it yet; neither, where its key is destroyed. */
interface Lying {
  readonly keyId: string | null
  readonly sealed: Uint8Array | null
  readonly bytes: Uint8Array | null
  readonly sha256: string
}

const sha256Of = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex")

export const PurchaseFilePostgres = Layer.effect(
  PurchaseFile,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const time = yield* PlatformTime
    const vault = yield* PaperVault
    const opened = (row: Lying | undefined) =>
      row?.keyId && row.sealed !== null
        ? vault.open({ keyId: row.keyId, sealed: row.sealed }, row.sha256)
        : Effect.succeed(row?.bytes ?? null)
    const noteReads = Effect.fn("PurchaseFile.noteReads")(function* (reads: ReadonlyArray<FileRead>) {
      const requestId = yield* CurrentRequest
      const column = (name: keyof FileRead) => texts(reads.map((read) => read[name]))
      yield* sql`
        INSERT INTO purchase_file_reads (at, customer_id, by_subject_id, role, dealership_id, order_id, what, document_id, request_id)
        SELECT ${new Date(time.now())}, customer_id, by_subject_id, role, dealership_id, order_id, what, document_id, ${requestId}
        FROM unnest(
          ${column("customerId")}::text[], ${column("by")}::text[], ${column("role")}::text[], ${column("dealershipId")}::text[],
          ${column("orderId")}::text[], ${column("what")}::text[], ${column("documentId")}::text[]
        ) AS read (customer_id, by_subject_id, role, dealership_id, order_id, what, document_id)`
    }, Effect.orDie)

    return PurchaseFile.of({
      keep: Effect.fn("PurchaseFile.keep")(function* (paper, id) {
        const { subjectId, country, kind, title, mediaType, bytes, orderId, activationId, vin } = paper
        const documentId = `doc_${sha256Of(id).slice(0, 32)}` // Whoever knows a command's id may tell it; nobody guesses it.
        const sha256 = sha256Of(bytes)
        const at = new Date(time.now())
        const { keyId, sealed } = yield* vault.seal({ subjectId, paperClass: classOf[kind], country, at }, sha256, bytes)
        const [kept] = yield* sql`
          INSERT INTO purchase_papers
            (document_id, command_id, subject_id, kind, title, media_type, size, sha256, key_id, sealed, order_id, activation_id, vin, at)
          VALUES
            (${documentId}, ${id}, ${subjectId}, ${kind}, ${title}, ${mediaType}, ${bytes.length}, ${sha256}, ${keyId}, ${sealed},
             ${orderId}, ${activationId}, ${vin}, ${at})
          ON CONFLICT DO NOTHING
          RETURNING document_id`
        if (kept !== undefined) return { documentId, sha256 }
        const [first] = yield* sql<{ sha256: string }>`SELECT sha256 FROM purchase_papers WHERE command_id = ${id}`
        return { documentId, sha256: first!.sha256 }
      }, Effect.orDie),
      bytesOf: Effect.fn("PurchaseFile.bytesOf")(function* (documentId: string) {
        const [row] = yield* sql<Lying>`
          SELECT key_id AS "keyId", sealed, bytes, sha256 FROM purchase_papers WHERE document_id = ${documentId}`
        return yield* opened(row)
      }, Effect.orDie),
      registrationBytesOf: Effect.fn("PurchaseFile.registrationBytesOf")(function* ({ orderId, kind, sha256 }) {
        const [row] = yield* sql<Lying>`
          SELECT key_id AS "keyId", sealed, bytes, sha256
          FROM documents
          WHERE order_id = ${orderId} AND kind = ${kind} AND sha256 = ${sha256}`
        return yield* opened(row)
      }, Effect.orDie),
      noteRead: (read) => noteReads([read]),
      noteReads
    })
  })
)
