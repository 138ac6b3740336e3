/** One-time links: how a person gets a password without anybody else ever knowing one (S13, OWASP ASVS 5.0, 6.4.1 and 6.4.6). */
import { Duration, Effect, type Redacted } from "effect"
import { SqlClient } from "effect/sql"
import type { SubjectId } from "#machines/vocabulary.ts"
import { Persons } from "../persons/persons.ts"
import { PlatformTime } from "../postgres/time.ts"
import { type Door, LinkInvalid, PasswordTooWeak } from "./accounts.ts"
import { deviceTokens } from "./devices.ts"
import type { passwordHashing } from "./password-hash.ts"
import { weakness } from "./password-strength.ts"
import { securityLog } from "./security-log.ts"
import { newToken, tokenHash } from "./token.ts"

const linkLife = Duration.hours(24)
const freshness = Duration.minutes(1) // Of two sales at once: a mail is on its way for so long.

interface Link {
  readonly subject_id: SubjectId
  readonly state: "live" | "used" | "voided" | "expired"
}

export const links = (hashing: Effect.Success<typeof passwordHashing>, key: Redacted.Redacted<Uint8Array>) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const time = yield* PlatformTime
    const persons = yield* Persons
    const log = yield* securityLog
    const devices = deviceTokens(key)

    const issueLink = Effect.fn("Accounts.issueLink")(
      function* (
        subjectId: SubjectId,
        { evenIfSet, besideFresh = false }: { readonly evenIfSet: boolean; readonly besideFresh?: boolean }
      ) {
        // The lock makes two issuers take turns: two live links per person at most, and the table says so too.
        const accounts = yield* sql<{ unset: boolean }>`
          SELECT password_hash IS NULL AS unset
          FROM accounts
          WHERE subject_id = ${subjectId} AND disabled_at IS NULL
          ORDER BY role
          FOR UPDATE`
        if (!accounts.some(({ unset }) => unset || evenIfSet)) return null
        const now = time.now()
        const token = newToken()
        const live = yield* sql<{ token_hash: Uint8Array; slot: number; issued_at: Date }>`
          SELECT token_hash, slot, issued_at
          FROM account_links
          WHERE subject_id = ${subjectId} AND used_at IS NULL AND voided_at IS NULL
          ORDER BY issued_at DESC`
        const since = now - Duration.toMillis(freshness)
        const stays = besideFresh ? live.find(({ issued_at }) => issued_at.getTime() > since) : undefined
        for (const { token_hash } of live.filter((link) => link !== stays))
          yield* sql`UPDATE account_links SET voided_at = ${new Date(now)} WHERE token_hash = ${token_hash}`
        yield* sql`
          INSERT INTO account_links (token_hash, subject_id, slot, issued_at, expires_at)
          VALUES (${tokenHash(token)}, ${subjectId}, ${stays?.slot === 0 ? 1 : 0}, ${new Date(now)}, ${new Date(now + Duration.toMillis(linkLife))})`
        yield* log("LinkIssued", subjectId)
        return token
      },
      sql.withTransaction,
      Effect.orDie
    )

    const recover = Effect.fn("Accounts.recover")(function* (email: string, door: Door) {
      const subjectId = yield* persons.findByEmail(email)
      const accounts = yield* sql`
        SELECT FROM accounts
        WHERE subject_id = ${subjectId ?? "sub_nobody"} AND disabled_at IS NULL AND (role = 'customer') = ${door === "public"}`
      yield* log("RecoveryAsked", accounts.length > 0 ? subjectId : null, door)
      if (subjectId === null || accounts.length === 0) return null
      const token = yield* issueLink(subjectId, { evenIfSet: true, besideFresh: true })
      return token === null ? null : { subjectId, token }
    }, Effect.orDie)

    const look = Effect.fnUntraced(function* (hash: Uint8Array) {
      const [link] = yield* sql<Link>`
        SELECT subject_id,
               CASE WHEN used_at IS NOT NULL                          THEN 'used'
                    WHEN voided_at IS NOT NULL                        THEN 'voided'
                    WHEN expires_at <= ${new Date(time.now())} THEN 'expired'
                    ELSE 'live' END AS state
        FROM account_links
        WHERE token_hash = ${hash}`
      return link
    })

    const refuse = Effect.fnUntraced(function* (subjectId: SubjectId | null, why: string) {
      yield* log("LinkRefused", subjectId, why)
      return yield* new LinkInvalid()
    })

    /** Everything or nothing: the link used up, the other void, the password set, every session ended, no new address waiting. False where another was faster. */
    const take = Effect.fnUntraced(function* (hash: Uint8Array, subjectId: SubjectId, passwordHash: string) {
      const now = new Date(time.now())
      // Accounts before links, as `issueLink` locks them: two at once wait for each other instead of dying. Closed ones too: one that is opened
      // again must not bring back the password that this one replaces.
      const accounts = yield* sql<{ open: boolean }>`
        UPDATE accounts SET password_hash = ${passwordHash}
        WHERE subject_id = ${subjectId}
          AND EXISTS (SELECT FROM account_links WHERE token_hash = ${hash} AND used_at IS NULL AND voided_at IS NULL)
        RETURNING disabled_at IS NULL AS open`
      const used = yield* sql`
        UPDATE account_links SET used_at = ${now}
        WHERE token_hash = ${hash} AND used_at IS NULL AND voided_at IS NULL AND expires_at > ${now}
        RETURNING subject_id`
      if (!accounts.some(({ open }) => open) || used.length === 0) return yield* new LinkInvalid()
      yield* sql`
        UPDATE account_links SET voided_at = ${now}
        WHERE subject_id = ${subjectId} AND used_at IS NULL AND voided_at IS NULL`
      yield* sql`UPDATE sessions SET ended_at = ${now} WHERE subject_id = ${subjectId} AND ended_at IS NULL`
      // What whoever knew the old password had asked for: confirmed later, the account would be theirs for good.
      yield* sql`DELETE FROM email_changes WHERE subject_id = ${subjectId} AND used_at IS NULL`
      yield* log("PasswordSet", subjectId, `link ${Buffer.from(hash).toString("hex").slice(0, 16)}`) // Which: it may not be used again.
    }, sql.withTransaction)

    const setPassword = Effect.fn("Accounts.setPassword")(
      function* (token: string, password: string) {
        const hash = tokenHash(token)
        const link = yield* look(hash)
        if (link === undefined) return yield* refuse(null, "unknown")
        if (link.state !== "live") return yield* refuse(link.subject_id, link.state)
        const { email } = yield* Effect.catchTag(persons.read(link.subject_id), "PersonUnknown", () =>
          refuse(link.subject_id, "erased")
        )
        const reason = weakness(password, email) // The link stays good for a better one.
        if (reason !== null) return yield* new PasswordTooWeak({ reason })
        const passwordHash = yield* hashing.hash(password)
        yield* Effect.catchTag(take(hash, link.subject_id, passwordHash), "LinkInvalid", () => refuse(link.subject_id, "used"))
        return { device: devices.issue(persons.indexOf(email)) }
      },
      Effect.catchTag("SqlError", Effect.die)
    )

    return { issueLink, recover, setPassword }
  })
