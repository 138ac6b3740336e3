/** The factory over HTTP: `POST /orders`, `GET /orders/{reference}` (S10). */
import { Effect, Layer } from "effect"
import type { OrderId } from "#machines/vocabulary.ts"
import { believe, get, type NoAnswer, orFind, type PartnerOptions, post, refusalOf } from "../http/outbound.ts"
import { Factory, FactoryOrder, FactoryRefusedOrder, FactoryUnreachable } from "./factory.ts"

/**
 * The factory knows one order per reference for ever, so a repeated `POST` is answered with the order that exists: we ask by reference only
 * where an answer was missing or could not be believed.
 */
export const FactoryHttp = (options: PartnerOptions): Layer.Layer<Factory> => {
  const find = (reference: OrderId) =>
    get(options, `/orders/${encodeURIComponent(reference)}`).pipe(
      Effect.flatMap((answer): Effect.Effect<FactoryOrder | null, NoAnswer> => {
        const unknown = answer.status === 404 && refusalOf(answer, reference) !== null
        return unknown ? Effect.succeed(null) : ours(reference)(answer)
      })
    )

  return Layer.succeed(Factory, {
    placeOrder: Effect.fn("Factory.placeOrder")((order, id) =>
      post(options, "/orders", id, order).pipe(
        Effect.flatMap((answer): Effect.Effect<FactoryOrder, FactoryRefusedOrder | NoAnswer> => {
          const reason = refusalOf(answer, order.reference)
          return reason === null ? ours(order.reference)(answer) : Effect.fail(new FactoryRefusedOrder({ reason }))
        }),
        orFind(find(order.reference)),
        Effect.catchTag("NoAnswer", (cause) => Effect.fail(new FactoryUnreachable({ cause })))
      )
    ),
    findOrder: Effect.fn("Factory.findOrder")((reference) =>
      Effect.mapError(find(reference), (cause) => new FactoryUnreachable({ cause }))
    )
  })
}

/** From `ready` on, an order without a VIN is not believed. */
const ours = (reference: OrderId) =>
  believe(FactoryOrder, (order) => {
    if (order.reference !== reference) return "reference"
    return (order.status === "ready" || order.status === "shipped") && order.vin === null ? "vin" : null
  })
