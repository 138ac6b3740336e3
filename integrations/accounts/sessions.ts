/** Who is behind a token, for as long as the session lives. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { SubjectId } from "#machines/vocabulary.ts"
import type { accessTokens } from "../mobile-tokens/access-token.ts"
import { PlatformTime } from "../postgres/time.ts"
import type { Caller, Door, OpenSession } from "./accounts.ts"
import { securityLog } from "./security-log.ts"
import { tokenHash } from "./token.ts"

const listed = 100 // Sessions of one person.
const seenEvery = 60_000 // Milliseconds between two writes of `last_seen_at`: the idle limit is that much shorter at worst.

interface Row extends Omit<Caller, "authenticatedAt" | "factorAt"> {
  readonly authenticatedAt: Date
  readonly factorAt: Date | null
  readonly lastSeenAt: Date
}

interface OpenRow extends Omit<OpenSession, "since" | "lastSeenAt" | "expiresAt"> {
  readonly since: Date
  readonly lastSeenAt: Date
  readonly expiresAt: Date
}

export const sessions = (access: ReturnType<typeof accessTokens>) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const time = yield* PlatformTime
    const log = yield* securityLog

    /** A browser's session by its token, a phone's by what its access token names. */
    const named = Effect.fnUntraced(function* (token: string, now: number) {
      if (!token.includes(".")) return sql`token_hash = ${tokenHash(token)} AND device_key_hash IS NULL`
      const sessionId = yield* Effect.promise(() => access.sessionOf(token, now))
      return sessionId === null ? null : sql`session_id = ${sessionId} AND device_key_hash IS NOT NULL`
    })

    return {
      authenticate: Effect.fn("Accounts.authenticate")(function* (token: string, door: Door) {
        const now = time.now()
        const which = yield* named(token, now)
        if (which === null) return null
        const [row] = yield* sql<Row>`
          SELECT session_id            AS "sessionId",
                 subject_id            AS "subjectId",
                 role,
                 account.dealership_id AS "dealershipId",
                 authenticated_at      AS "authenticatedAt",
                 factor_at             AS "factorAt",
                 last_seen_at          AS "lastSeenAt"
          FROM sessions
          JOIN accounts AS account USING (subject_id, role)
          WHERE ${which}
            AND door = ${door}
            AND ended_at IS NULL
            AND expires_at > ${new Date(now)}
            AND last_seen_at + make_interval(secs => idle_seconds) > ${new Date(now)}
            AND account.disabled_at IS NULL
            AND account.dealership_id IS NOT DISTINCT FROM sessions.dealership_id`
        if (row === undefined) return null
        const { lastSeenAt, authenticatedAt, factorAt, ...caller } = row
        if (now - lastSeenAt.getTime() >= seenEvery)
          yield* sql`
            UPDATE sessions SET last_seen_at = ${new Date(now)}
            WHERE session_id = ${row.sessionId} AND ended_at IS NULL AND last_seen_at < ${new Date(now)}`
        return { ...caller, authenticatedAt: authenticatedAt.toISOString(), factorAt: factorAt?.toISOString() ?? null }
      }, Effect.orDie),

      holderOf: Effect.fn("Accounts.holderOf")(function* (tokenHash: Uint8Array) {
        const [row] = yield* sql<{ subject_id: SubjectId }>`SELECT subject_id FROM sessions WHERE token_hash = ${tokenHash}`
        return row?.subject_id ?? null
      }, Effect.orDie),

      sessionsOf: Effect.fn("Accounts.sessionsOf")(function* (subjectId: SubjectId) {
        const now = new Date(time.now())
        const rows = yield* sql<OpenRow>`
          SELECT session_id AS "sessionId", door, device_name AS "deviceName", created_at AS since,
                 last_seen_at AS "lastSeenAt", expires_at AS "expiresAt"
          FROM sessions
          WHERE subject_id = ${subjectId} AND ended_at IS NULL AND expires_at > ${now}
            AND last_seen_at + make_interval(secs => idle_seconds) > ${now}
          ORDER BY created_at DESC
          LIMIT ${listed}`
        return rows.map(({ since, lastSeenAt, expiresAt, ...row }) => ({
          ...row,
          since: since.toISOString(),
          lastSeenAt: lastSeenAt.toISOString(),
          expiresAt: expiresAt.toISOString()
        }))
      }, Effect.orDie),

      signOut: Effect.fn("Accounts.signOut")(function* (sessionId: string) {
        const [ended] = yield* sql<{ subject_id: SubjectId }>`
          UPDATE sessions SET ended_at = ${new Date(time.now())}
          WHERE session_id = ${sessionId} AND ended_at IS NULL
          RETURNING subject_id`
        if (ended !== undefined) yield* log("SignedOut", ended.subject_id, sessionId)
      }, Effect.orDie),

      endSession: Effect.fn("Accounts.endSession")(function* (subjectId: SubjectId, sessionId: string) {
        const ended = yield* sql`
          UPDATE sessions SET ended_at = ${new Date(time.now())}
          WHERE session_id = ${sessionId} AND subject_id = ${subjectId} AND ended_at IS NULL
          RETURNING session_id`
        if (ended.length > 0) yield* log("SessionEnded", subjectId, sessionId)
        return ended.length > 0
      }, Effect.orDie),

      endOtherSessions: Effect.fn("Accounts.endOtherSessions")(function* ({ subjectId, sessionId }: Caller) {
        const ended = yield* sql`
          UPDATE sessions SET ended_at = ${new Date(time.now())}
          WHERE subject_id = ${subjectId} AND session_id <> ${sessionId} AND ended_at IS NULL
          RETURNING session_id`
        yield* log("SessionEnded", subjectId, `${ended.length} others`)
      }, Effect.orDie)
    }
  })
