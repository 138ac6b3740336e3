/** Who may sign in. Accounts are provisioned by a dealership or an administrator; there is no way to register oneself (S13, S22.5). */
import { Context, type Effect, Schema } from "effect"
import { DealershipId, SubjectId } from "#machines/vocabulary.ts"

/** The posts of the company, the highest last: who holds several signs in with the highest. */
export const StaffRole = Schema.Literals(["seller", "manager", "support", "finance", "operator", "auditor", "administrator"])
export type StaffRole = typeof StaffRole.Type
export const Role = Schema.Literals(["customer", ...StaffRole.literals])
export type Role = typeof Role.Type

/** The signed-in caller. */
export const Caller = Schema.Struct({
  subjectId: SubjectId,
  role: Role,
  dealershipId: Schema.NullOr(DealershipId),
  sessionId: Schema.String
})
export type Caller = typeof Caller.Type

export class Accounts extends Context.Service<
  Accounts,
  {
    /** Idempotent per (subject, role). */
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
    /** Sets the password, uses the token up and voids the other, in one transaction. A second use is refused and ends up in the security log. */
    readonly setPassword: (token: string, password: string) => Effect.Effect<void, LinkInvalid | PasswordTooWeak>
    /** Same answer and same time for an unknown address, a wrong password and an account without one. argon2id m=19 MiB t=2, at most 2 hashes at a time. */
    readonly signIn: (
      email: string,
      password: string,
      door: "public" | "intranet"
    ) => Effect.Effect<{ readonly token: string; readonly caller: Caller; readonly expiresAt: string }, SignInFailed | TooManyTries>
    /** Null where the token is unknown, ended, idle too long (customers 30 min, staff 15), past its absolute end (12 h, staff 8 h), or for the other door. */
    readonly authenticate: (token: string, door: "public" | "intranet") => Effect.Effect<Caller | null>
    /** Whose session had the token with this SHA-256, for how long ago ever. Null: nobody's. It lets nobody in. */
    readonly holderOf: (tokenHash: Uint8Array) => Effect.Effect<SubjectId | null>
    readonly signOut: (sessionId: string) => Effect.Effect<void>
  }
>()("integrations/Accounts") {}

/** Unknown, used, voided or older than 24 h: ask the dealership for a new link. */
export class LinkInvalid extends Schema.TaggedError<LinkInvalid>()("LinkInvalid", {}) {}
/** Shorter than 12, longer than 128, on the local list of common passwords, or made of the person's own address. */
export class PasswordTooWeak extends Schema.TaggedError<PasswordTooWeak>()("PasswordTooWeak", { reason: Schema.String }) {}
/** Wrong address or password; which one is not said. */
export class SignInFailed extends Schema.TaggedError<SignInFailed>()("SignInFailed", {}) {}
/** Five failures in 15 minutes for this account: wait. */
export class TooManyTries extends Schema.TaggedError<TooManyTries>()("TooManyTries", { retryAfterSeconds: Schema.Natural }) {}
