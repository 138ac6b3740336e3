/** Buying a service: terms and price come from the catalogue in force, and the car's actor decides. */
import { createHash } from "node:crypto"
import { Effect, Schema } from "effect"
import { Vehicle } from "#actors/addresses.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import type { Caller } from "#integrations/accounts/accounts.ts"
import { optionTermsOf } from "#integrations/catalogue/options.ts"
import { contractLawOf } from "#integrations/contract-law/contract-law.ts"
import { Persons } from "#integrations/persons/persons.ts"
import { customerSees } from "#integrations/postgres/seen-by.ts"
import { iso, PlatformTime } from "#integrations/postgres/time.ts"
import { RateLimits } from "#integrations/redis/limits.ts"
import { type OptionTerms, Term } from "#machines/option-terms.ts"
import { PurchaseOption } from "#machines/vehicle.ts"
import { ActivationId, type Country, OptionCode, type SubjectId, type Vin } from "#machines/vocabulary.ts"
import { standingOf } from "#src/views/exposure.ts"
import { type Heard, heardAs } from "#src/views/heard.ts"
import { reasonInWords } from "#src/views/reason-words.ts"
import { sameAsFirst } from "../idempotency.ts"
import { languageOf } from "../language.ts"
import { type AskMaintenance, tellForPurchase } from "../maintenance.ts"
import { malformed } from "../problem.ts"
import { agreedAt, asSeen, existing, SeenTexts } from "../seen-texts.ts"
import { freshlyShown, purchaseLimitMinor } from "../step-up.ts"
import { ownVehicle } from "./own-vehicle.ts"
import { NoCardNumber } from "./payment-method.ts"

const perMinute = 60 // Purchases for one car, refused ones among them.

export const NewPurchase = Schema.Struct({
  option: OptionCode,
  term: Term,
  paymentMethod: Schema.optionalKey(NoCardNumber), // Absent where there is nothing to pay.
  consents: SeenTexts
}).annotate({ identifier: "NewServicePurchase" })
type NewPurchase = typeof NewPurchase.Type

export const Purchased = Schema.Struct({
  activationId: ActivationId,
  state: Schema.Literal("pending"),
  payment: Schema.Literals(["authorising", "mandating", "free"])
}).annotate({ identifier: "ServicePurchased" })

/** The same customer, car and key are the same purchase, however often it is asked. */
const activationIdOf = (customerId: SubjectId, vin: Vin, key: string) =>
  ActivationId.make(`act_${createHash("sha256").update(`${customerId}\n${vin}\n${key}`).digest("hex").slice(0, 32)}`)

/** What it begins with; what came of it since, the service's own page says. */
const beginningOf = (activationId: ActivationId, { term, price }: Pick<OptionTerms, "term" | "price">) => ({
  activationId,
  state: "pending" as const,
  payment:
    term.kind === "recurring" ? ("mandating" as const) : price.amountMinor === 0 ? ("free" as const) : ("authorising" as const)
})

/** What the customer asked, out of what was heard: price and rules are ours, and may have changed since. */
const asAsked = ({ type, body }: Heard): Heard => {
  const { option, term } = body.terms as OptionTerms
  return {
    type,
    body: { customerId: body.customerId, paymentMethod: body.paymentMethod, option, term, consents: asSeen(body.consents) }
  }
}

export const purchase = Effect.fn("customers.purchase")(function* (
  askMaintenance: AskMaintenance,
  caller: Caller,
  vin: Vin,
  key: string,
  { option, term, paymentMethod = undefined, consents }: NewPurchase
) {
  const actors = yield* ActorSystem
  const time = yield* PlatformTime
  const limits = yield* RateLimits
  const customerId = caller.subjectId
  const { context } = yield* ownVehicle(customerId, vin)
  yield* limits.consume(`purchase/${vin}`, perMinute, 60) // The workshops' word is kept with each: nobody fills a journal with it.
  const activationId = activationIdOf(customerId, vin, key)
  const to = Vehicle.at(vin)
  const id = `${customerId}/purchase/${vin}/${key}`
  const asked = { customerId, paymentMethod: paymentMethod ?? null, option, term, consents }

  const first = yield* customerSees(customerId)(heardAs(to.path, id))
  if (first !== null) {
    sameAsFirst(asAsked(first), "PurchaseOption", asked)
    return beginningOf(activationId, first.body.terms as OptionTerms)
  }
  yield* existing(consents)
  const terms = optionTermsOf(option, term, context.country)
  if (terms === null) return yield* Effect.fail(notOffered)
  if (terms.price.amountMinor > purchaseLimitMinor) yield* freshlyShown(caller)
  const message = PurchaseOption.make({
    activationId,
    customerId,
    terms,
    paymentMethod: paymentMethod ?? null,
    consents: agreedAt(consents, iso(time.now()), yield* languageOf(customerId)),
    law: contractLawOf(context.country, {
      channel: "online",
      postalCode: yield* postalCodeOf(customerId, context.country),
      at: iso(time.now())
    }),
    standing: yield* customerSees(customerId)(standingOf(customerId, context.country, time.now()))
  })
  // Last of all: the younger the answer at the purchase itself.
  if (terms.maintenanceGated) yield* tellForPurchase(askMaintenance, vin, { terms, subjectId: customerId, activationId })
  const standing = yield* actors.tell(to, message, { id })
  if (standing.duplicate) {
    const raced = yield* customerSees(customerId)(heardAs(to.path, id)) // Two at once with one key: the second is compared like a later one.
    sameAsFirst(raced === null ? null : asAsked(raced), "PurchaseOption", asked)
  }
  return beginningOf(activationId, terms)
})

/** Only where the customer lives where the car is registered: the law is the country's, the clock the address's. */
const postalCodeOf = (customerId: SubjectId, country: Country): Effect.Effect<string | null, never, Persons> =>
  Persons.use((persons) => persons.read(customerId)).pipe(
    Effect.map(({ address }) => (address?.country === country ? address.postalCode : null)),
    Effect.catchTag("PersonUnknown", () => Effect.succeed(null))
  )

const notOffered = malformed(reasonInWords("NotOffered", "en")!, "NotOffered")
