/** What we sell, where, and on which terms. Prices are ours to say, never the caller's; a sale keeps the edition it was made with (SO-17). */
import { Schema } from "effect"
import { OptionTerms } from "#machines/option-terms.ts"
import { Country, Money } from "#machines/vocabulary.ts"
import { countries, edition, models, type PlanRow, plans } from "./data.ts"
import { optionTermsOf } from "./options.ts"

const Terms = Schema.Struct({
  code: Schema.String,
  edition: Schema.Natural,
  deposit: Money,
  depositKind: Schema.Literals(["confirmatory", "penitential"]),
  depositWindowDays: Schema.Natural,
  finalPaymentWindowDays: Schema.Natural,
  finalPaymentAttempts: Schema.Natural,
  bundle: Schema.optionalKey(Schema.Array(OptionTerms))
})

/** The price of a car and the plan's terms, in one country. Prices include VAT. */
export const Offer = Schema.Struct({
  model: Schema.String,
  country: Country,
  price: Money,
  vatPercent: Schema.Natural,
  plan: Terms
})
export type Offer = typeof Offer.Type

/** We do not sell this model with this plan in this country. */
export class NotInCatalogue extends Schema.TaggedError<NotInCatalogue>()("NotInCatalogue", {
  model: Schema.String,
  plan: Schema.String,
  country: Country
}) {}

/** Null where it is not sold. */
export const offerOf = (model: string, plan: string, country: Country): Offer | null => {
  const minor = Object.hasOwn(models, model) ? models[model]![country] : undefined
  const terms = Object.hasOwn(plans, plan) ? plans[plan] : undefined
  if (minor === undefined || terms === undefined) return null
  const { depositMinor, bundle, ...rest } = terms
  const { currency, vatPercent } = countries[country]
  return {
    model,
    country,
    price: { amountMinor: minor, currency },
    vatPercent,
    plan: {
      ...rest,
      code: plan,
      edition,
      deposit: { amountMinor: depositMinor, currency },
      ...(bundle === undefined ? {} : { bundle: bundledWith(bundle, model, country) })
    }
  }
}

/** At no further price. */
const bundledWith = (bundle: NonNullable<PlanRow["bundle"]>, model: string, country: Country): ReadonlyArray<OptionTerms> =>
  bundle.flatMap(({ option, term }) => {
    const terms = optionTermsOf(option, term, country)
    if (terms === null || !terms.models.includes(model)) return []
    return [{ ...terms, price: { ...terms.price, amountMinor: 0 } }]
  })
