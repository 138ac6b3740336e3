/** Secrets of authenticator apps in Postgres: sealed before they get there, opened to judge a code and for nothing else. */
import { Effect, type Redacted } from "effect"
import { SqlClient } from "effect/sql"
import type { SubjectId } from "#machines/vocabulary.ts"
import { envelope, type Sealed } from "../persons/envelope.ts"
import { PlatformTime } from "../postgres/time.ts"
import { newSecret, stepOf } from "./totp.ts"

/** What seals a secret is derived from the key-encryption key of people's data, and is no other's. */
export const totpSecrets = (key: Redacted.Redacted<Uint8Array>) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const time = yield* PlatformTime
    const { seal, open } = envelope(key)
    const about = (subjectId: SubjectId) => `totp/${subjectId}` // A person's data put in its place does not open.

    /** A new one that waits for its first code; null where there is one that counts. */
    const begin = Effect.fnUntraced(function* (subjectId: SubjectId) {
      const secret = newSecret()
      const { wrappedKey, nonce, ciphertext } = seal(about(subjectId), secret)
      const kept = yield* sql`
        INSERT INTO totp_secrets AS known (subject_id, wrapped_key, nonce, ciphertext, created_at)
        VALUES (${subjectId}, ${wrappedKey}, ${nonce}, ${ciphertext}, ${new Date(time.now())})
        ON CONFLICT (subject_id) DO UPDATE SET
          wrapped_key = EXCLUDED.wrapped_key, nonce = EXCLUDED.nonce, ciphertext = EXCLUDED.ciphertext,
          created_at = EXCLUDED.created_at
        WHERE known.confirmed_at IS NULL
        RETURNING subject_id`
      return kept.length > 0 ? secret : null
    })

    /** Uses the code's step up, of the secret that counts or of the one that waits for its first code. */
    const use = Effect.fnUntraced(function* (subjectId: SubjectId, code: string, first: boolean) {
      const [row] = yield* sql<Sealed>`
        SELECT wrapped_key AS "wrappedKey", nonce, ciphertext
        FROM totp_secrets
        WHERE subject_id = ${subjectId} AND (confirmed_at IS NULL) = ${first}`
      const now = time.now()
      const step = row === undefined ? null : stepOf(open(about(subjectId), row), code, now)
      if (step === null) return false
      const used = yield* sql`
        UPDATE totp_secrets SET last_step = ${step}, confirmed_at = coalesce(confirmed_at, ${new Date(now)})
        WHERE subject_id = ${subjectId} AND last_step < ${step} AND (confirmed_at IS NULL) = ${first}
        RETURNING subject_id`
      return used.length > 0
    })

    return { begin, use }
  })
