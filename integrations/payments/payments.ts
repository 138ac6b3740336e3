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

/** `failed` may come long after `succeeded`: the account it went to was closed. */
export const GatewayRefund = Schema.Struct({
  id: Schema.String,
  amountMinor: Minor,
  currency: Currency,
  status: Schema.Literals(["succeeded", "failed"])
})

/** A customer had his bank take a payment back. `evidenceReference`: under which of our references it was answered. */
export const GatewayDispute = Schema.Struct({
  id: Schema.String,
  status: Schema.Literals(["open", "won", "lost"]),
  amountMinor: Minor,
  currency: Currency,
  reason: Schema.NullOr(Schema.String),
  evidenceReference: Schema.NullOr(Schema.String)
})
export type GatewayDispute = typeof GatewayDispute.Type

/**
 * A payment with all that became of it, as a list tells it. Nothing of it is believed to be ours, or of our currency, before it was
 * looked at: this is what is reconciled.
 */
export const ListedPayment = Schema.Struct({
  ...GatewayPayment.fields,
  reference: Schema.String,
  currency: Schema.String,
  settlement: Schema.NullOr(Schema.Literals(["settled", "failed"])),
  settlementReason: Schema.NullOr(Schema.String),
  refunds: Schema.Array(
    Schema.Struct({
      ...GatewayRefund.fields,
      currency: Schema.String,
      reference: Schema.String,
      reason: Schema.NullOr(Schema.String)
    })
  ),
  disputes: Schema.Array(Schema.Struct({ ...GatewayDispute.fields, currency: Schema.String })),
  changedAt: Instant
})
export type ListedPayment = typeof ListedPayment.Type

/** The customer's standing permission to charge later (`POST /mandates`). */
export const GatewayMandate = Schema.Struct({
  id: Schema.String,
  reference: PaymentId,
  status: Schema.Literals(["granted", "declined"]),
  reason: Schema.NullOr(Schema.String)
})
export type GatewayMandate = typeof GatewayMandate.Type

/** What a bank is told in answer to a dispute: papers, the car's own reports first among them. No paper holds a name or an address. */
export const DisputeDocument = Schema.Struct({
  kind: Schema.Literals(["vehicleReport", "purchase", "delivery"]),
  name: Schema.String, // The report's receipt, the purchase's activation, the order.
  content: Schema.String
})
export type DisputeDocument = typeof DisputeDocument.Type

/**
 * The body of `POST /webhooks/settlement`. `authorised`, `captured` and `declined`: what became of a payment whose customer was with the
 * bank (SCA). Of a dispute and of a refund that failed the amount is theirs, not the payment's.
 */
export const Settlement = Schema.Struct({
  reference: PaymentId,
  paymentId: Schema.String, // The gateway's own id.
  status: Schema.Literals([
    "settled",
    "failed",
    "authorised",
    "captured",
    "declined",
    "disputed",
    "dispute_won",
    "dispute_lost",
    "refund_failed"
  ]),
  amountMinor: Minor,
  currency: Currency,
  reason: Schema.NullOr(Schema.String),
  captureBefore: Schema.optionalKey(Schema.NullOr(Instant)), // With `authorised`.
  disputeId: Schema.optionalKey(Schema.String), // With `disputed`, `dispute_won` and `dispute_lost`.
  refundId: Schema.optionalKey(Schema.String), // With `refund_failed`: the gateway's id of it, and our reference.
  refundReference: Schema.optionalKey(Schema.String),
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
    /** The same with all that became of it. */
    readonly look: (reference: string) => Effect.Effect<ListedPayment | null, PaymentsUnreachable>
    /**
     * `GET /payments?since=&cursor=`: what changed at `since` or later, by the gateway's clock, the oldest change first, at most a hundred.
     * The cursor leads to the next page; null at the end. What changes meanwhile comes again, on a later page.
     */
    readonly list: (from: {
      readonly since: Instant
      readonly cursor: string | null
    }) => Effect.Effect<{ readonly payments: ReadonlyArray<ListedPayment>; readonly cursor: string | null }, PaymentsUnreachable>
    /** `POST /payments/{gateway id}/dispute/evidence`, once per dispute: `id` is our reference, by which it is found again. */
    readonly submitEvidence: (
      evidence: {
        readonly reference: PaymentId
        readonly disputeId: string
        readonly documents: ReadonlyArray<DisputeDocument>
      },
      id: string
    ) => Effect.Effect<GatewayDispute, EvidenceRefused | PaymentsUnreachable>
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

/** The bank takes no evidence (any more): there is no such dispute, it is decided, or it was answered already. */
export class EvidenceRefused extends Schema.TaggedError<EvidenceRefused>()("EvidenceRefused", { reason: Schema.String }) {}

/** No answer, an error, or an answer we could not believe: nobody knows whether money moved. Ask by reference before repeating. */
export class PaymentsUnreachable extends Schema.TaggedError<PaymentsUnreachable>()("PaymentsUnreachable", {
  cause: Schema.Defect()
}) {}
