/** Push messages to a customer's browsers and phones, by the push service that each device named (RFC 8030, 8291, 8292). */
import { Context, type Effect, Schema } from "effect"

/** What a browser answers to `pushManager.subscribe()`. */
export const PushSubscription = Schema.Struct({
  endpoint: Schema.String.check(Schema.isMinLength(10), Schema.isMaxLength(1000)),
  keys: Schema.Struct({
    /** P-256, uncompressed: 65 bytes in base64url. */
    p256dh: Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_-]{87}=?$/)),
    /** 16 bytes in base64url. */
    auth: Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_-]{22}={0,2}$/))
  })
})
export type PushSubscription = typeof PushSubscription.Type

export interface PushMessage {
  /** The same for every copy of one message. */
  readonly id: string
  /** A newer message of the same card takes the place of the older one: at the push service where it waits, and on the screen. */
  readonly card: string
  readonly title: string
  readonly text: string
  readonly urgent: boolean
}

export class Push extends Context.Service<
  Push,
  {
    /** What devices subscribe under: P-256, uncompressed, base64url. */
    readonly applicationServerKey: string
    /** Whether an endpoint is at a push service that the configuration names: it is called at no other address, whoever brings it. */
    readonly allows: (endpoint: string) => boolean
    /** Sealed for this device alone. Sending again is harmless: the device knows the id, and shows one card. */
    readonly send: (to: PushSubscription, message: PushMessage) => Effect.Effect<void, PushGone | PushUnreachable>
  }
>()("integrations/Push") {}

/** The device has unsubscribed, or its subscription is none: it will never take a message again. */
export class PushGone extends Schema.TaggedError<PushGone>()("PushGone", { reason: Schema.String }) {}

/** The push service was not there, or said to come again (429, 5xx), or does not take our word (401, 403). */
export class PushUnreachable extends Schema.TaggedError<PushUnreachable>()("PushUnreachable", { cause: Schema.Defect() }) {}
