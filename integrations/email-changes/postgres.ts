/** Asked-for addresses in Postgres, sealed like all that people tell us. */
import { Duration, Effect, Layer, type Redacted } from "effect"
import { SqlClient } from "effect/sql"
import type { SubjectId } from "#machines/vocabulary.ts"
import { LinkInvalid } from "../accounts/accounts.ts"
import { securityLog } from "../accounts/security-log.ts"
import { newToken, tokenHash } from "../accounts/token.ts"
import { envelope, type Sealed } from "../persons/envelope.ts"
import { Persons } from "../persons/persons.ts"
import { PlatformTime } from "../postgres/time.ts"
import { EmailChanges } from "./email-changes.ts"

const life = Duration.hours(24)

/** `key`: the key-encryption key of people's data. */
export const EmailChangesPostgres = (options: { readonly key: Redacted.Redacted<Uint8Array> }) =>
  Layer.effect(
    EmailChanges,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const time = yield* PlatformTime
      const persons = yield* Persons
      const log = yield* securityLog
      const { seal, open } = envelope(options.key)
      const about = (subjectId: SubjectId) => `email/${subjectId}` // A person's data put in its place does not open.

      return EmailChanges.of({
        ask: Effect.fn("EmailChanges.ask")(
          function* (subjectId: SubjectId, email: string) {
            const now = time.now()
            const token = newToken()
            const { wrappedKey, nonce, ciphertext } = seal(about(subjectId), email.trim())
            yield* sql`
              INSERT INTO email_changes (subject_id, token_hash, wrapped_key, nonce, ciphertext, asked_at, expires_at)
              VALUES (${subjectId}, ${tokenHash(token)}, ${wrappedKey}, ${nonce}, ${ciphertext}, ${new Date(now)},
                      ${new Date(now + Duration.toMillis(life))})
              ON CONFLICT (subject_id) WHERE used_at IS NULL DO UPDATE SET
                token_hash = EXCLUDED.token_hash, wrapped_key = EXCLUDED.wrapped_key, nonce = EXCLUDED.nonce,
                ciphertext = EXCLUDED.ciphertext, asked_at = EXCLUDED.asked_at, expires_at = EXCLUDED.expires_at`
            yield* log("EmailChangeAsked", subjectId)
            return token
          },
          sql.withTransaction,
          Effect.orDie
        ),

        confirm: Effect.fn("EmailChanges.confirm")(
          function* (token) {
            const now = new Date(time.now())
            const [row] = yield* sql<Sealed & { subjectId: SubjectId }>`
              UPDATE email_changes SET used_at = ${now}
              WHERE token_hash = ${tokenHash(token)} AND used_at IS NULL AND expires_at > ${now}
              RETURNING subject_id AS "subjectId", wrapped_key AS "wrappedKey", nonce, ciphertext`
            if (row === undefined) return yield* new LinkInvalid()
            const { subjectId } = row
            const { email: from } = yield* persons.read(subjectId)
            if (!(yield* persons.changeEmail(subjectId, open(about(subjectId), row)))) return yield* new LinkInvalid()
            yield* sql`
              UPDATE account_links SET voided_at = ${now}
              WHERE subject_id = ${subjectId} AND used_at IS NULL AND voided_at IS NULL`
            yield* log("EmailChanged", subjectId)
            return { subjectId, from }
          },
          sql.withTransaction,
          Effect.catchTag("PersonUnknown", () => Effect.fail(new LinkInvalid())), // Erased meanwhile.
          Effect.catchTag("SqlError", Effect.die)
        )
      })
    })
  )
