/** Standard Webhooks (standardwebhooks.com), symmetric: who signed these bytes, and was it in the last five minutes? */
import { Effect, Schema } from "effect"
import { WebhookSecrets } from "./secrets.ts"
import { WebhookKey, type WebhookSource } from "./webhooks.ts"

/** Not signed by this partner, altered on the way, too old or too new (5 min), or without its three headers. Nothing was read, nothing kept. */
export class SignatureInvalid extends Schema.TaggedError<SignatureInvalid>()("SignatureInvalid", { reason: Schema.String }) {}

/** What was signed, once it is certain that it was. */
export interface Signed {
  readonly webhookId: string
  /** The signed text, not parsed. */
  readonly text: string
}

const isId = Schema.is(WebhookKey.fields.webhookId)
const signatureLimit = 1024 // Characters of the header: some eight signatures, more than any rotation needs.

/**
 * Freshness is judged by this machine's wall clock, not by platform time: the partner signs with its own, and a demo that lives
 * two years in a minute still gets its webhooks today.
 */
export const verifySignature = Effect.fnUntraced(function* (source: WebhookSource, headers: Headers, body: Uint8Array) {
  const secrets = yield* WebhookSecrets
  const id = headers.get("webhook-id") ?? ""
  const timestamp = headers.get("webhook-timestamp") ?? ""
  const signature = headers.get("webhook-signature") ?? ""
  if (!isId(id)) return yield* new SignatureInvalid({ reason: "webhook-id" })
  if (!/^[1-9]\d{0,11}$/.test(timestamp)) return yield* new SignatureInvalid({ reason: "webhook-timestamp" })
  if (signature.length > signatureLimit) return yield* new SignatureInvalid({ reason: "webhook-signature" })
  const text = yield* Effect.try({
    // The library signs text. Bytes that are not UTF-8 would all become the same replacement character, so they are turned away here.
    try: () => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body),
    catch: () => new SignatureInvalid({ reason: "body is not UTF-8" })
  })
  let reason = "no secret"
  for (const secret of secrets.of(source)) {
    try {
      secret.verify(
        text,
        { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature },
        { jsonParse: false }
      )
      return { webhookId: id, text } satisfies Signed
    } catch (error) {
      reason = error instanceof Error ? error.message : "not a signature"
    }
  }
  return yield* new SignatureInvalid({ reason })
})
