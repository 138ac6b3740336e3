/** What happened to accounts, for whoever has to find out later: ids and words of ours, never what somebody typed. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { SubjectId } from "#machines/vocabulary.ts"
import { PlatformTime } from "../postgres/time.ts"

type Kind =
  | "AccountProvisioned"
  | "AccountDisabled"
  | "AccountEnabled"
  | "LinkIssued"
  | "LinkRefused"
  | "PasswordSet"
  | "RecoveryAsked"
  | "SignedIn"
  | "SignInRefused"
  | "SignInThrottled"
  | "SignedOut"
  | "SessionEnded"
  | "SteppedUp"
  | "StepUpRefused"
  | "FactorAdded"
  | "FactorRemoved"
  | "FactorsReset"
  | "FactorRefused"
  | "RecoveryCodesIssued"
  | "RecoveryCodeUsed"
  | "RefreshRefused"
  | "RefreshReused"
  | "EmailChangeAsked"
  | "EmailChanged"

/** Writes one line, in the caller's transaction where there is one. */
export const securityLog = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const time = yield* PlatformTime
  return (kind: Kind, subjectId: SubjectId | null, detail = "") =>
    Effect.asVoid(sql`
      INSERT INTO security_log (at, kind, subject_id, detail)
      VALUES (${new Date(time.now())}, ${kind}, ${subjectId}, ${detail})`)
})
