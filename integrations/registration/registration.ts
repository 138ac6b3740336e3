/** The registration authorities, one per country (S11, S22.4): a car may not be handed over before it bears a plate. */
import { Context, type Effect, Schema } from "effect"
import { Country, OrderId, Paper, Vin } from "#machines/vocabulary.ts"

export const NewRegistration = Schema.Struct({
  reference: OrderId,
  country: Country,
  vin: Vin,
  /** The holder's fields that the country asks for, by the names of countries.ts. Resolved from `persons` when sent. */
  holder: Schema.Record(Schema.String, Schema.String),
  papers: Schema.Array(Paper)
})

export const Registered = Schema.Struct({ registrationId: Schema.String, reference: OrderId, plate: Schema.String })
export type Registered = typeof Registered.Type

export class Registration extends Context.Service<
  Registration,
  {
    /** `POST /registrations`, blocking for this order alone, with `id` as Idempotency-Key. A plate of another country's shape is not believed. */
    readonly register: (
      registration: typeof NewRegistration.Type,
      id: string
    ) => Effect.Effect<Registered, AuthorityRefused | PapersMissing | RegistrationUnreachable>
    /** `GET /registrations/{reference}`; null where the authority knows nothing of it. */
    readonly find: (country: Country, reference: OrderId) => Effect.Effect<Registered | null, RegistrationUnreachable>
  }
>()("integrations/Registration") {}

/** The authority refuses this registration for good. */
export class AuthorityRefused extends Schema.TaggedError<AuthorityRefused>()("AuthorityRefused", { reason: Schema.String }) {}

/** The authority wants papers it did not get. */
export class PapersMissing extends Schema.TaggedError<PapersMissing>()("PapersMissing", { missing: Schema.Array(Schema.String) }) {}

/** The portal is down, or its answer could not be read. */
export class RegistrationUnreachable extends Schema.TaggedError<RegistrationUnreachable>()("RegistrationUnreachable", {
  cause: Schema.Defect()
}) {}
