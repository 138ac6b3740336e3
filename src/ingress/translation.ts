/** From what a partner says to what an order hears. One table per partner; no rule of the business. */
import { createHash } from "node:crypto"
import { Effect, Schema } from "effect"
import { FactoryStatus } from "#integrations/factory/factory.ts"
import { codeOf } from "#integrations/http/outbound.ts"
import { Settlement } from "#integrations/payments/payments.ts"
import { TransportStatus } from "#integrations/transport/transport.ts"
import type { WebhookSource } from "#integrations/webhooks/webhooks.ts"
import * as Order from "#machines/order.ts"
import { OrderId, type PaymentId } from "#machines/vocabulary.ts"
import { Problem } from "../http/problem.ts"
import { readStrictJson } from "../http/strict-json.ts"

/** Which order, and what it hears. */
export interface Translated {
  readonly orderId: OrderId
  readonly fact: Order.OrderMessage
}

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
    const about = (fact: Order.OrderMessage) => ({ orderId: reference, fact })
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

  payments: translation(Settlement, ({ reference, status, amountMinor, currency, reason }) => {
    const payment = readPaymentId(reference)
    if (payment === null) return "the reference is not one of our payments"
    const about = { paymentId: reference, kind: payment.kind, amount: { amountMinor, currency } }
    return {
      orderId: payment.orderId,
      fact:
        status === "settled"
          ? Order.PaymentSettled.make(about)
          : Order.PaymentSettlementFailed.make({ ...about, reason: codeOrUntold(reason) })
    }
  }),

  transport: translation(TransportStatus, ({ reference, transportId, status, proof }) => {
    const about = (fact: Order.OrderMessage) => ({ orderId: reference, fact })
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

/** `pay_<order>-<kind>-<attempt>`: the order, without its `ord_`, and what it was for. Null for a name the order machine never gave. */
const readPaymentId = (id: PaymentId): { readonly orderId: OrderId; readonly kind: Order.PaymentKind } | null => {
  const [, order, kind] = /^pay_(.+)-(reservation|final)-[1-9]\d*$/.exec(id) ?? []
  return order === undefined ? null : { orderId: OrderId.make(`ord_${order}`), kind: kind as Order.PaymentKind }
}
