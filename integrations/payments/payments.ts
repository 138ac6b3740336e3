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
  reason: Schema.NullOr(Schema.String) // Of a decline.
})
export type GatewayPayment = typeof GatewayPayment.Type

export const GatewayRefund = Schema.Struct({
  id: Schema.String,
  amountMinor: Minor,
  currency: Currency,
  status: Schema.Literals(["succeeded", "failed"])
})

/** The body of `POST /webhooks/settlement`. */
export const Settlement = Schema.Struct({
  reference: PaymentId,
  paymentId: Schema.String, // The gateway's own id.
  status: Schema.Literals(["settled", "failed"]),
  amountMinor: Minor,
  currency: Currency,
  reason: Schema.NullOr(Schema.String),
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

/** The gateway will not give this money back (never taken, or already returned): an operator has to look. */
export class RefundRefused extends Schema.TaggedError<RefundRefused>()("RefundRefused", { reason: Schema.String }) {}

/** No answer, an error, or an answer we could not believe: nobody knows whether money moved. Ask by reference before repeating. */
export class PaymentsUnreachable extends Schema.TaggedError<PaymentsUnreachable>()("PaymentsUnreachable", {
  cause: Schema.Defect()
}) {}
