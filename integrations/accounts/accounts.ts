/** Who may sign in. Accounts are provisioned by a dealership or an administrator; there is no way to register oneself (S13, S22.5). */
import { Context, type Effect, Schema } from "effect"
import { DealershipId, Instant, SubjectId } from "#machines/vocabulary.ts"

/** The posts of the company, the highest last: who holds several signs in with the highest. */
export const StaffRole = Schema.Literals(["seller", "manager", "support", "finance", "operator", "auditor", "administrator"])
export type StaffRole = typeof StaffRole.Type
export const Role = Schema.Literals(["customer", ...StaffRole.literals])
export type Role = typeof Role.Type

/** Customers come in by the one, staff by the other; each has its own origin, sessions and passkeys. */
export type Door = "public" | "intranet"

/** The signed-in caller. */
export const Caller = Schema.Struct({
  subjectId: SubjectId,
  role: Role,
  dealershipId: Schema.NullOr(DealershipId),
  sessionId: Schema.String,
  /** When it was last shown that it is this person, and when with a second factor: dangerous acts want it fresh. */
  authenticatedAt: Instant,
  factorAt: Schema.NullOr(Instant)
})
export type Caller = typeof Caller.Type

/** What somebody may show besides address and password. */
export interface SignInMeans {
  readonly totp?: string | undefined
  readonly recoveryCode?: string | undefined
  /** Of an earlier sign-in, or a link used, with the same browser or app: its tries are counted apart, so that strangers lock nobody out. */
  readonly device?: string | undefined
  /** An app that stays signed in. `key` is a secret of at least 128 bits that never leaves it but to refresh; its SHA-256 is kept. */
  readonly phone?: { readonly name: string; readonly key: string } | undefined
}

export interface SignedIn {
  /** Of a browser's session; of a phone, its first refresh token. */
  readonly token: string
  readonly caller: Caller
  readonly expiresAt: string
  /** To be shown at the next sign-in (`SignInMeans`). */
  readonly device: string
}

/** What somebody shows once more: a code, or the password where nothing better is enrolled. */
export type StepUpMeans = { readonly totp: string } | { readonly recoveryCode: string } | { readonly password: string }

export interface AccountAct {
  readonly subjectId: SubjectId
  readonly role: StaffRole
  readonly by: SubjectId
  /** 3 to 500 characters. */
  readonly reason: string
}

/** Where somebody is signed in. */
export interface OpenSession {
  readonly sessionId: string
  readonly door: Door
  /** Of an app; null for a browser. */
  readonly deviceName: string | null
  readonly since: string
  /** To the minute. */
  readonly lastSeenAt: string
  readonly expiresAt: string
}

