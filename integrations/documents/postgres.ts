/** Papers in Postgres: the bytes themselves, sealed, so that they are saved and restored with the order they belong to. */
import { createHash } from "node:crypto"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { PaperVault } from "../paper-vault/paper-vault.ts"
import { PlatformTime } from "../postgres/time.ts"
import { DocumentRefused, Documents } from "./documents.ts"
import { mediaType } from "./media-type.ts"

const largest = 10 * 1024 * 1024 // Bytes; the table has the same number.

export const DocumentsPostgres = Layer.effect(
  Documents,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const time = yield* PlatformTime
    const vault = yield* PaperVault
    return Documents.of({
      keep: Effect.fn("Documents.keep")(function* ({ orderId, customerId, country, kind, bytes, by }) {
        if (bytes.length === 0) return yield* new DocumentRefused({ reason: "Empty" })
        if (bytes.length > largest) return yield* new DocumentRefused({ reason: "LargerThan10MiB" })
        const type = mediaType(bytes)
        if (type === null) return yield* new DocumentRefused({ reason: "NeitherPdfJpegNorPng" })
        const sha256 = createHash("sha256").update(bytes).digest("hex")
        const at = new Date(time.now())
        const drawer = { subjectId: customerId, paperClass: "registration", country, at } as const
        const { keyId, sealed } = yield* vault.seal(drawer, sha256, bytes)
        yield* Effect.orDie(sql`
          INSERT INTO documents (order_id, kind, sha256, key_id, sealed, media_type, size, by, at)
          VALUES (${orderId}, ${kind}, ${sha256}, ${keyId}, ${sealed}, ${type}, ${bytes.length}, ${by}, ${at})
          ON CONFLICT DO NOTHING`)
        return { kind, sha256 }
      }),
      listOf: Effect.fn("Documents.listOf")(function* (orderId) {
        const rows = yield* sql<{ kind: string; sha256: string; media_type: string; size: number; at: Date }>`
          SELECT kind, sha256, media_type, size, at
          FROM documents
          WHERE order_id = ${orderId}
          ORDER BY at, kind, sha256`
        return rows.map(({ kind, sha256, media_type, size, at }) => ({
          kind,
          sha256,
          mediaType: media_type,
          size,
          at: at.toISOString()
        }))
      }, Effect.orDie)
    })
  })
)
