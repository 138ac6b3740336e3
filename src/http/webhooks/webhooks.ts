/** Where partners tell us what happened: `POST /webhooks/status`, `/webhooks/settlement`, `/webhooks/transport`. */
import { Cause, Effect, Metric } from "effect"
import { Elysia } from "elysia"
import { CrashPoint } from "#actors/system/crash-point.ts"
import { seldom, stumbling } from "#integrations/log/log.ts"
import type { Nats } from "#integrations/nats/nats.ts"
import type { WebhookSecrets } from "#integrations/webhooks/secrets.ts"
import { verifySignature } from "#integrations/webhooks/signature.ts"
import { publishReminder } from "#integrations/webhooks/stream.ts"
import { type WebhookKey, type WebhookSource, Webhooks } from "#integrations/webhooks/webhooks.ts"
import { translate } from "#src/ingress/translation.ts"
import { readBytes } from "../bytes.ts"
import { malformed, Problem, tryAgain } from "../problem.ts"
import type { Run } from "../run.ts"

const bodyLimit = { bytes: 64 * 1024, words: "64 KiB" }
const bodyTimeout = "10 seconds" // From the headers to the last byte.
const retryAfterSeconds = 5
const unkept = stumbling("A webhook could not be kept")

/** Webhooks turned away at the door for their signature. Grows under attack; nothing else does. */
export const forgeries = Metric.counter("webhooks_forged_total", { incremental: true })

export const webhooks = (run: Run<Nats | WebhookSecrets | Webhooks>) => {
  const unsigned = seldom("A webhook was not signed by its partner") // Anybody may send one without end, and nobody is counted here.
  const hear =
    (source: WebhookSource) =>
    ({ request }: { readonly request: Request }) =>
      run(receive(source, request, unsigned))
  return new Elysia()
    .post("/webhooks/status", hear("factory"), door("The factory reports on an order: in progress, ready, shipped or cancelled"))
    .post("/webhooks/settlement", hear("payments"), door("The payment gateway reports that a payment was settled, or failed to"))
    .post(
      "/webhooks/transport",
      hear("transport"),
      door("A carrier reports: departed, delivered, customer absent, arrived at the dealership")
    )
}

/** Signature, then memory, then the answer; and only then a reminder to the ingress, which may be lost. */
const receive = Effect.fn("webhooks.receive")(function* (
  source: WebhookSource,
  request: Request,
  unsigned: ReturnType<typeof seldom>
) {
  const body = yield* Effect.tryPromise({
    try: () => readBytes(request, bodyLimit),
    catch: (no) => (no instanceof Problem ? no : malformed("The body could not be read."))
  }).pipe(Effect.timeoutOrElse({ duration: bodyTimeout, orElse: () => Effect.fail(tryAgain(retryAfterSeconds)) }))
  const { webhookId } = yield* verifySignature(source, request.headers, body).pipe(
    Effect.catchTag("SignatureInvalid", ({ reason }) =>
      Metric.update(forgeries, 1).pipe(Effect.andThen(unsigned({ source, reason })), Effect.andThen(Effect.fail(notSigned())))
    )
  )
  const key: WebhookKey = { source, webhookId }
  const reached = yield* CrashPoint
  const rejected = yield* translate(source, body).pipe(
    Effect.as(null),
    Effect.catchTag("Untranslatable", ({ reason }) => Effect.succeed(reason))
  )
  const kept = yield* Webhooks.use((memory) => memory.keep({ ...key, body, rejected })).pipe(
    Effect.catchTag("WebhooksUnreachable", (error) =>
      Effect.andThen(unkept(Cause.fail(error)), Effect.fail(tryAgain(retryAfterSeconds)))
    )
  )
  reached("webhook: kept")
  if (kept === "conflicting") {
    yield* Effect.logWarning("A webhook id came back with another body").pipe(Effect.annotateLogs({ ...key }))
    return yield* Effect.fail(idReused())
  }
  if (rejected !== null) {
    if (kept === "new")
      yield* Effect.logWarning("A signed webhook could not be used").pipe(Effect.annotateLogs({ ...key, reason: rejected }))
    return yield* Effect.fail(malformed(rejected, "WebhookUnusable"))
  }
  // Nobody waits for NATS, and nobody minds if it does not answer: the sweeper knows what is kept.
  if (kept === "new")
    yield* publishReminder(key, 0).pipe(
      Effect.andThen(Effect.sync(() => reached("webhook: published"))),
      Effect.ignoreCause,
      Effect.forkDetach
    )
  return new Response("{}", { status: 202, headers: { "content-type": "application/json" } })
})

const notSigned = () =>
  new Problem({
    type: "/problems/not-signed",
    title: "That signature does not fit",
    status: 401,
    detail: "Sign the raw body as Standard Webhooks 1 asks, with the secret of this endpoint, not more than five minutes ago."
  })
const idReused = () =>
  new Problem({
    type: "/problems/webhook-id-reused",
    title: "This webhook-id was used for another body",
    status: 409,
    detail: "Send each event under an id of its own; a repeat must be the same in every byte.",
    reason: "WebhookIdReused"
  })

const problem = (description: string) => ({ description, content: { "application/problem+json": {} } })
const responses = {
  202: { description: "Kept. It will be applied once, however often it is sent.", content: { "application/json": {} } },
  401: problem("Not signed by this partner, or not within five minutes"),
  403: problem("Asked from a page of another site, as no partner does"),
  409: problem("The webhook-id was used for another body"),
  413: problem("More than 64 KiB"),
  422: problem("Signed, kept, and of no use: the reason tells why"),
  503: problem("Could not be kept. Send it again.")
}
const description =
  "Signed as Standard Webhooks 1 asks (webhook-id, webhook-timestamp, webhook-signature; HMAC-SHA256), over the raw body, which is at most 64 KiB."

// "none": the signature covers the bytes as they came, so nobody may read them first.
const door = (summary: string) => ({
  parse: "none" as const,
  detail: { tags: ["Webhooks"], summary, description, security: [], responses }
})
