/** From what the gateway says of a payment, whether it announced it or was asked, to what an order or a purchased service hears. */
import { Activation, Order as OrderActor } from "#actors/addresses.ts"
import type { Address, Tagged } from "#actors/system/actor-type.ts"
import { codeOf } from "#integrations/http/outbound.ts"
import type { Settlement } from "#integrations/payments/payments.ts"
import * as Service from "#machines/activation.ts"
import * as Order from "#machines/order.ts"

/** Who hears it, and what. */
export interface Translated {
  readonly to: Address<any>
  readonly fact: Tagged
}
const toOrder = (orderId: string, fact: Order.OrderMessage): Translated => ({ to: OrderActor.at(orderId), fact })
const toActivation = (path: string, fact: Service.ActivationMessage): Translated => ({ to: Activation.at(path), fact })

/** What is announced, and what is only found by asking: what was given back, and what is held no more. */
export type SaidOfPayment = Omit<Settlement, "status" | "occurredAt"> & {
  readonly status: Settlement["status"] | "returned" | "voided"
}

/** A text: why nobody can be told. */
export const factOf = (said: SaidOfPayment): Translated | string => {
  const payment = readPaymentId(said.reference)
  if (payment === null) return "the reference is not one of our payments"
  return "activation" in payment ? saidOfService(payment.activation, said) : saidOfOrder(payment, said)
}

/** What a message may hold of a partner's free text, which may hold a name: its bytes stay with the webhook. */
export const codeOrUntold = (reason: string | null) => (reason === null ? "no reason given" : codeOf(reason))

type PaidOrder = { readonly order: string; readonly kind: Order.PaymentKind }
type Paid = PaidOrder | { readonly activation: string }

/**
 * `pay_<order>-<kind>-<attempt>`: the order, without its `ord_`, and what it was for. `pay_<vin>-<activation>-service-<n>`: the
 * activation, without its `act_`, on its car. Null for a name that no machine ever gave.
 */
export const readPaymentId = (id: string): Paid | null => {
  const [, vin, activation] = /^pay_([A-HJ-NPR-Z0-9]{17})-([A-Za-z0-9]{1,32})-service-[1-9]\d*$/.exec(id) ?? []
  if (vin !== undefined) return { activation: `${vin}/act_${activation}` }
  const [, order, kind] = /^pay_(.+)-(reservation|final)-[1-9]\d*$/.exec(id) ?? []
  return order === undefined ? null : { order: `ord_${order}`, kind: kind as Order.PaymentKind }
}

/** Where whoever it is about lives; null where it is nobody's. */
export const payerOf = (id: string): string | null => {
  const payment = readPaymentId(id)
  if (payment === null) return null
  return "activation" in payment ? Activation.at(payment.activation).path : OrderActor.at(payment.order).path
}

const saidOfOrder = ({ order, kind }: PaidOrder, said: SaidOfPayment): Translated | string => {
  const { reference, paymentId, amountMinor, currency, status, reason, refundId, disputeId } = said
  const about = { paymentId: reference, kind, amount: { amountMinor, currency } }
  switch (status) {
    case "settled":
      return toOrder(order, Order.PaymentSettled.make(about))
    case "failed":
      return toOrder(order, Order.PaymentSettlementFailed.make({ ...about, reason: codeOrUntold(reason) }))
    case "captured":
      return toOrder(order, Order.PaymentSucceeded.make({ ...about, gatewayId: paymentId }))
    case "declined":
      return toOrder(order, Order.PaymentDeclined.make({ paymentId: reference, kind, reason: codeOrUntold(reason) }))
    case "authorised":
    case "voided":
      return "an order's payment is captured at once, never held"
    case "returned":
      if (refundId === undefined) return noRefund(status)
      return toOrder(order, Order.PaymentReturned.make({ ...about, refundId }))
    case "refund_failed":
      if (refundId === undefined) return noRefund(status)
      return toOrder(order, Order.RefundFailed.make({ ...about, refundId, reason: codeOrUntold(reason) }))
    case "disputed":
      if (disputeId === undefined) return noDispute(status)
      return toOrder(order, Order.PaymentDisputed.make({ ...about, disputeId, reason: codeOrUntold(reason) }))
    case "dispute_won":
    case "dispute_lost":
      if (disputeId === undefined) return noDispute(status)
      return toOrder(order, Order.DisputeClosed.make({ ...about, disputeId, outcome: outcomeOf(status) }))
  }
}

const saidOfService = (activation: string, said: SaidOfPayment): Translated | string => {
  const { reference, paymentId, status, reason, captureBefore, refundId, disputeId, amountMinor, currency } = said
  const about = { paymentId: reference, amount: { amountMinor, currency } }
  switch (status) {
    case "settled":
      return toActivation(activation, Service.PaymentSettled.make(about))
    case "failed":
      return toActivation(activation, Service.PaymentSettlementFailed.make({ ...about, reason: codeOrUntold(reason) }))
    case "captured":
      return toActivation(activation, Service.PaymentCaptured.make({ ...about, gatewayId: paymentId }))
    case "declined":
      return toActivation(activation, Service.PaymentDeclined.make({ paymentId: reference, reason: codeOrUntold(reason) }))
    case "authorised":
      if (typeof captureBefore !== "string") return "authorised without captureBefore"
      return toActivation(activation, Service.PaymentAuthorised.make({ ...about, gatewayId: paymentId, captureBefore }))
    case "voided":
      return toActivation(activation, Service.PaymentVoided.make({ paymentId: reference }))
    case "returned":
      if (refundId === undefined) return noRefund(status)
      return toActivation(activation, Service.PaymentReturned.make({ ...about, refundId }))
    case "refund_failed":
      if (refundId === undefined) return noRefund(status)
      return toActivation(activation, Service.RefundFailed.make({ ...about, refundId, reason: codeOrUntold(reason) }))
    case "disputed":
      if (disputeId === undefined) return noDispute(status)
      return toActivation(activation, Service.PaymentDisputed.make({ ...about, disputeId, reason: codeOrUntold(reason) }))
    case "dispute_won":
    case "dispute_lost":
      if (disputeId === undefined) return noDispute(status)
      return toActivation(activation, Service.DisputeClosed.make({ ...about, disputeId, outcome: outcomeOf(status) }))
  }
}

const noRefund = (status: string) => `${status} without a refund`
const noDispute = (status: string) => `${status} without a dispute`
const outcomeOf = (status: "dispute_won" | "dispute_lost") => (status === "dispute_won" ? ("won" as const) : ("lost" as const))
