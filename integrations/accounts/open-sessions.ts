/** Where somebody is signed in. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { SubjectId } from "#machines/vocabulary.ts"
import { PlatformTime } from "../postgres/time.ts"
import type { OpenSession } from "./accounts.ts"

const atMost = 100

/** What is open and not idle too long, the newest first. */
export const openSessions = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const time = yield* PlatformTime
  return Effect.fn("Accounts.openSessions")(function* (subjectId: SubjectId) {
    const now = new Date(time.now())
    return yield* sql<OpenSession>`
      SELECT session_id AS "sessionId", door, device_name AS "deviceName", created_at AS since,
             last_seen_at AS "lastSeenAt", expires_at AS "expiresAt"
      FROM sessions
      WHERE subject_id = ${subjectId} AND ended_at IS NULL AND expires_at > ${now}
        AND last_seen_at + make_interval(secs => idle_seconds) > ${now}
      ORDER BY created_at DESC
      LIMIT ${atMost}`
  }, Effect.orDie)
})
