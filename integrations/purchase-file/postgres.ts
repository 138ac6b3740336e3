/** The papers of purchase files in Postgres: the bytes themselves, so that they are saved and restored with the order they are about. */
import { createHash } from "node:crypto"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { PlatformTime } from "../postgres/time.ts"
import { PurchaseFile } from "./purchase-file.ts"

const sha256Of = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex")

export const PurchaseFilePostgres = Layer.effect(
  PurchaseFile,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const time = yield* PlatformTime
    return PurchaseFile.of({
      keep: Effect.fn("PurchaseFile.keep")(function* (paper, id) {
        const { subjectId, kind, title, mediaType, bytes, orderId, activationId, vin } = paper
        const documentId = `doc_${sha256Of(id).slice(0, 32)}` // Whoever knows a command's id may tell it; nobody guesses it.
        const sha256 = sha256Of(bytes)
        const [kept] = yield* sql`
          INSERT INTO purchase_papers
            (document_id, command_id, subject_id, kind, title, media_type, size, sha256, bytes, order_id, activation_id, vin, at)
          VALUES
            (${documentId}, ${id}, ${subjectId}, ${kind}, ${title}, ${mediaType}, ${bytes.length}, ${sha256}, ${bytes},
             ${orderId}, ${activationId}, ${vin}, ${new Date(time.now())})
          ON CONFLICT DO NOTHING
          RETURNING document_id`
        if (kept !== undefined) return { documentId, sha256 }
        const [first] = yield* sql<{ sha256: string }>`SELECT sha256 FROM purchase_papers WHERE command_id = ${id}`
        return { documentId, sha256: first!.sha256 }
      }, Effect.orDie),
      noteRead: Effect.fn("PurchaseFile.noteRead")(function* (read) {
        const { customerId, by, role, dealershipId, orderId, what, documentId } = read
        yield* sql`
          INSERT INTO purchase_file_reads (at, customer_id, by_subject_id, role, dealership_id, order_id, what, document_id)
          VALUES (${new Date(time.now())}, ${customerId}, ${by}, ${role}, ${dealershipId}, ${orderId}, ${what}, ${documentId})`
      }, Effect.orDie)
    })
  })
)
