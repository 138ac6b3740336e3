/** What an answer of the gateway means: money that moved as we asked, a no, or nothing that is believed. */
import { Effect, Schema } from "effect"
import type { Money, PaymentId } from "#machines/vocabulary.ts"
import { type Answer, believe, codeOf, NoAnswer } from "../http/outbound.ts"
import {
  EvidenceRefused,
  type GatewayDispute,
  type GatewayMandate,
  GatewayPayment,
  GatewayRefund,
  HoldGone,
  type ListedPayment,
  PaymentRefused,
  RefundRefused,
  VoidRefused
} from "./payments.ts"

/** What the gateway tells about a payment besides: the refunds, each by the reference we gave it. */
export const Known = Schema.Struct({
  ...GatewayPayment.fields,
  refunds: Schema.Array(Schema.Struct({ ...GatewayRefund.fields, reference: Schema.String }))
})
export const Refund = Schema.Struct({ ...GatewayRefund.fields, reference: Schema.String })

export type Capture = "immediate" | "manual"

export const notOurs = (detail: string) => Effect.fail(new NoAnswer({ why: "notOurs", detail }))

export const paymentOf = (reference: PaymentId, answer: Answer) =>
  Effect.map(believe(GatewayPayment, (payment) => (payment.reference === reference ? null : "reference"))(answer), withSafeUrl)

/** The customer will be sent there: an https address or none. */
export const withSafeUrl = <P extends GatewayPayment>(payment: P): P => {
  const safe = typeof payment.actionUrl === "string" && /^https:\/\/[^\s"'<>\\]{1,2000}$/.test(payment.actionUrl)
  return safe ? payment : { ...payment, actionUrl: null }
}

const wrongMoney = (payment: GatewayPayment, amount: Money) => {
  if (payment.amountMinor !== amount.amountMinor) return "amountMinor"
  if (payment.currency !== amount.currency) return "currency"
  return payment.status === "captured" && payment.capturedMinor !== amount.amountMinor ? "capturedMinor" : null
}

/** Money moved, or is held, as we asked, or waits for the customer (`requires_action`), or did not move: anything else is not believed. */
export const outcome = (
  payment: GatewayPayment,
  amount: Money,
  capture: Capture
): Effect.Effect<GatewayPayment, PaymentRefused | NoAnswer> => {
  const wrong = wrongMoney(payment, amount)
  if (wrong !== null) return notOurs(wrong)
  switch (payment.status) {
    case "captured": // Of a hold: it was captured since.
    case "requires_action":
      return Effect.succeed(payment)
    case "authorised":
      if (capture === "immediate") return notOurs("status: held, and a capture was asked for")
      return typeof payment.captureBefore === "string" ? Effect.succeed(payment) : notOurs("captureBefore")
    case "declined":
    case "voided":
    case "expired":
      return Effect.fail(new PaymentRefused({ reason: payment.reason === null ? payment.status : codeOf(payment.reason) }))
  }
}

/** Null: still held. */
export const captured = (payment: GatewayPayment, amount: Money): Effect.Effect<GatewayPayment | null, HoldGone | NoAnswer> => {
  const wrong = wrongMoney(payment, amount)
  if (wrong !== null) return notOurs(wrong)
  if (payment.status === "captured") return Effect.succeed(payment)
  return payment.status === "authorised" ? Effect.succeed(null) : Effect.fail(new HoldGone({ reason: payment.status }))
}

/** Null: still held, or still with the customer. */
export const released = (payment: GatewayPayment): Effect.Effect<GatewayPayment | null, VoidRefused> => {
  if (payment.status === "captured") return Effect.fail(new VoidRefused({ reason: "captured" }))
  return Effect.succeed(payment.status === "authorised" || payment.status === "requires_action" ? null : payment)
}

export const granted = (mandate: GatewayMandate): Effect.Effect<GatewayMandate, PaymentRefused> =>
  mandate.status === "granted"
    ? Effect.succeed(mandate)
    : Effect.fail(new PaymentRefused({ reason: mandate.reason === null ? mandate.status : codeOf(mandate.reason) }))

export const givenBack = (payment: typeof Known.Type, id: string, amount: Money) => {
  const refund = payment.refunds.find((one) => one.reference === id)
  return refund === undefined ? Effect.succeed(null) : refundOutcome(refund, id, amount)
}

export const refundOutcome = (
  refund: typeof Refund.Type,
  id: string,
  amount: Money
): Effect.Effect<typeof GatewayRefund.Type, RefundRefused | NoAnswer> => {
  if (refund.reference !== id) return notOurs("reference")
  if (refund.amountMinor !== amount.amountMinor) return notOurs("amountMinor")
  if (refund.currency !== amount.currency) return notOurs("currency")
  return refund.status === "succeeded" ? Effect.succeed(refund) : Effect.fail(new RefundRefused({ reason: refund.status }))
}

/** Null: nobody has answered this dispute yet. */
export const evidenceGiven = (
  payment: ListedPayment,
  disputeId: string,
  id: string
): Effect.Effect<GatewayDispute | null, EvidenceRefused | NoAnswer> => {
  const dispute = payment.disputes.find((one) => one.id === disputeId)
  if (dispute === undefined) return Effect.fail(new EvidenceRefused({ reason: "no_dispute" }))
  const { currency } = dispute
  if (currency !== "EUR") return notOurs("currency")
  if (dispute.evidenceReference === id) return Effect.succeed({ ...dispute, currency })
  if (dispute.evidenceReference !== null) return Effect.fail(new EvidenceRefused({ reason: "evidence_given" }))
  return dispute.status === "open" ? Effect.succeed(null) : Effect.fail(new EvidenceRefused({ reason: "dispute_closed" }))
}
