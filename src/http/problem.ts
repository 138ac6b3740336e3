/** How the API says no: an RFC 9457 problem, whose detail tells the caller what to do. */
import { Schema } from "effect"
import { knownContractTexts } from "#integrations/texts/contract-texts.ts"
import { nameOfReason, reasonInWords } from "#src/views/reason-words.ts"

export const ProblemDetails = Schema.Struct({
  type: Schema.String, // "/problems/<slug>", one per kind of no.
  title: Schema.String,
  status: Schema.Int,
  detail: Schema.String,
  reason: Schema.optionalKey(Schema.String), // The business's own word for it: "AlreadyAssigned".
  receipt: Schema.optionalKey(Schema.String) // Of a withdrawal that could not be heard: to be sent along when it is asked again.
}).annotate({ identifier: "Problem", description: "A problem as RFC 9457 has it." })
export type ProblemDetails = typeof ProblemDetails.Type

/** Thrown towards Elysia, or failed with inside an Effect that `run` runs. `retryAfterSeconds` becomes Retry-After. */
export class Problem extends Error {
  constructor(
    readonly details: ProblemDetails,
    readonly retryAfterSeconds: number | null = null
  ) {
    super(details.title)
  }
  toResponse(): Response {
    const headers = new Headers({ "content-type": "application/problem+json" })
    if (this.retryAfterSeconds !== null) headers.set("retry-after", String(this.retryAfterSeconds))
    if (this.details.status === 401) headers.set("www-authenticate", challengeOf(this.details)) // RFC 9110, 11.6.1.
    return new Response(JSON.stringify(this.details), { status: this.details.status, headers })
  }
}

/** RFC 9470 has words for who is signed in, and not freshly enough. */
const challengeOf = ({ type }: ProblemDetails) =>
  `Bearer realm="caas"${type === stepUpType ? ', error="insufficient_user_authentication", max_age="300"' : ""}`
const stepUpType = "/problems/step-up-needed"

const problem = (status: number, slug: string, title: string, detail: string, reason?: string) =>
  new Problem({ type: `/problems/${slug}`, title, status, detail, ...(reason === undefined ? {} : { reason }) })

export const badJson = (detail: string) => problem(400, "bad-json", "That is not JSON", detail)
export const badHost = () => problem(400, "bad-host", "That names no host", "Send one Host header with the name you called us by.")
export const signedOut = () =>
  problem(401, "signed-out", "Sign in first", "Send a session cookie or an Authorization: Bearer token.")
export const signInFailed = () =>
  problem(401, "sign-in-failed", "That did not match", "Check the address and the password, or ask your dealership for a new link.")
/** Said after the right password only. */
export const secondFactorRequired = () =>
  problem(
    401,
    "second-factor-required",
    "One thing more",
    "Send totp (six digits of your app, each code once) or recoveryCode along, or sign in with your passkey.",
    "SecondFactorRequired"
  )
export const secondFactorMissing = () =>
  problem(
    403,
    "second-factor-missing",
    "Add a second factor first",
    "Your post needs one: POST /api/auth/factors/passkeys/options, or /api/auth/factors/totp. Until then there is nothing else here.",
    "SecondFactorMissing"
  )
export const stepUpNeeded = () =>
  problem(
    401,
    "step-up-needed",
    "Show once more who you are",
    "POST /api/auth/sessions/current/step-up with a code, a passkey, or your password where you have nothing else; then ask again.",
    "StepUpNeeded"
  )
export const stepUpFailed = () =>
  problem(
    403,
    "step-up-failed",
    "That did not match",
    "Check the code, the passkey or the password, and show it again.",
    "StepUpFailed"
  )
export const refreshRefused = () =>
  problem(401, "refresh-refused", "This app is signed out", "Sign in again with POST /api/auth/tokens.", "RefreshRefused")
export const notYours = () =>
  problem(403, "not-for-you", "This area is not for you", "Sign in with an account that has the role for it.")
export const foreignOrigin = () =>
  problem(403, "foreign-origin", "Asked from another site", "Ask from our own pages, or with an Authorization: Bearer token.")
export const erasureOutdated = () =>
  problem(
    409,
    "preview-outdated",
    "Something changed since you looked",
    "Look at the preview again, and send the hash that it has now. Nothing was erased.",
    "PreviewOutdated"
  )
export const erasureBlocked = (reasons: ReadonlyArray<string>) =>
  problem(
    409,
    "erasure-blocked",
    "Something has to end first",
    `${reasons.join(", ")}: the preview says what to do about each. Nothing was erased.`,
    "ErasureBlocked"
  )
/** The same for what never was and for what is somebody else's. */
export const notFound = () => problem(404, "not-found", "There is nothing here", "Check the address and the identifier.")
/** A reason that has words is a kind of its own: `/problems/maintenance-overdue`. */
export const refused = (reason: string) => {
  const words = reasonInWords(reason, "en")
  return words === null
    ? problem(
        409,
        "refused",
        "That is not possible now",
        "Look at the current state and at the reason; nothing was changed.",
        reason
      )
    : problem(409, slugOf(reason), "That is not possible now", `${words} Nothing was changed.`, reason)
}
const slugOf = (reason: string) =>
  nameOfReason(reason)
    .replace(/(?<=[a-z])(?=[A-Z])/g, "-")
    .toLowerCase()
export const duplicateSale = (orderId: string) =>
  problem(
    409,
    "duplicate-sale",
    "This sale looks like one just made",
    `It equals ${orderId}. Send confirmDuplicate: true if the customer really buys another one.`,
    "DuplicateSale"
  )
export const tooLarge = (limit: string) => problem(413, "too-large", "That is too much", `Send at most ${limit}.`)
export const tooLong = (limit: number) =>
  problem(414, "too-long", "That address is too long", `Ask with at most ${limit} characters of address and query.`)
export const wrongMediaType = (wanted: string) =>
  problem(415, "wrong-media-type", "We do not read that kind", `Send Content-Type: ${wanted}, without Content-Encoding.`)
/** Readable, but not what was asked for. `detail` names the field. */
export const malformed = (detail: string, reason?: string) => problem(422, "malformed", "We could not use that", detail, reason)
/** A text that nobody can have been shown. */
export const unknownText = ({ text, edition }: { readonly text: string; readonly edition: number }) =>
  problem(
    422,
    "unknown-text",
    "There is no such text to agree to",
    `body consents: there is no edition ${edition} of "${text}". Name what was shown, of these: ${knownContractTexts}.`,
    "UnknownText"
  )
export const keyReused = () =>
  problem(
    422,
    "idempotency-key-reused",
    "This Idempotency-Key was used for something else",
    "Send a new key with a new request; a repeat must be the same in every field.",
    "IdempotencyKeyReused"
  )
export const tooMany = (seconds: number) =>
  new Problem(
    { type: "/problems/too-many", title: "Too many tries", status: 429, detail: `Wait ${seconds} seconds, then try again.` },
    seconds
  )
/** Nothing is wrong with the caller: the same request, with the same key, will do later. */
export const tryAgain = (seconds: number) =>
  new Problem(
    { type: "/problems/try-again", title: "Not just now", status: 503, detail: "Ask again in a moment, exactly as before." },
    seconds
  )
export const ourFault = () =>
  problem(500, "our-fault", "This is our mistake, not yours", "It has been logged. Try again later, or tell us when it happened.")
