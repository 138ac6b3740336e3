/** Who is behind a token, for as long as the session lives. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { SubjectId } from "#machines/vocabulary.ts"
import { PlatformTime } from "../postgres/time.ts"
import type { Caller } from "./accounts.ts"
import { securityLog } from "./security-log.ts"
import { tokenHash } from "./token.ts"

const seenEvery = 60_000 // Milliseconds between two writes of `last_seen_at`: the idle limit is that much shorter at worst.

export const sessions = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const time = yield* PlatformTime
  const log = yield* securityLog
  return {
    authenticate: Effect.fn("Accounts.authenticate")(function* (token: string, door: "public" | "intranet") {
      const hash = tokenHash(token)
      const now = time.now()
      const [row] = yield* sql<Caller & { lastSeenAt: Date }>`
        SELECT session_id           AS "sessionId",
               subject_id           AS "subjectId",
               role,
               account.dealership_id AS "dealershipId",
               last_seen_at         AS "lastSeenAt"
        FROM sessions
        JOIN accounts AS account USING (subject_id, role)
        WHERE token_hash = ${hash}
          AND door = ${door}
          AND ended_at IS NULL
          AND expires_at > ${new Date(now)}
          AND last_seen_at + make_interval(secs => idle_seconds) > ${new Date(now)}
          AND account.disabled_at IS NULL
          AND account.dealership_id IS NOT DISTINCT FROM sessions.dealership_id`
      if (row === undefined) return null
      const { lastSeenAt, ...caller } = row
      if (now - lastSeenAt.getTime() >= seenEvery)
        yield* sql`UPDATE sessions SET last_seen_at = ${new Date(now)} WHERE token_hash = ${hash} AND last_seen_at < ${new Date(now)}`
      return caller
    }, Effect.orDie),

    holderOf: Effect.fn("Accounts.holderOf")(function* (tokenHash: Uint8Array) {
      const [row] = yield* sql<{ subject_id: SubjectId }>`SELECT subject_id FROM sessions WHERE token_hash = ${tokenHash}`
      return row?.subject_id ?? null
    }, Effect.orDie),

    signOut: Effect.fn("Accounts.signOut")(function* (sessionId: string) {
      const [ended] = yield* sql<{ subject_id: SubjectId }>`
        UPDATE sessions SET ended_at = ${new Date(time.now())}
        WHERE session_id = ${sessionId} AND ended_at IS NULL
        RETURNING subject_id`
      if (ended !== undefined) yield* log("SignedOut", ended.subject_id, sessionId)
    }, Effect.orDie)
  }
})
