/** From what a partner says to what an order, or a purchased service, hears. One table per partner; no rule of the business. */
import { createHash } from "node:crypto"
import { Effect, Schema } from "effect"
import { Order as OrderActor } from "#actors/addresses.ts"
import { FactoryStatus } from "#integrations/factory/factory.ts"
import { Settlement } from "#integrations/payments/payments.ts"
import { TransportStatus } from "#integrations/transport/transport.ts"
import type { WebhookSource } from "#integrations/webhooks/webhooks.ts"
import * as Order from "#machines/order.ts"
import { Problem } from "../http/problem.ts"
import { readStrictJson } from "../http/strict-json.ts"
import { codeOrUntold, factOf, type Translated } from "./payment-facts.ts"

const toOrder = (orderId: string, fact: Order.OrderMessage): Translated => ({ to: OrderActor.at(orderId), fact })

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

  payments: translation(Settlement, factOf),

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
