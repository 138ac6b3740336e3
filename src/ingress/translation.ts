/** From what a partner says to what an order, or a purchased service, hears. One table per partner; no rule of the business. */
import { createHash } from "node:crypto"
import { Effect, Schema } from "effect"
import { Activation, Order as OrderActor } from "#actors/addresses.ts"
import type { Address, Tagged } from "#actors/system/actor-type.ts"
import { FactoryStatus } from "#integrations/factory/factory.ts"
import { codeOf } from "#integrations/http/outbound.ts"
import { Settlement } from "#integrations/payments/payments.ts"
import { TransportStatus } from "#integrations/transport/transport.ts"
import type { WebhookSource } from "#integrations/webhooks/webhooks.ts"
import * as Service from "#machines/activation.ts"
import * as Order from "#machines/order.ts"
import type { PaymentId } from "#machines/vocabulary.ts"
import { Problem } from "../http/problem.ts"
import { readStrictJson } from "../http/strict-json.ts"

/** Who hears it, and what. */
export interface Translated {
  readonly to: Address<any>
  readonly fact: Tagged
}
const toOrder = (orderId: string, fact: Order.OrderMessage): Translated => ({ to: OrderActor.at(orderId), fact })
const toActivation = (path: string, fact: Service.ActivationMessage): Translated => ({ to: Activation.at(path), fact })

/** Validly signed, and yet not something we can use; `reason` says to the partner and to the operator why. */
export class Untranslatable extends Schema.TaggedError<Untranslatable>()("Untranslatable", { reason: Schema.String }) {}

const reasonLimit = 500 // Characters, of what a schema has to say.

/** Fields we do not know are left alone: a partner may add some. Fields we know must be right. */
export const translate = Effect.fnUntraced(function* (source: WebhookSource, body: Uint8Array) {
  const json = yield* Effect.try({
    try: () => readStrictJson(body),
    catch: (no) => new Untranslatable({ reason: no instanceof Problem ? no.details.detail : "The body could not be read." })
  })
  return yield* translations[source](json)
})

type Translation = (json: unknown) => Effect.Effect<Translated, Untranslatable>

const translation =
  <Body>(schema: Schema.Codec<Body, any>, say: (body: Body) => Translated | string): Translation =>
  (json) =>
    Schema.decodeUnknownEffect(schema)(json).pipe(
      Effect.mapError((error) => new Untranslatable({ reason: error.message.slice(0, reasonLimit) })),
      Effect.map(say),
      Effect.flatMap((said) =>
        typeof said === "string" ? Effect.fail(new Untranslatable({ reason: said })) : Effect.succeed(said)
      )
    )

/** What a message may hold of a partner's free text, which may hold a name: its bytes stay with the webhook. */
const codeOrUntold = (reason: string | null) => (reason === null ? "no reason given" : codeOf(reason))
const identifierOf = (proof: string) =>
  /^[A-Za-z0-9_.:-]{1,128}$/.test(proof) ? proof : `sha256:${createHash("sha256").update(proof).digest("hex")}`

const translations: Record<WebhookSource, Translation> = {
  factory: translation(FactoryStatus, ({ reference, factoryOrderId, status, vin, reason, key }) => {
    const about = (fact: Order.OrderMessage) => toOrder(reference, fact)
    switch (status) {
      case "in_progress":
        return about(Order.FactoryReportedInProgress.make({ factoryOrderId }))
      case "ready":
        if (vin === null) return "ready without a VIN"
        return about(Order.FactoryReportedReady.make({ factoryOrderId, vin, ...(key ? { key } : {}) }))
      case "shipped":
        return about(Order.FactoryReportedShipped.make({ factoryOrderId }))
      case "cancelled":
        return about(Order.FactoryReportedCancelled.make({ factoryOrderId, reason: codeOrUntold(reason) }))
    }
  }),

  payments: translation(Settlement, (settlement) => {
    const { reference, amountMinor, currency, status, reason } = settlement
    const payment = readPaymentId(reference)
    if (payment === null) return "the reference is not one of our payments"
    if ("activation" in payment) return saidOfService(payment.activation, settlement)
    const about = { paymentId: reference, kind: payment.kind, amount: { amountMinor, currency } }
    switch (status) {
      case "settled":
        return toOrder(payment.order, Order.PaymentSettled.make(about))
      case "failed":
        return toOrder(payment.order, Order.PaymentSettlementFailed.make({ ...about, reason: codeOrUntold(reason) }))
      case "declined":
        return toOrder(
          payment.order,
          Order.PaymentDeclined.make({ paymentId: reference, kind: payment.kind, reason: codeOrUntold(reason) })
        )
      case "captured":
        return toOrder(payment.order, Order.PaymentSucceeded.make({ ...about, gatewayId: settlement.paymentId }))
      case "authorised":
        return "an order's payment is captured at once, never held"
      default:
        return `no order listens to ${status}`
    }
  }),

  transport: translation(TransportStatus, ({ reference, transportId, status, proof }) => {
    const about = (fact: Order.OrderMessage) => toOrder(reference, fact)
    switch (status) {
      case "departed":
        return about(Order.TransportDeparted.make({ transportId }))
      case "delivered":
        return proof === null
          ? "delivered without a proof"
          : about(Order.TransportDelivered.make({ transportId, proof: identifierOf(proof) }))
      case "customer_absent":
        return about(Order.TransportCustomerAbsent.make({ transportId }))
      case "arrived_at_dealership":
        return about(Order.TransportArrivedAtDealership.make({ transportId }))
    }
  })
}

type Paid = { readonly order: string; readonly kind: Order.PaymentKind } | { readonly activation: string }

/**
 * `pay_<order>-<kind>-<attempt>`: the order, without its `ord_`, and what it was for. `pay_<vin>-<activation>-service-<n>`: the
 * activation, without its `act_`, on its car. Null for a name that no machine ever gave.
 */
const readPaymentId = (id: PaymentId): Paid | null => {
  const [, vin, activation] = /^pay_([A-HJ-NPR-Z0-9]{17})-([A-Za-z0-9]{1,32})-service-[1-9]\d*$/.exec(id) ?? []
  if (vin !== undefined) return { activation: `${vin}/act_${activation}` }
  const [, order, kind] = /^pay_(.+)-(reservation|final)-[1-9]\d*$/.exec(id) ?? []
  return order === undefined ? null : { order: `ord_${order}`, kind: kind as Order.PaymentKind }
}

const saidOfService = (activation: string, { reference, paymentId, status, reason, captureBefore, ...money }: Settlement) => {
  const about = { paymentId: reference, amount: { amountMinor: money.amountMinor, currency: money.currency } }
  switch (status) {
    case "settled":
      return toActivation(activation, Service.PaymentSettled.make(about))
    case "failed":
      return toActivation(activation, Service.PaymentSettlementFailed.make({ ...about, reason: codeOrUntold(reason) }))
    case "declined":
      return toActivation(activation, Service.PaymentDeclined.make({ paymentId: reference, reason: codeOrUntold(reason) }))
    case "authorised":
      return typeof captureBefore === "string"
        ? toActivation(activation, Service.PaymentAuthorised.make({ ...about, gatewayId: paymentId, captureBefore }))
        : "authorised without captureBefore"
    case "captured":
      return toActivation(activation, Service.PaymentCaptured.make({ ...about, gatewayId: paymentId }))
    default:
      return `no service listens to ${status}`
  }
}
