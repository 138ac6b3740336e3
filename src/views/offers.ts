/** What a car may be offered, and every reason for the rest: by the very rules its own chart refuses with (CO-01, CO-07). */
import { optionsFor } from "#integrations/catalogue/options.ts"
import { type Car, objectionsTo, refusalOf } from "#machines/eligibility.ts"
import type { Country, Instant, SubjectId } from "#machines/vocabulary.ts"
import type { Language } from "./order-words.ts"
import { reasonInWords } from "./reason-words.ts"

export const offersFor = (car: Car & { readonly country: Country }, customerId: SubjectId, at: Instant, language: Language) => {
  const offered = optionsFor(car.country)
  const nameOf = (code: string | null) => offered.find(({ option }) => option === code)?.name[language] ?? code
  return offered.flatMap(({ option, category, name, offers }) => {
    const [first] = offers
    if (first === undefined) return []
    const objections = objectionsTo(car, { customerId, terms: first }, at) // The same for each of its terms: they differ in price alone.
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
