/** The factory over HTTP: `POST /orders`, `GET /orders/{reference}` (S10). */
import { Effect, Layer, Schema } from "effect"
import type { OrderId } from "#machines/vocabulary.ts"
import { type Answer, believe, codeOf, get, type NoAnswer, orFind, type PartnerOptions, post, refusalOf } from "../http/outbound.ts"
import { Factory, FactoryOrder, FactoryRefusedOrder, FactoryUnreachable, type NewFactoryOrder } from "./factory.ts"

/**
 * The factory knows one order per reference for ever, so a repeated `POST` is answered with the order that exists: we ask by reference only
 * where an answer was missing or could not be believed.
 */
export const FactoryHttp = (options: PartnerOptions): Layer.Layer<Factory> => {
  const find = (reference: OrderId, model?: string) =>
    get(options, `/orders/${encodeURIComponent(reference)}`).pipe(
      Effect.flatMap((answer): Effect.Effect<FactoryOrder | null, NoAnswer> => {
        const unknown = answer.status === 404 && refusalOf(answer, reference) !== null
        return unknown ? Effect.succeed(null) : ours(reference, model)(answer)
      })
    )

  return Layer.succeed(Factory, {
    placeOrder: Effect.fn("Factory.placeOrder")((order, id) =>
      post(options, "/orders", id, order).pipe(
        Effect.flatMap((answer): Effect.Effect<FactoryOrder, FactoryRefusedOrder | NoAnswer> => {
          const reason = refusalOf(answer, order.reference)
          return reason === null ? ours(order.reference, order.model)(answer) : Effect.fail(new FactoryRefusedOrder({ reason }))
        }),
        orFind(find(order.reference, order.model)),
        Effect.catchTag("NoAnswer", (cause) => Effect.fail(new FactoryUnreachable({ cause })))
      )
    ),
    findOrder: Effect.fn("Factory.findOrder")((reference) =>
      Effect.mapError(find(reference), (cause) => new FactoryUnreachable({ cause }))
    )
  })
}

/** The factory may repeat which model it builds; then it has to be the one we ordered. */
const Told = Schema.Struct({ ...FactoryOrder.fields, model: Schema.optionalKey(Schema.String) })

/** From `ready` on, an order without a VIN is not believed. */
const ours =
  (reference: OrderId, model: (typeof NewFactoryOrder.Type)["model"] | undefined) =>
  (answer: Answer): Effect.Effect<FactoryOrder, NoAnswer> =>
    believe(Told, (order) => {
      if (order.reference !== reference) return "reference"
      if (order.model !== undefined && model !== undefined && order.model !== model) return "model"
      return (order.status === "ready" || order.status === "shipped") && order.vin === null ? "vin" : null
    })(answer).pipe(
      Effect.map(({ model: _, ...order }) => ({ ...order, reason: order.reason === null ? null : codeOf(order.reason) }))
    )
