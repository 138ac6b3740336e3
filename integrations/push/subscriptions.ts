/** The devices that a customer has allowed us to write to. */
import { Context, type Effect, Schema } from "effect"
import { Instant, type SubjectId } from "#machines/vocabulary.ts"
import type { PushSubscription } from "./push.ts"

/** `push_` and half of the SHA-256 of the endpoint: the same device is the same subscription. */
export const SubscriptionId = Schema.String.check(Schema.isPattern(/^push_[0-9a-f]{32}$/)).pipe(Schema.brand("SubscriptionId"))
export type SubscriptionId = typeof SubscriptionId.Type

export const KeptSubscription = Schema.Struct({ subscriptionId: SubscriptionId, createdAt: Instant })
export type KeptSubscription = typeof KeptSubscription.Type

export const devicesAtMost = 10 // Of one customer.

export class PushSubscriptions extends Context.Service<
  PushSubscriptions,
  {
    /** A device is the last person's who signed in on it. */
    readonly keep: (
      subjectId: SubjectId,
      subscription: PushSubscription
    ) => Effect.Effect<KeptSubscription, EndpointNotAllowed | TooManyDevices>
    readonly of: (
      subjectId: SubjectId
    ) => Effect.Effect<ReadonlyArray<KeptSubscription & { readonly subscription: PushSubscription }>>
    /** False where there is none by this name, or it is somebody else's. */
    readonly drop: (subjectId: SubjectId, subscriptionId: SubscriptionId) => Effect.Effect<boolean>
  }
>()("integrations/PushSubscriptions") {}

/** The endpoint is at no push service that the configuration names: it is never called. */
export class EndpointNotAllowed extends Schema.TaggedError<EndpointNotAllowed>()("EndpointNotAllowed", {}) {}

/** One customer has as many devices as we write to. */
export class TooManyDevices extends Schema.TaggedError<TooManyDevices>()("TooManyDevices", { most: Schema.Int }) {}