export class Accounts extends Context.Service<
  Accounts,
  {
    /** Idempotent per (subject, role). Who was erased gets none. */
    readonly provision: (account: {
      readonly subjectId: SubjectId
      readonly role: Role
      readonly dealershipId: DealershipId | null
      readonly createdBy: string
    }) => Effect.Effect<void>
    /** A new one-time token (256 bit, base64url; only its SHA-256 is stored; 24 h). Voids earlier ones; with `besideFresh` the one of the last minute stays, because its mail may be on its way. Null where the account has a password and `evenIfSet` is false. */
    readonly issueLink: (
      subjectId: SubjectId,
      options: { readonly evenIfSet: boolean; readonly besideFresh?: boolean }
    ) => Effect.Effect<string | null>
    /** Sets the password, uses the token up and voids the other, and an address that waits to be confirmed, in one transaction. A second use is refused and ends up in the security log. Whoever had the link gets tries of their own: strangers who guess lock them out of nothing. */
    readonly setPassword: (
      token: string,
      password: string
    ) => Effect.Effect<Pick<SignedIn, "device">, LinkInvalid | PasswordTooWeak>
    /** A link as `issueLink` makes it, for whoever has an account at this door under this address; null for everybody else. */
    readonly recover: (email: string, door: Door) => Effect.Effect<{ readonly subjectId: SubjectId; readonly token: string } | null>
    /**
     * Same answer and same time for an unknown address, a wrong password and an account without one; that a second factor is missing or wrong
     * is said after the right password only. argon2id m=19 MiB t=2, at most 2 hashes at a time.
     */
    readonly signIn: (
      email: string,
      password: string,
      door: Door,
      means?: SignInMeans
    ) => Effect.Effect<SignedIn, SignInFailed | SecondFactorRequired | TooManyTries>
    /**
     * Null where the token is unknown, ended, idle too long (customers 30 min, staff 15, phones 30 days), past its absolute end (12 h, staff 8 h,
     * phones 90 days), or for the other door. A session's token, or a phone's access token: its session is looked up all the same.
     */
    readonly authenticate: (token: string, door: Door) => Effect.Effect<Caller | null>
    /** Whose session had the token with this SHA-256, for how long ago ever. Null: nobody's. It lets nobody in. */
    readonly holderOf: (tokenHash: Uint8Array) => Effect.Effect<SubjectId | null>
    /** A browser gets a new token, its old one is void (ASVS 7.2.4); a phone keeps what it has: null. Five wrong ones in 15 minutes, then wait. */
    readonly stepUp: (
      caller: Caller,
      means: StepUpMeans
    ) => Effect.Effect<string | null, StepUpFailed | SecondFactorRequired | TooManyTries>
    /** What is open and not idle too long, the newest first; at most 100. */
    readonly sessionsOf: (subjectId: SubjectId) => Effect.Effect<ReadonlyArray<OpenSession>>
    readonly signOut: (sessionId: string) => Effect.Effect<void>
    /** Ends one of their own; false where it is nobody's, somebody else's, or over. */
    readonly endSession: (subjectId: SubjectId, sessionId: string) => Effect.Effect<boolean>
    /** Ends all of theirs but the one that asks. */
    readonly endOtherSessions: (caller: Caller) => Effect.Effect<void>
    /** At once: no session, phone or link of theirs is good any more. The reason is kept. Twice is once. */
    readonly disable: (act: AccountAct) => Effect.Effect<void, AccountUnknown | OwnAccount | LastAdministrator>
    readonly enable: (act: AccountAct) => Effect.Effect<void, AccountUnknown>
  }
>()("integrations/Accounts") {}

/** Unknown, used, voided or older than 24 h: ask the dealership for a new link. */
export class LinkInvalid extends Schema.TaggedError<LinkInvalid>()("LinkInvalid", {}) {}
/** Shorter than 12, longer than 128, on the local list of common passwords, or made of the person's own address. */
export class PasswordTooWeak extends Schema.TaggedError<PasswordTooWeak>()("PasswordTooWeak", { reason: Schema.String }) {}
/** Wrong address or password; which one is not said. */
export class SignInFailed extends Schema.TaggedError<SignInFailed>()("SignInFailed", {}) {}
/** The password was right, and a second factor is missing, wrong or used before. */
export class SecondFactorRequired extends Schema.TaggedError<SecondFactorRequired>()("SecondFactorRequired", {}) {}
/** What was shown once more is wrong. */
export class StepUpFailed extends Schema.TaggedError<StepUpFailed>()("StepUpFailed", {}) {}
/** Nobody has this post. */
export class AccountUnknown extends Schema.TaggedError<AccountUnknown>()("AccountUnknown", {}) {}
/** Nobody disables himself: another administrator does. */
export class OwnAccount extends Schema.TaggedError<OwnAccount>()("OwnAccount", {}) {}
/** Without one, nobody could let anybody in again. */
export class LastAdministrator extends Schema.TaggedError<LastAdministrator>()("LastAdministrator", {}) {}
/** Five failures in 15 minutes, of strangers for this account or of one device: wait. */
export class TooManyTries extends Schema.TaggedError<TooManyTries>()("TooManyTries", { retryAfterSeconds: Schema.Natural }) {}
