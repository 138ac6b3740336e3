/** Phones' tokens in Postgres: hashes of refresh tokens, used ones among them. */
import { createHmac, hkdfSync } from "node:crypto"
import { Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import type { SubjectId } from "#machines/vocabulary.ts"
import { securityLog } from "../accounts/security-log.ts"
import { tokenHash } from "../accounts/token.ts"
import { PlatformTime } from "../postgres/time.ts"
import { accessTokens } from "./access-token.ts"
import { MobileTokens, RefreshRefused } from "./mobile-tokens.ts"

const graceMillis = 30_000 // In which a lost answer is given once more.

interface Row {
  readonly sessionId: string
  readonly subjectId: SubjectId
  readonly deviceKeyHash: Uint8Array
  readonly usedAt: Date | null
  readonly isNewest: boolean
}

export const MobileTokensPostgres = (options: { readonly key: Redacted.Redacted<Uint8Array> }) =>
  Layer.effect(
    MobileTokens,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const time = yield* PlatformTime
      const log = yield* securityLog
      const access = accessTokens(options.key)
      const lineage = Buffer.from(hkdfSync("sha256", Redacted.value(options.key), "", "caas/refresh-tokens", 32))
      /** Made of the one before, so that a repeat gets the same and no token lies anywhere: 256 bits that only we can compute. */
      const successorOf = (token: string) => createHmac("sha256", lineage).update(token).digest("base64url")

      const issue = ({ subjectId, sessionId }: { readonly subjectId: SubjectId; readonly sessionId: string }) =>
        Effect.promise(() => access.issue(subjectId, sessionId, time.now()))

      /** Of a session that lives. Its lock comes first, so that of two who refresh at once the second sees what the first did. */
      const find = Effect.fnUntraced(function* (token: string, now: Date) {
        yield* sql`
          SELECT FROM sessions
          WHERE session_id = (SELECT session_id FROM refresh_tokens WHERE token_hash = ${tokenHash(token)})
          FOR UPDATE`
        const [row] = yield* sql<Row>`
          SELECT session.session_id      AS "sessionId",
                 session.subject_id      AS "subjectId",
                 session.device_key_hash AS "deviceKeyHash",
                 given.used_at           AS "usedAt",
                 EXISTS (SELECT FROM refresh_tokens AS next
                         WHERE next.token_hash = ${tokenHash(successorOf(token))} AND next.used_at IS NULL) AS "isNewest"
          FROM refresh_tokens AS given
          JOIN sessions AS session USING (session_id)
          JOIN accounts AS account USING (subject_id, role)
          WHERE given.token_hash = ${tokenHash(token)}
            AND session.ended_at IS NULL
            AND session.expires_at > ${now}
            AND session.last_seen_at + make_interval(secs => session.idle_seconds) > ${now}
            AND account.disabled_at IS NULL`
        return row
      })

      const rotate = Effect.fnUntraced(function* (token: string, sessionId: string, now: Date) {
        yield* sql`UPDATE refresh_tokens SET used_at = ${now} WHERE token_hash = ${tokenHash(token)}`
        yield* sql`
          INSERT INTO refresh_tokens (token_hash, session_id, issued_at)
          VALUES (${tokenHash(successorOf(token))}, ${sessionId}, ${now})`
        yield* sql`UPDATE sessions SET last_seen_at = ${now} WHERE session_id = ${sessionId}`
      })

      /** Null where it is refused: what was written on the way is kept. */
      const successor = Effect.fnUntraced(function* (token: string, deviceKey: string) {
        const now = new Date(time.now())
        const row = yield* find(token, now)
        if (row === undefined) {
          yield* log("RefreshRefused", null)
          return null
        }
        const isItself = Buffer.from(row.deviceKeyHash).equals(tokenHash(deviceKey))
        if (isItself && row.usedAt === null) yield* rotate(token, row.sessionId, now)
        else if (!(isItself && row.isNewest && now.getTime() - row.usedAt!.getTime() <= graceMillis)) {
          yield* sql`UPDATE sessions SET ended_at = ${now} WHERE session_id = ${row.sessionId}`
          yield* log("RefreshReused", row.subjectId, row.sessionId)
          return null
        }
        return row
      }, sql.withTransaction)

      return MobileTokens.of({
        access: Effect.fn("MobileTokens.access")(issue),
        refresh: Effect.fn("MobileTokens.refresh")(
          function* (refreshToken, deviceKey) {
            const row = yield* successor(refreshToken, deviceKey)
            if (row === null) return yield* new RefreshRefused()
            return { ...(yield* issue(row)), refreshToken: successorOf(refreshToken) }
          },
          Effect.catchTag("SqlError", Effect.die)
        )
      })
    })
  )
