/** The keys of papers in Postgres, each wrapped under the house's key-encryption key. */
import { randomBytes } from "node:crypto"
import { Effect, Layer, type Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { paperEnvelope } from "../persons/envelope.ts"
import { PlatformTime } from "../postgres/time.ts"
import { keptUntil } from "../retention/retention.ts"
import { type Drawer, PaperVault, type SealedPaper } from "./paper-vault.ts"

interface KeyRow {
  readonly keyId: string
  readonly wrappedKey: Uint8Array
}

/** `key`: the key-encryption key of people's data (PERSONS_KEY). */
export const PaperVaultPostgres = (options: { readonly key: Redacted.Redacted<Uint8Array> }) =>
  Layer.effect(
    PaperVault,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const time = yield* PlatformTime
      const envelope = paperEnvelope(options.key)

      const find = Effect.fnUntraced(function* ({ subjectId, paperClass, country }: Drawer, year: number) {
        const [row] = yield* sql<KeyRow>`
          SELECT key_id AS "keyId", wrapped_key AS "wrappedKey"
          FROM paper_keys
          WHERE subject_id = ${subjectId} AND paper_class = ${paperClass} AND country = ${country} AND year = ${year}
            AND destroyed_at IS NULL`
        return row ?? null
      })

      const keyOf = Effect.fnUntraced(function* (drawer: Drawer) {
        const year = drawer.at.getUTCFullYear()
        const known = yield* find(drawer, year)
        if (known !== null) return known
        const { subjectId, paperClass, country } = drawer
        const keyId = `key_${randomBytes(16).toString("hex")}`
        const wrappedKey = envelope.newKey(keyId)
        const [made] = yield* sql`
          INSERT INTO paper_keys (key_id, subject_id, paper_class, country, year, wrapped_key, created_at, kept_until)
          VALUES (${keyId}, ${subjectId}, ${paperClass}, ${country}, ${year}, ${wrappedKey}, ${new Date(time.now())},
                  ${keptUntil(paperClass, country, year)})
          ON CONFLICT DO NOTHING
          RETURNING key_id`
        if (made !== undefined) return { keyId, wrappedKey }
        // Somebody made it at the same moment. Gone again already, it was destroyed at the next.
        return (yield* find(drawer, year)) ?? (yield* Effect.die(new Error("A key was destroyed while a paper was being sealed")))
      })

      return PaperVault.of({
        seal: Effect.fn("PaperVault.seal")(function* (drawer: Drawer, sha256: string, bytes: Uint8Array) {
          const { keyId, wrappedKey } = yield* keyOf(drawer)
          return { keyId, sealed: envelope.seal({ keyId, wrappedKey }, sha256, bytes) }
        }, Effect.orDie),
        open: Effect.fn("PaperVault.open")(function* ({ keyId, sealed }: SealedPaper, sha256: string) {
          const [key] = yield* sql<KeyRow>`
            SELECT key_id AS "keyId", wrapped_key AS "wrappedKey" FROM paper_keys WHERE key_id = ${keyId} AND destroyed_at IS NULL`
          if (key === undefined) return null
          return yield* Effect.try({
            try: () => envelope.open(key, sha256, sealed),
            catch: () => new Error(`A paper under ${keyId} does not open: another PERSONS_KEY, or a changed row`)
          })
        }, Effect.orDie)
      })
    })
  )
