/** Where somebody is signed in. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { Door } from "#integrations/accounts/accounts.ts"
import { PlatformTime } from "#integrations/postgres/time.ts"
import type { SubjectId } from "#machines/vocabulary.ts"

export interface SessionRow {
  readonly sessionId: string
  readonly door: Door
  readonly deviceName: string | null
  readonly since: Date
  readonly lastSeenAt: Date
  readonly expiresAt: Date
}

const atMost = 100

/** What is open and not idle too long, the newest first. */
export const sessionsOf = Effect.fn("views.sessionsOf")(function* (subjectId: SubjectId) {
  const sql = yield* SqlClient.SqlClient
  const now = new Date((yield* PlatformTime).now())
  return yield* sql<SessionRow>`
    SELECT session_id AS "sessionId", door, device_name AS "deviceName", created_at AS since,
           last_seen_at AS "lastSeenAt", expires_at AS "expiresAt"
    FROM sessions
    WHERE subject_id = ${subjectId} AND ended_at IS NULL AND expires_at > ${now}
      AND last_seen_at + make_interval(secs => idle_seconds) > ${now}
    ORDER BY created_at DESC
    LIMIT ${atMost}`
})
