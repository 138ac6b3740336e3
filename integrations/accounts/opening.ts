/** How a session begins, for whoever has shown who they are. */
import { Duration, Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { DealershipId, SubjectId } from "#machines/vocabulary.ts"
import { iso, PlatformTime } from "../postgres/time.ts"
import { type Caller, type Door, type Role, type SignInMeans, StaffRole } from "./accounts.ts"
import { securityLog } from "./security-log.ts"
import { newToken, tokenHash } from "./token.ts"

export interface Account {
  readonly role: Role
  readonly dealership_id: DealershipId | null
  readonly password_hash: string | null
}

/** How long a session lives without use, and at all. */
const limits = (role: Role, phone: SignInMeans["phone"]) => {
  if (phone !== undefined) return { idle: Duration.days(30), absolute: Duration.days(90) }
  return role === "customer"
    ? { idle: Duration.minutes(30), absolute: Duration.hours(12) }
    : { idle: Duration.minutes(15), absolute: Duration.hours(8) }
}

export const opening = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const time = yield* PlatformTime
  const log = yield* securityLog

  /** A stranger costs the same query. Who holds several posts signs in with the highest. */
  const accountAt = Effect.fnUntraced(function* (subjectId: SubjectId | null, door: Door) {
    const [account] = yield* sql<Account>`
      SELECT role, dealership_id, password_hash
      FROM accounts
      WHERE subject_id = ${subjectId ?? "sub_nobody"} AND disabled_at IS NULL AND (role = 'customer') = ${door === "public"}
      ORDER BY array_position(${[...StaffRole.literals]}::text[], role) DESC NULLS LAST
      LIMIT 1`
    return account
  })

  /** Null where the password was set anew, or the account disabled, while this one was being verified. */
  const open = Effect.fnUntraced(function* (
    subjectId: SubjectId,
    account: Account,
    door: Door,
    { withFactor, phone }: { readonly withFactor: boolean; readonly phone?: SignInMeans["phone"] }
  ) {
    const { role, password_hash: passwordHash, dealership_id: dealershipId } = account
    const { idle, absolute } = limits(role, phone)
    const now = time.now()
    const at = new Date(now)
    const expiresAt = now + Duration.toMillis(absolute)
    const token = newToken()
    const sessionId = `ses_${crypto.randomUUID()}`
    // A phone's refresh tokens have a table of their own, and its access tokens name the session: whose it was is found by that name.
    const opened = yield* sql`
      INSERT INTO sessions
        (token_hash, session_id, subject_id, role, dealership_id, door, created_at, last_seen_at, idle_seconds, expires_at,
         authenticated_at, factor_at, device_name, device_key_hash)
      SELECT ${tokenHash(phone === undefined ? token : sessionId)}, ${sessionId}, subject_id, role, dealership_id, ${door},
             ${at}, ${at}, ${Duration.toSeconds(idle)}, ${new Date(expiresAt)},
             ${at}, ${withFactor ? at : null}, ${phone?.name ?? null}, ${phone === undefined ? null : tokenHash(phone.key)}
      FROM accounts
      WHERE subject_id = ${subjectId} AND role = ${role} AND disabled_at IS NULL
        AND password_hash IS NOT DISTINCT FROM ${passwordHash}
      FOR SHARE
      RETURNING session_id`
    if (opened.length === 0) return null
    if (phone !== undefined)
      yield* sql`INSERT INTO refresh_tokens (token_hash, session_id, issued_at) VALUES (${tokenHash(token)}, ${sessionId}, ${at})`
    yield* log("SignedIn", subjectId, `${role} ${sessionId}${phone === undefined ? "" : " phone"}`)
    const authenticatedAt = iso(now)
    const factorAt = withFactor ? authenticatedAt : null
    const caller: Caller = { subjectId, role, dealershipId, sessionId, authenticatedAt, factorAt }
    return { token, caller, expiresAt: iso(expiresAt) }
  }, sql.withTransaction)

  return { accountAt, open }
})
