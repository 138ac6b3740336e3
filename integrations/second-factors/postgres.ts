/** Second factors in Postgres: who has which, and what it means to have none any more. */
import { Effect, Layer, type Redacted } from "effect"
import { SqlClient } from "effect/sql"
import type { SubjectId } from "#machines/vocabulary.ts"
import type { Door } from "../accounts/accounts.ts"
import { securityLog } from "../accounts/security-log.ts"
import { PlatformTime } from "../postgres/time.ts"
import { recoveryCodes } from "./recovery-codes.ts"
import { FactorPresent, FactorRefused, NoFactor, SecondFactors, type Shown } from "./second-factors.ts"
import { otpauthUri } from "./totp.ts"
import { totpSecrets } from "./totp-secrets.ts"

/** `key`: the key-encryption key of people's data. */
export const SecondFactorsPostgres = (options: { readonly key: Redacted.Redacted<Uint8Array> }) =>
  Layer.effect(
    SecondFactors,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const time = yield* PlatformTime
      const log = yield* securityLog
      const codes = yield* recoveryCodes
      const totp = yield* totpSecrets(options.key)

      const isEnrolled = Effect.fn("SecondFactors.isEnrolled")(function* (subjectId: SubjectId, door: Door | null) {
        const [row] = yield* sql<{ enrolled: boolean }>`
          SELECT EXISTS (SELECT FROM totp_secrets WHERE subject_id = ${subjectId} AND confirmed_at IS NOT NULL)
              OR EXISTS (
                SELECT FROM passkeys WHERE subject_id = ${subjectId} AND ${door === null ? sql`true` : sql`door = ${door}`}
              ) AS enrolled`
        return row!.enrolled
      }, Effect.orDie)

      /** What it means that a factor is gone: nobody counts as having shown one that is not there. */
      const removed = Effect.fnUntraced(function* (subjectId: SubjectId, what: string) {
        yield* log("FactorRemoved", subjectId, what)
        for (const door of ["public", "intranet"] as const) {
          if (yield* isEnrolled(subjectId, door)) continue
          yield* sql`
            UPDATE sessions SET factor_at = NULL
            WHERE subject_id = ${subjectId} AND door = ${door} AND ended_at IS NULL`
        }
        const rest = yield* sql`
          SELECT FROM totp_secrets WHERE subject_id = ${subjectId} AND confirmed_at IS NOT NULL
          UNION ALL
          SELECT FROM passkeys WHERE subject_id = ${subjectId}`
        if (rest.length === 0) yield* codes.voidAll(subjectId)
      })

      const of = Effect.fn("SecondFactors.of")(function* (subjectId: SubjectId) {
        const [app] = yield* sql<{ confirmed_at: Date }>`
          SELECT confirmed_at FROM totp_secrets WHERE subject_id = ${subjectId} AND confirmed_at IS NOT NULL`
        const passkeys = yield* sql<{ passkeyId: string; door: Door; name: string; createdAt: Date; usedAt: Date | null }>`
          SELECT credential_id AS "passkeyId", door, name, created_at AS "createdAt", used_at AS "usedAt"
          FROM passkeys
          WHERE subject_id = ${subjectId}
          ORDER BY created_at`
        return {
          totpSince: app?.confirmed_at.toISOString() ?? null,
          passkeys: passkeys.map((one) => ({
            ...one,
            createdAt: one.createdAt.toISOString(),
            usedAt: one.usedAt?.toISOString() ?? null
          })),
          recoveryCodesLeft: yield* codes.left(subjectId)
        }
      }, Effect.orDie)

      return SecondFactors.of({
        of,
        isEnrolled,

        enrolTotp: Effect.fn("SecondFactors.enrolTotp")(
          function* (subjectId, account) {
            const secret = yield* totp.begin(subjectId)
            return secret === null ? yield* new FactorPresent() : { secret, uri: otpauthUri(secret, account) }
          },
          Effect.catchTag("SqlError", Effect.die)
        ),

        confirmTotp: Effect.fn("SecondFactors.confirmTotp")(
          function* ({ subjectId, sessionId }, code) {
            if (!(yield* totp.use(subjectId, code, true))) return yield* new FactorRefused()
            yield* sql`UPDATE sessions SET factor_at = ${new Date(time.now())} WHERE session_id = ${sessionId}`
            yield* log("FactorAdded", subjectId, "totp")
            return yield* codes.renewWhereNone(subjectId)
          },
          sql.withTransaction,
          Effect.catchTag("SqlError", Effect.die)
        ),

        show: Effect.fn("SecondFactors.show")(function* (subjectId: SubjectId, shown: Shown) {
          return "totp" in shown ? yield* totp.use(subjectId, shown.totp, false) : yield* codes.use(subjectId, shown.recoveryCode)
        }, Effect.orDie),

        removeTotp: Effect.fn("SecondFactors.removeTotp")(
          function* (subjectId: SubjectId) {
            const gone = yield* sql`DELETE FROM totp_secrets WHERE subject_id = ${subjectId} RETURNING subject_id`
            if (gone.length > 0) yield* removed(subjectId, "totp")
            return gone.length > 0
          },
          sql.withTransaction,
          Effect.orDie
        ),

        removePasskey: Effect.fn("SecondFactors.removePasskey")(
          function* (subjectId: SubjectId, passkeyId: string) {
            const gone = yield* sql`
              DELETE FROM passkeys WHERE credential_id = ${passkeyId} AND subject_id = ${subjectId} RETURNING credential_id`
            if (gone.length > 0) yield* removed(subjectId, "passkey")
            return gone.length > 0
          },
          sql.withTransaction,
          Effect.orDie
        ),

        renewRecoveryCodes: Effect.fn("SecondFactors.renewRecoveryCodes")(
          function* (subjectId) {
            const { totpSince, passkeys } = yield* of(subjectId)
            if (totpSince === null && passkeys.length === 0) return yield* new NoFactor()
            return yield* codes.renew(subjectId)
          },
          sql.withTransaction,
          Effect.catchTag("SqlError", Effect.die)
        ),

        reset: Effect.fn("SecondFactors.reset")(
          function* (subjectId: SubjectId, by: SubjectId, reason: string) {
            const now = new Date(time.now())
            yield* sql`DELETE FROM totp_secrets WHERE subject_id = ${subjectId}`
            yield* sql`DELETE FROM passkeys WHERE subject_id = ${subjectId}`
            yield* codes.voidAll(subjectId)
            yield* sql`UPDATE sessions SET ended_at = ${now} WHERE subject_id = ${subjectId} AND ended_at IS NULL`
            yield* sql`
              INSERT INTO operator_acts (at, by, act, target, reason)
              VALUES (${now}, ${by}, 'resetFactors', ${subjectId}, ${reason})`
            yield* log("FactorsReset", subjectId, `by ${by}`)
          },
          sql.withTransaction,
          Effect.orDie
        )
      })
    })
  )
