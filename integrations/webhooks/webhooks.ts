/** What partners told us by webhook, from the signed bytes to the day an order heard it (reliability F50–F57). */
import { Context, type Effect, Schema } from "effect"

/** Who may call: the factory (`/webhooks/status`), the payment gateway (`/webhooks/settlement`), the carriers (`/webhooks/transport`). */
export const WebhookSource = Schema.Literals(["factory", "payments", "transport"])
export type WebhookSource = typeof WebhookSource.Type

/** The name a webhook is kept under, for good. No dots: the signed text is `{id}.{timestamp}.{body}`, and must be read in one way only. */
export const WebhookKey = Schema.Struct({
  source: WebhookSource,
  webhookId: Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_-]{1,128}$/))
})
export type WebhookKey = typeof WebhookKey.Type

export interface NewWebhook extends WebhookKey {
  readonly body: Uint8Array
  /** Why it can never be applied; null where it can be read. */
  readonly rejected: string | null
}

export interface StoredWebhook extends WebhookKey {
  readonly body: Uint8Array
  readonly state: "received" | "applied" | "rejected"
}

/** `new`: kept just now. `known`: kept before, byte for byte. `conflicting`: kept before with other bytes, which leaves a security record. */
export type Kept = "new" | "known" | "conflicting"

export class Webhooks extends Context.Service<
  Webhooks,
  {
    /** Durable when it answers. */
    readonly keep: (webhook: NewWebhook) => Effect.Effect<Kept, WebhooksUnreachable>
    /** Those that exist, in no order. */
    readonly load: (keys: ReadonlyArray<WebhookKey>) => Effect.Effect<ReadonlyArray<StoredWebhook>, WebhooksUnreachable>
    /** The end of its story; the first one told wins. */
    readonly finish: (
      key: WebhookKey,
      end: { readonly state: "applied" | "rejected"; readonly outcome: string }
    ) => Effect.Effect<void, WebhooksUnreachable>
    /** Not now: says why to the operator, and keeps the sweeper away for `seconds`. */
    readonly postpone: (
      key: WebhookKey,
      wait: { readonly reason: string; readonly seconds: number }
    ) => Effect.Effect<void, WebhooksUnreachable>
    /** Claims up to `limit` that are due to be published again; each comes back later and later, from 10 s to 5 min. */
    readonly claimDue: (limit: number) => Effect.Effect<ReadonlyArray<WebhookKey & { readonly tries: number }>, WebhooksUnreachable>
    /** NATS forgot: everything not yet applied is due now. Answers how many. */
    readonly makeAllDue: Effect.Effect<number, WebhooksUnreachable>
  }
>()("integrations/Webhooks") {}

/** Postgres did not answer, or said no: nobody knows whether the webhook was kept. The partner, or we, come again. */
export class WebhooksUnreachable extends Schema.TaggedError<WebhooksUnreachable>()("WebhooksUnreachable", {
  cause: Schema.Defect()
}) {}
