/** What whoever signs in shows and gets, by whatever means and from whatever device. */
import { Schema } from "effect"
import { Role } from "#integrations/accounts/accounts.ts"
import { DealershipId, Instant, SubjectId } from "#machines/vocabulary.ts"

/** `device` is for programs, what an earlier sign-in answered: a browser has it in a cookie. */
export const credentials = {
  email: Schema.String.check(Schema.isMaxLength(320)),
  password: Schema.String.check(Schema.isMaxLength(1024)),
  totp: Schema.optionalKey(Schema.String.check(Schema.isPattern(/^\d{6}$/))),
  recoveryCode: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(64))),
  device: Schema.optionalKey(Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_-]{64}$/)))
}

export const SignedIn = Schema.Struct({
  token: Schema.String,
  expiresAt: Instant,
  subjectId: SubjectId,
  role: Role,
  dealershipId: Schema.NullOr(DealershipId),
  device: Schema.optionalKey(Schema.String) // Send it along at the next sign-in: its tries are counted apart from strangers'.
}).annotate({ identifier: "SignedIn" })
