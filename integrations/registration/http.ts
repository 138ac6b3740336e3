/** The registration authorities over HTTP: `POST /registrations`, `GET /registrations/{reference}` (S11), one address per country or one for all. */
import { Effect, Layer, Schema } from "effect"
import type { Country, OrderId } from "#machines/vocabulary.ts"
import { type Answer, believe, get, type NoAnswer, orFind, type PartnerOptions, post, refusalOf } from "../http/outbound.ts"
import { holderFor, isPlateOf } from "./countries.ts"
import { AuthorityRefused, PapersMissing, Registered, Registration, RegistrationUnreachable } from "./registration.ts"

export interface RegistrationOptions extends PartnerOptions {
  /** Where a country's portal is somewhere else than `url`. */
  readonly urls?: { readonly [C in Country]?: string }
}

const Missing = Schema.Struct({
  reference: Schema.String,
  missing: Schema.Array(Schema.String.check(Schema.isPattern(/^[A-Za-z0-9._-]{1,64}$/))).check(
    Schema.isMinLength(1),
    Schema.isMaxLength(20)
  )
})

/** The authority keeps one registration per reference; we ask by reference where an answer was missing or could not be believed. */
export const RegistrationHttp = (options: RegistrationOptions): Layer.Layer<Registration> => {
  const portal = (country: Country): PartnerOptions => ({ ...options, url: options.urls?.[country] ?? options.url })

  const find = (country: Country, reference: OrderId) =>
    get(portal(country), `/registrations/${encodeURIComponent(reference)}`).pipe(
      Effect.flatMap((answer): Effect.Effect<typeof Registered.Type | null, NoAnswer> => {
        const unknown = answer.status === 404 && refusalOf(answer, reference) !== null
        return unknown ? Effect.succeed(null) : ours(country, reference)(answer)
      })
    )

  return Layer.succeed(Registration, {
    register: Effect.fn("Registration.register")((registration, id) => {
      const { country, reference, holder } = registration
      return post(portal(country), "/registrations", id, { ...registration, holder: holderFor(country, holder) }).pipe(
        Effect.flatMap((answer): Effect.Effect<typeof Registered.Type, AuthorityRefused | PapersMissing | NoAnswer> => {
          const missing = missingFrom(answer, reference)
          if (missing !== null) return Effect.fail(new PapersMissing({ missing }))
          const reason = refusalOf(answer, reference)
          return reason === null ? ours(country, reference)(answer) : Effect.fail(new AuthorityRefused({ reason }))
        }),
        orFind(find(country, reference)),
        Effect.catchTag("NoAnswer", (cause) => Effect.fail(new RegistrationUnreachable({ cause })))
      )
    }),
    find: Effect.fn("Registration.find")((country, reference) =>
      Effect.mapError(find(country, reference), (cause) => new RegistrationUnreachable({ cause }))
    )
  })
}

const missingFrom = ({ status, body }: Answer, reference: OrderId) =>
  status === 422 && Schema.is(Missing)(body) && body.reference === reference ? body.missing : null

const ours = (country: Country, reference: OrderId) =>
  believe(Registered, (registered) => {
    if (registered.reference !== reference) return "reference"
    return isPlateOf(country, registered.plate) ? null : "plate"
  })
