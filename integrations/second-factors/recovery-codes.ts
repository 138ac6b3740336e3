/** Codes on paper for whoever lost a factor: shown once, kept as hashes, each good once. */
import { randomInt } from "node:crypto"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { SubjectId } from "#machines/vocabulary.ts"
import { securityLog } from "../accounts/security-log.ts"
import { tokenHash } from "../accounts/token.ts"
import { PlatformTime } from "../postgres/time.ts"

const count = 8
const letters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789" // None that looks like another.
const groups = 4
const groupLength = 6 // 24 letters of 5 bits: from 112 bits on a plain hash is enough (OWASP ASVS 5.0, 6.5.2).

const newCode = () =>
  Array.from({ length: groups }, () => Array.from({ length: groupLength }, () => letters[randomInt(letters.length)]).join("")).join(
    "-"
  )

/** People type small letters, and leave the dashes out. */
const hashOf = (code: string) => tokenHash(code.toUpperCase().replaceAll(/[^A-Z0-9]/g, ""))

export const recoveryCodes = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const time = yield* PlatformTime
  const log = yield* securityLog

  const voidAll = (subjectId: SubjectId) => sql`
    UPDATE recovery_codes SET voided_at = ${new Date(time.now())}
    WHERE subject_id = ${subjectId} AND used_at IS NULL AND voided_at IS NULL`

  const left = Effect.fnUntraced(function* (subjectId: SubjectId) {
    const [row] = yield* sql<{ live: number }>`
      SELECT count(*)::int AS live FROM recovery_codes WHERE subject_id = ${subjectId} AND used_at IS NULL AND voided_at IS NULL`
    return row!.live
  })

  /** In a transaction: of two who ask at once, the second voids what the first was told. */
  const renew = Effect.fnUntraced(function* (subjectId: SubjectId) {
    yield* sql`SELECT pg_advisory_xact_lock(hashtextextended(${`recovery-codes/${subjectId}`}, 0))`
    yield* voidAll(subjectId)
    const codes = Array.from({ length: count }, newCode)
    const issuedAt = new Date(time.now())
    for (const code of codes)
      yield* sql`INSERT INTO recovery_codes (code_hash, subject_id, issued_at) VALUES (${hashOf(code)}, ${subjectId}, ${issuedAt})`
    yield* log("RecoveryCodesIssued", subjectId)
    return codes
  })

  return {
    left,
    voidAll,
    renew,
    /** With the first factor; nothing new with the second. */
    renewWhereNone: Effect.fnUntraced(function* (subjectId: SubjectId) {
      return (yield* left(subjectId)) > 0 ? [] : yield* renew(subjectId)
    }),
    use: Effect.fnUntraced(function* (subjectId: SubjectId, code: string) {
      const used = yield* sql`
        UPDATE recovery_codes SET used_at = ${new Date(time.now())}
        WHERE code_hash = ${hashOf(code)} AND subject_id = ${subjectId} AND used_at IS NULL AND voided_at IS NULL
        RETURNING code_hash`
      if (used.length > 0) yield* log("RecoveryCodeUsed", subjectId)
      return used.length > 0
    })
  }
})
