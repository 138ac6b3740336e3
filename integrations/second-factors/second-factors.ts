/** What people show besides a password: codes of an authenticator app (TOTP, RFC 6238), and recovery codes for whoever lost it. Passkeys have a port of their own. */
import { Context, type Effect, Schema } from "effect"
import type { SubjectId } from "#machines/vocabulary.ts"
import type { Door } from "../accounts/accounts.ts"

/** One of the two: six digits of an app, or a recovery code as it was shown. */
export type Shown = { readonly totp: string } | { readonly recoveryCode: string }

/** What somebody has enrolled. */
export interface Enrolled {
  readonly totpSince: string | null
  /** At every door: each belongs to one. */
  readonly passkeys: ReadonlyArray<{
    readonly passkeyId: string
    readonly door: Door
    readonly name: string
    readonly createdAt: string
    readonly usedAt: string | null
  }>
  readonly recoveryCodesLeft: number
}

export class SecondFactors extends Context.Service<
  SecondFactors,
  {
    /**
     * A new secret (160 bit, base32) and its `otpauth://` address for a QR code; `account` is what the app shows beside the code.
     * It counts for nothing until `confirmTotp` has seen a code of it, and voids an earlier one that was never confirmed.
     */
    readonly enrolTotp: (
      subjectId: SubjectId,
      account: string
    ) => Effect.Effect<{ readonly secret: string; readonly uri: string }, FactorPresent>
    /** From now on a code is asked for; this session counts as having shown one. Recovery codes where there are none yet, told this once. */
    readonly confirmTotp: (
      holder: { readonly subjectId: SubjectId; readonly sessionId: string },
      code: string
    ) => Effect.Effect<ReadonlyArray<string>, FactorRefused>
    readonly of: (subjectId: SubjectId) => Effect.Effect<Enrolled>
    /** Whether a password alone is not enough at this door: an app, or a passkey of this door. Null: at either. */
    readonly isEnrolled: (subjectId: SubjectId, door: Door | null) => Effect.Effect<boolean>
    /** Uses a code up. False: wrong, used before, or nothing enrolled. Who may try how often is the caller's to count. */
    readonly show: (subjectId: SubjectId, shown: Shown) => Effect.Effect<boolean>
    /** False where there was none. Without any factor left, no session counts as having shown one, and recovery codes are void. */
    readonly removeTotp: (subjectId: SubjectId) => Effect.Effect<boolean>
    readonly removePasskey: (subjectId: SubjectId, passkeyId: string) => Effect.Effect<boolean>
    /** New ones; earlier ones are void. */
    readonly renewRecoveryCodes: (subjectId: SubjectId) => Effect.Effect<ReadonlyArray<string>, NoFactor>
    /** Removes everything, for somebody who lost it all; every session of theirs ends. `by` has a reason, which is kept. */
    readonly reset: (subjectId: SubjectId, by: SubjectId, reason: string) => Effect.Effect<void>
  }
>()("integrations/SecondFactors") {}

/** An authenticator app is enrolled: remove it first. */
export class FactorPresent extends Schema.TaggedError<FactorPresent>()("FactorPresent", {}) {}
/** The code is not one of the new secret, or there is no secret that waits for one. */
export class FactorRefused extends Schema.TaggedError<FactorRefused>()("FactorRefused", {}) {}
/** Recovery codes replace a factor: without one they replace nothing. */
export class NoFactor extends Schema.TaggedError<NoFactor>()("NoFactor", {}) {}
