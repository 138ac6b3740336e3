/** Subcontracted carriers: bring the car to the customer, or back to the dealership; never leave it in the street (S18). */
import { Context, type Effect, Schema } from "effect"
import { Instant, OrderId, Vin } from "#machines/vocabulary.ts"

export const NewTransport = Schema.Struct({
  reference: OrderId,
  vin: Vin,
  to: Schema.Literals(["customer", "dealership"]),
  address: Schema.Record(Schema.String, Schema.String), // Resolved from `persons` when sent.
  instructions: Schema.Literal("hand over in person; otherwise bring it to the dealership; never leave it unattended")
})

export const Transport = Schema.Struct({ transportId: Schema.String, reference: OrderId })
export type Transport = typeof Transport.Type

/** The body of `POST /webhooks/transport`. */
export const TransportStatus = Schema.Struct({
  reference: OrderId,
  transportId: Schema.String,
  status: Schema.Literals(["departed", "delivered", "customer_absent", "arrived_at_dealership"]),
  proof: Schema.NullOr(Schema.String), // With `delivered`: who signed, as the carrier noted it. An identifier, never a name.
  occurredAt: Instant
})
export type TransportStatus = typeof TransportStatus.Type

export class Carriers extends Context.Service<
  Carriers,
  {
    /** `POST /transports` with `id` as Idempotency-Key; one transport per (reference, to). */
    readonly book: (
      transport: typeof NewTransport.Type,
      id: string
    ) => Effect.Effect<Transport, CarrierRefused | CarrierUnreachable>
  }
>()("integrations/Carriers") {}

/** The carrier does not drive there. */
export class CarrierRefused extends Schema.TaggedError<CarrierRefused>()("CarrierRefused", { reason: Schema.String }) {}

/** No answer, or one we could not read. */
export class CarrierUnreachable extends Schema.TaggedError<CarrierUnreachable>()("CarrierUnreachable", {
  cause: Schema.Defect()
}) {}
