/** Showing once more who one is, in a session that lasts: dangerous acts want it fresh (OWASP ASVS 5.0, 7.5.1 and 7.5.3). */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { PlatformTime } from "../postgres/time.ts"
import { SecondFactors } from "../second-factors/second-factors.ts"
import { type Caller, SecondFactorRequired, StepUpFailed, type StepUpMeans, TooManyTries } from "./accounts.ts"
import { opening } from "./opening.ts"
import type { passwordHashing } from "./password-hash.ts"
import { securityLog } from "./security-log.ts"
import { signInTries } from "./sign-in-tries.ts"
import { newToken, tokenHash } from "./token.ts"

/** What is said when it was shown: by a code or a password here, by a passkey in its own room. Null for a phone, whose tokens rotate anyway. */
export const renewal = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const time = yield* PlatformTime
  const log = yield* securityLog

  return Effect.fnUntraced(function* ({ subjectId, sessionId }: Caller, withFactor: boolean) {
    const now = new Date(time.now())
    const factorAt = withFactor ? now : null
    const token = newToken()
    const next = `ses_${crypto.randomUUID()}`
    yield* log("SteppedUp", subjectId, sessionId)
    const phones = yield* sql`
      UPDATE sessions SET authenticated_at = ${now}, factor_at = ${factorAt}
      WHERE session_id = ${sessionId} AND ended_at IS NULL AND device_key_hash IS NOT NULL
      RETURNING session_id`
    if (phones.length > 0) return null
    // A row for each token: whose a token once was is asked for long afterwards.
    const renewed = yield* sql`
      WITH old AS (
        UPDATE sessions SET ended_at = ${now}
        WHERE session_id = ${sessionId} AND ended_at IS NULL
        RETURNING *
      )
      INSERT INTO sessions
        (token_hash, session_id, subject_id, role, dealership_id, door, created_at, last_seen_at, idle_seconds, expires_at,
         authenticated_at, factor_at)
      SELECT ${tokenHash(token)}, ${next}, subject_id, role, dealership_id, door, created_at, ${now}, idle_seconds, expires_at,
             ${now}, ${factorAt}
      FROM old
      RETURNING session_id`
    return renewed.length > 0 ? token : yield* new StepUpFailed() // It ended meanwhile: a token would be nobody's.
  }, sql.withTransaction)
})

export const stepUp = (hashing: Effect.Success<typeof passwordHashing>) =>
  Effect.gen(function* () {
    const factors = yield* SecondFactors
    const log = yield* securityLog
    const tries = yield* signInTries
    const { accountAt } = yield* opening
    const renew = yield* renewal

    const isShown = Effect.fnUntraced(function* (caller: Caller, means: StepUpMeans) {
      if (!("password" in means)) return yield* factors.show(caller.subjectId, means)
      const door = caller.role === "customer" ? "public" : "intranet"
      const account = yield* accountAt(caller.subjectId, door)
      return yield* hashing.inTurn(
        hashing.verify(means.password, account?.password_hash ?? null),
        Effect.fail(new TooManyTries({ retryAfterSeconds: 5 }))
      )
    })

    return Effect.fn("Accounts.stepUp")(
      function* (caller: Caller, means: StepUpMeans) {
        const counted = tokenHash(`step-up/${caller.sessionId}`) // Whoever holds another session of theirs locks nobody out of this one.
        const wait = yield* tries.begin(counted)
        if (wait !== null) return yield* new TooManyTries({ retryAfterSeconds: wait.retryAfterSeconds })
        const withFactor = yield* factors.isEnrolled(caller.subjectId, caller.role === "customer" ? "public" : "intranet")
        if (withFactor && "password" in means) return yield* new SecondFactorRequired()
        if (!(yield* isShown(caller, means))) {
          yield* log("StepUpRefused", caller.subjectId, caller.sessionId)
          return yield* new StepUpFailed()
        }
        yield* tries.forget(counted)
        return yield* renew(caller, !("password" in means)) // A code is a factor, also where it stands in for a passkey of the other door.
      },
      Effect.catchTag("SqlError", Effect.die)
    )
  })
