/** What a device has to sign next: random, for one door, good once and not for long. */
import { Duration, Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { SubjectId } from "#machines/vocabulary.ts"
import type { Door } from "../accounts/accounts.ts"
import { newToken } from "../accounts/token.ts"
import { PlatformTime } from "../postgres/time.ts"

export const challengeLife = Duration.minutes(5)
const swept = 4 // Challenges that nobody answered, forgotten per new one.

export const challenges = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const time = yield* PlatformTime
  return {
    /** `subjectId`: for whom a passkey is made; null where one is shown. */
    issue: Effect.fnUntraced(function* (door: Door, subjectId: SubjectId | null) {
      const now = time.now()
      yield* sql`
        DELETE FROM passkey_challenges
        WHERE ctid = ANY (ARRAY (SELECT ctid FROM passkey_challenges WHERE expires_at <= ${new Date(now)} LIMIT ${swept} FOR UPDATE SKIP LOCKED))`
      const challenge = newToken()
      yield* sql`
        INSERT INTO passkey_challenges (challenge, subject_id, door, expires_at)
        VALUES (${challenge}, ${subjectId}, ${door}, ${new Date(now + Duration.toMillis(challengeLife))})`
      return challenge
    }),
    /** True once. */
    use: Effect.fnUntraced(function* (challenge: string, door: Door, subjectId: SubjectId | null) {
      const used = yield* sql`
        DELETE FROM passkey_challenges
        WHERE challenge = ${challenge} AND door = ${door} AND subject_id IS NOT DISTINCT FROM ${subjectId}
          AND expires_at > ${new Date(time.now())}
        RETURNING challenge`
      return used.length > 0
    })
  }
})

/** Which challenge a browser says that it answers; null for what is none of ours. Nothing of it is believed before it is verified. */
export const challengeIn = (clientDataJSON: string): string | null => {
  try {
    const { challenge } = JSON.parse(Buffer.from(clientDataJSON, "base64url").toString("utf8")) as { challenge?: unknown }
    return typeof challenge === "string" && /^[A-Za-z0-9_-]{22,128}$/.test(challenge) ? challenge : null
  } catch {
    return null
  }
}
