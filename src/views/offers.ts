/** What a car may be offered, and every reason for the rest: by the very rules its own chart refuses with (CO-01, CO-07). */
import { optionsFor } from "#integrations/catalogue/options.ts"
import { type Car, objectionsTo, refusalOf, type Wanted } from "#machines/eligibility.ts"
import type { Country, Instant } from "#machines/vocabulary.ts"
import type { Language } from "./order-words.ts"
import { reasonInWords } from "./reason-words.ts"

export const offersFor = (
  car: Car & { readonly country: Country },
  buyer: Pick<Wanted, "customerId" | "standing">,
  at: Instant,
  language: Language
) => {
  const offered = optionsFor(car.country)
  const nameOf = (code: string | null) => offered.find(({ option }) => option === code)?.name[language] ?? code
  return offered.flatMap(({ option, category, name, offers }) => {
    const [first] = offers
    if (first === undefined) return []
    const cheapest = offers.reduce((least, one) => (one.price.amountMinor < least.price.amountMinor ? one : least), first)
    // The same for each of its terms, but for what a customer may have before it is settled: there the cheapest one is asked.
    const objections = objectionsTo(car, { ...buyer, terms: cheapest }, at)
    return [
      {
        option,
        category,
        name: name[language],
        maintenanceGated: first.maintenanceGated,
        eligible: objections.length === 0,
        reasons: objections.map((objection) => ({
          reason: refusalOf(objection),
          inWords: reasonInWords(objection.reason, language, nameOf(objection.about))!
        })),
        activationId: car.purchases.find((purchase) => purchase.option === option)?.activationId ?? null,
        offers: offers.map(({ term, price, vatPercent }) => ({ term, price, vatPercent }))
      }
    ]
  })
}
