/** What somebody gets whose withdrawal we cannot hear at that moment: when it was submitted, sealed, so that an outage of ours makes nobody late (F72). */
import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto"
import { Effect, Option, Redacted, Schema } from "effect"
import { Accounts } from "#integrations/accounts/accounts.ts"
import { tokenHash } from "#integrations/accounts/token.ts"
import { sessionSaid } from "#integrations/mobile-tokens/access-token.ts"
import { ActivationId, Instant, type SubjectId, Vin } from "#machines/vocabulary.ts"
import { malformed, Problem, tryAgain } from "../problem.ts"

const believedForDays = 7
const retrySeconds = 5

const Submission = Schema.Struct({
  activationId: ActivationId,
  vin: Vin,
  step: Schema.Literals(["look", "confirmation"]),
  /** The hash of the session's token: whose it is, the database knows when it answers again. */
  session: Schema.String,
  submittedAt: Instant
})
export type Submission = typeof Submission.Type
const readSubmission = Schema.decodeUnknownOption(Schema.fromJsonString(Submission))

export const header = "withdrawal-receipt"
/** Spread into a route that believes receipts. */
export const takesReceipt = {
  headers: Schema.toStandardSchemaV1(Schema.Struct({ [header]: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(1024))) }))
}

/** Like the sessions table has it, as text; an app's access token names its session. Whoever names somebody else's has a receipt that is not his. */
export const sessionOf = (token: string) => Buffer.from(tokenHash(sessionSaid(token) ?? token)).toString("base64url")

export interface Seal {
  readonly seal: (submission: Submission) => string
  /** Null for what we never sealed. */
  readonly open: (receipt: string) => Submission | null
}

/** The key is derived: whoever has a receipt has nothing that a handover PIN could be guessed from. */
export const withdrawalSeal = (secret: Redacted.Redacted): Seal => {
  const key = Buffer.from(hkdfSync("sha256", Redacted.value(secret), "", "withdrawal receipt", 32))
  const macOf = (body: string) => createHmac("sha256", key).update(body).digest()
  return {
    seal: (submission) => {
      const body = Buffer.from(JSON.stringify(submission)).toString("base64url")
      return `${body}.${macOf(body).toString("base64url")}`
    },
    open: (receipt) => {
      const [body, mac, ...more] = receipt.split(".")
      if (body === undefined || mac === undefined || more.length > 0) return null
      const [said, wanted] = [Buffer.from(mac, "base64url"), macOf(body)]
      if (said.length !== wanted.length || !timingSafeEqual(said, wanted)) return null
      return Option.getOrNull(readSubmission(Buffer.from(body, "base64url").toString()))
    }
  }
}

/**
 * The no that the customer could not help, with the receipt: who is signed out or has to wait is told so, and whatever of ours failed, the same
 * request will do later. Any other no is passed on as it is.
 */
export const withReceipt = (error: unknown, receipt: string, submittedAt: Instant): unknown => {
  if (!(error instanceof Problem) || (error.details.status < 500 && ![401, 429].includes(error.details.status))) return error
  const { details, retryAfterSeconds } = error.details.status === 500 ? tryAgain(retrySeconds) : error
  const detail = `${details.detail} Your withdrawal was submitted at ${submittedAt}. Send this receipt along in the header ${header}, within ${believedForDays} days: then it counts from that moment.`
  return new Problem({ ...details, detail, receipt }, retryAfterSeconds)
}

export interface Submitting {
  readonly step: Submission["step"]
  /** When this very request came in. */
  readonly now: Instant
  readonly receipt: string | undefined
}

/** Since when the withdrawal counts: since it came in, or since the receipt was given to this customer for this very service. */
export const submittedSince = Effect.fn("customers.submittedSince")(function* (
  seal: Seal,
  subjectId: SubjectId,
  named: Pick<Submission, "vin" | "activationId">,
  { receipt, now }: Submitting
) {
  if (receipt === undefined) return now
  const submission = seal.open(receipt)
  if (submission === null || submission.vin !== named.vin || submission.activationId !== named.activationId)
    return yield* Effect.fail(notOurs())
  const age = Date.parse(now) - Date.parse(submission.submittedAt)
  if (age < 0 || age > believedForDays * 24 * 3_600_000) return yield* Effect.fail(tooOld())
  const holder = yield* Accounts.use((accounts) => accounts.holderOf(Buffer.from(submission.session, "base64url")))
  return holder === subjectId ? submission.submittedAt : yield* Effect.fail(notOurs())
})

const notOurs = () =>
  malformed("This is no receipt that you were given for this service. Send it as it was, or none.", "ReceiptNotBelieved")
const tooOld = () => malformed(`This receipt is older than ${believedForDays} days. Write to us with it.`, "ReceiptTooOld")
