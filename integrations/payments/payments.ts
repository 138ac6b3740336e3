/** The payment gateway: takes, and gives back, customers' money (S10, S14). Settlement comes later by webhook; until then the risk is ours. */
import { Context, type Effect, Schema } from "effect"
import { Currency, Instant, Minor, type Money, PaymentId, type SubjectId } from "#machines/vocabulary.ts"

/** A payment as the gateway tells it. Amounts in minor units. */
export const GatewayPayment = Schema.Struct({
  id: Schema.String,
  reference: PaymentId,
  status: Schema.Literals(["requires_action", "authorised", "captured", "voided", "declined", "expired"]),
  amountMinor: Minor,
  capturedMinor: Minor,
  refundedMinor: Minor,
  currency: Currency,
  reason: Schema.NullOr(Schema.String), // Of a decline.
  /** Of a hold: what is not captured by then is gone. */
  captureBefore: Schema.optionalKey(Schema.NullOr(Instant)),
  /** Where the customer confirms, while it `requires_action`. */
  actionUrl: Schema.optionalKey(Schema.NullOr(Schema.String))
})
export type GatewayPayment = typeof GatewayPayment.Type

export const GatewayRefund = Schema.Struct({
  id: Schema.String,
  amountMinor: Minor,
  currency: Currency,
  status: Schema.Literals(["succeeded", "failed"])
})

/** The customer's standing permission to charge later (`POST /mandates`). */
export const GatewayMandate = Schema.Struct({
  id: Schema.String,
  reference: PaymentId,
  status: Schema.Literals(["granted", "declined"]),
  reason: Schema.NullOr(Schema.String)
})
export type GatewayMandate = typeof GatewayMandate.Type

/** The body of `POST /webhooks/settlement`. `authorised` and `declined`: what became of a payment whose customer was with the bank (SCA). */
export const Settlement = Schema.Struct({
  reference: PaymentId,
  paymentId: Schema.String, // The gateway's own id.
  status: Schema.Literals(["settled", "failed", "authorised", "declined"]),
  amountMinor: Minor,
  currency: Currency,
  reason: Schema.NullOr(Schema.String),
  captureBefore: Schema.optionalKey(Schema.NullOr(Instant)), // With `authorised`.
  occurredAt: Instant
})
export type Settlement = typeof Settlement.Type

export class Payments extends Context.Service<
  Payments,
  {
    /**
     * `POST /payments`, captured at once, with `id` as Idempotency-Key. An answer for another amount or currency is not believed.
     * A repeat asks `GET /payments?reference=` first: keys expire, our reference does not (reliability finding 10).
     */
    readonly charge: (
      payment: { readonly reference: PaymentId; readonly amount: Money; readonly method: string; readonly customer: SubjectId },
      id: string
    ) => Effect.Effect<GatewayPayment, PaymentRefused | PaymentsUnreachable>
    /** `POST /payments` with `capture: manual`: the bank holds the amount. Asks by reference first, as `charge` does. */
    readonly authorise: (
      payment: { readonly reference: PaymentId; readonly amount: Money; readonly method: string; readonly customer: SubjectId },
      id: string
    ) => Effect.Effect<GatewayPayment, PaymentRefused | CannotBeHeld | PaymentsUnreachable>
    /** `POST /payments/{gateway id}/capture`, all of it. A capture that happened already is the same capture. */
    readonly capture: (
      payment: { readonly reference: PaymentId; readonly amount: Money },
      id: string
    ) => Effect.Effect<GatewayPayment, HoldGone | PaymentsUnreachable>
    /** `POST /payments/{gateway id}/void`. What is voided, declined, expired or was never there is void; what is captured is refused. */
    readonly void: (
      payment: { readonly reference: PaymentId },
      id: string
    ) => Effect.Effect<void, VoidRefused | PaymentsUnreachable>
    /** `POST /mandates`, found again by reference. */
    readonly mandate: (
      mandate: { readonly reference: PaymentId; readonly method: string; readonly customer: SubjectId },
      id: string
    ) => Effect.Effect<GatewayMandate, PaymentRefused | PaymentsUnreachable>
    /** `POST /payments/{gateway id}/refunds`, found by our reference; to the method it came from. */
    readonly refund: (
      payment: { readonly reference: PaymentId; readonly amount: Money },
      id: string
    ) => Effect.Effect<typeof GatewayRefund.Type, RefundRefused | PaymentsUnreachable>
    /** `GET /payments?reference=`; null where the gateway knows nothing of it. */
    readonly find: (reference: PaymentId) => Effect.Effect<GatewayPayment | null, PaymentsUnreachable>
  }
>()("integrations/Payments") {}

/** The bank said no. This is an answer, not a failure. */
export class PaymentRefused extends Schema.TaggedError<PaymentRefused>()("PaymentRefused", { reason: Schema.String }) {}

/** This method has no hold (SEPA, iDEAL …): a mandate is the way. */
export class CannotBeHeld extends Schema.TaggedError<CannotBeHeld>()("CannotBeHeld", {}) {}

/** There is nothing to capture: the hold expired, was voided, or never was. */
export class HoldGone extends Schema.TaggedError<HoldGone>()("HoldGone", { reason: Schema.String }) {}

/** It is captured already: money comes back by a refund only. */
export class VoidRefused extends Schema.TaggedError<VoidRefused>()("VoidRefused", { reason: Schema.String }) {}

/** The gateway did not give this money back (never taken, already returned, or the way back failed): an operator has to look. */
export class RefundRefused extends Schema.TaggedError<RefundRefused>()("RefundRefused", { reason: Schema.String }) {}

/** No answer, an error, or an answer we could not believe: nobody knows whether money moved. Ask by reference before repeating. */
export class PaymentsUnreachable extends Schema.TaggedError<PaymentsUnreachable>()("PaymentsUnreachable", {
  cause: Schema.Defect()
}) {}
