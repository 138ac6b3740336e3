/** Signing in: the same answer in the same time for a stranger, a wrong password and an account without one. */
import { Duration, Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { DealershipId, SubjectId } from "#machines/vocabulary.ts"
import { Persons } from "../persons/persons.ts"
import { iso, PlatformTime } from "../postgres/time.ts"
import { type Role, SignInFailed, StaffRole, TooManyTries } from "./accounts.ts"
import type { passwordHashing } from "./password-hash.ts"
import { securityLog } from "./security-log.ts"
import { signInTries } from "./sign-in-tries.ts"
import { newToken, tokenHash } from "./token.ts"

type Door = "public" | "intranet"

/** How long a session lives without use, and at all. */
const limits = (role: Role) =>
  role === "customer"
    ? { idle: Duration.minutes(30), absolute: Duration.hours(12) }
    : { idle: Duration.minutes(15), absolute: Duration.hours(8) }

const crowded = new TooManyTries({ retryAfterSeconds: 5 })

interface Account {
  readonly role: Role
  readonly dealership_id: DealershipId | null
  readonly password_hash: string | null
}

export const signIn = (hashing: Effect.Success<typeof passwordHashing>) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const time = yield* PlatformTime
    const persons = yield* Persons
    const log = yield* securityLog
    const tries = yield* signInTries

    /** Null where the password was set anew, or the account disabled, while this one was being verified. */
    const open = Effect.fnUntraced(function* (subjectId: SubjectId, account: Account, door: Door, token: string) {
      const { idle, absolute } = limits(account.role)
      const now = time.now()
      const expiresAt = now + Duration.toMillis(absolute)
      const sessionId = `ses_${crypto.randomUUID()}`
      const opened = yield* sql`
        INSERT INTO sessions
          (token_hash, session_id, subject_id, role, dealership_id, door, created_at, last_seen_at, idle_seconds, expires_at)
        SELECT ${tokenHash(token)}, ${sessionId}, subject_id, role, dealership_id, ${door},
               ${new Date(now)}, ${new Date(now)}, ${Duration.toSeconds(idle)}, ${new Date(expiresAt)}
        FROM accounts
        WHERE subject_id = ${subjectId} AND role = ${account.role} AND disabled_at IS NULL AND password_hash = ${account.password_hash}
        FOR SHARE
        RETURNING session_id`
      if (opened.length === 0) return null
      yield* log("SignedIn", subjectId, `${account.role} ${sessionId}`)
      return { sessionId, expiresAt: iso(expiresAt) }
    }, sql.withTransaction)

    const attempt = Effect.fnUntraced(
      function* (email: string, password: string, door: Door) {
        const index = persons.indexOf(email)
        const subjectId = yield* persons.findByEmail(email)
        const wait = yield* tries.begin(index)
        if (wait !== null) {
          if (wait.first) yield* log("SignInThrottled", subjectId, door)
          return yield* new TooManyTries({ retryAfterSeconds: wait.retryAfterSeconds })
        }
        // A stranger costs the same query. Who holds several posts signs in with the highest.
        const [account] = yield* sql<Account>`
          SELECT role, dealership_id, password_hash
          FROM accounts
          WHERE subject_id = ${subjectId ?? "sub_nobody"} AND disabled_at IS NULL AND (role = 'customer') = ${door === "public"}
          ORDER BY array_position(${[...StaffRole.literals]}::text[], role) DESC NULLS LAST
          LIMIT 1`
        const right = yield* hashing.verify(password, account?.password_hash ?? null)
        const token = newToken()
        const session = right && subjectId !== null && account !== undefined ? yield* open(subjectId, account, door, token) : null
        if (session === null || subjectId === null || account === undefined) {
          yield* log("SignInRefused", subjectId, door)
          return yield* new SignInFailed()
        }
        yield* tries.forget(index)
        const { role, dealership_id: dealershipId } = account
        return { token, expiresAt: session.expiresAt, caller: { subjectId, role, dealershipId, sessionId: session.sessionId } }
      },
      Effect.catchTag("SqlError", Effect.die)
    )

    return Effect.fn("Accounts.signIn")((email: string, password: string, door: Door) =>
      hashing.inTurn(attempt(email, password, door), Effect.fail(crowded))
    )
  })
