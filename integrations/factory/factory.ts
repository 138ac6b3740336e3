/** The factory: a separate legal entity that builds what we order (S3, S10). Orders are placed synchronously; progress comes by webhook. */
import { Context, type Effect, Schema } from "effect"
import { VehicleKey } from "#machines/option-terms.ts"
import { Country, Instant, OrderId, Vin } from "#machines/vocabulary.ts"

export const NewFactoryOrder = Schema.Struct({ reference: OrderId, model: Schema.String, country: Country })

export const FactoryOrder = Schema.Struct({
  factoryOrderId: Schema.String,
  reference: OrderId,
  status: Schema.Literals(["accepted", "in_progress", "ready", "shipped", "cancelled"]),
  vin: Schema.NullOr(Vin), // From `ready` on.
  expectedAt: Schema.NullOr(Instant),
  reason: Schema.NullOr(Schema.String), // Of a cancellation.
  key: Schema.optionalKey(Schema.NullOr(VehicleKey)) // With the VIN: what the car will sign with, and the road to it.
})
export type FactoryOrder = typeof FactoryOrder.Type

/** The body of `POST /webhooks/status`. */
export const FactoryStatus = Schema.Struct({
  reference: OrderId,
  factoryOrderId: Schema.String,
  status: Schema.Literals(["in_progress", "ready", "shipped", "cancelled"]),
  vin: Schema.NullOr(Vin),
  reason: Schema.NullOr(Schema.String),
  key: Schema.optionalKey(Schema.NullOr(VehicleKey)), // With `ready`.
  occurredAt: Instant
})
export type FactoryStatus = typeof FactoryStatus.Type

export class Factory extends Context.Service<
  Factory,
  {
    /** `POST /orders` with `id` as Idempotency-Key. Asks `GET /orders/{reference}` first when an earlier try may have arrived. */
    readonly placeOrder: (
      order: typeof NewFactoryOrder.Type,
      id: string
    ) => Effect.Effect<FactoryOrder, FactoryRefusedOrder | FactoryUnreachable>
    /** `GET /orders/{reference}`; null where the factory knows nothing of it. */
    readonly findOrder: (reference: OrderId) => Effect.Effect<FactoryOrder | null, FactoryUnreachable>
  }
>()("integrations/Factory") {}

/** The factory answered no: it does not build this. Retrying will not help. */
export class FactoryRefusedOrder extends Schema.TaggedError<FactoryRefusedOrder>()("FactoryRefusedOrder", {
  reason: Schema.String
}) {}

/** No answer, an error, or an answer we could not read: nobody knows whether the order arrived. */
export class FactoryUnreachable extends Schema.TaggedError<FactoryUnreachable>()("FactoryUnreachable", {
  cause: Schema.Defect()
}) {}
