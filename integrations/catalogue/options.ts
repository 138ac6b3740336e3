/** Which options a country's customers may be offered, and on which terms. The price is ours to say; who buys keeps these very terms. */
import type { Category, OptionTerms, Term } from "#machines/option-terms.ts"
import { type Country, OptionCode } from "#machines/vocabulary.ts"
import { countries } from "./data.ts"
import { type OptionRow, options, optionsEdition } from "./options-data.ts"

export interface OfferedOption {
  readonly option: OptionCode
  readonly category: Category
  readonly name: { readonly en: string; readonly es: string }
  /** One for each term it may be bought for, in the catalogue's order. */
  readonly offers: ReadonlyArray<OptionTerms>
}

/** All options, in the catalogue's order. Whether a car may have one is for its own rules to say. */
export const optionsFor = (country: Country): ReadonlyArray<OfferedOption> =>
  Object.entries(options).map(([code, row]) => ({
    option: OptionCode.make(code),
    category: row.category,
    name: row.name,
    offers: row.offers.map((offer) => termsOf(code, row, offer, country))
  }))

/** Null where there is no such option, or not for this term. */
export const optionTermsOf = (option: string, term: Term, country: Country): OptionTerms | null => {
  const row = Object.hasOwn(options, option) ? options[option]! : undefined
  const offer = row?.offers.find((one) => isSame(one.term, term))
  return row === undefined || offer === undefined ? null : termsOf(option, row, offer, country)
}

/** How an option is called; null where there is none by that code. */
export const optionNameOf = (option: string): OptionRow["name"] | null =>
  Object.hasOwn(options, option) ? options[option]!.name : null

const isSame = (one: Term, other: Term) => {
  if (one.kind !== other.kind) return false
  return !("unit" in one) || ("unit" in other && one.unit === other.unit && one.count === other.count)
}

const termsOf = (code: string, row: OptionRow, { term, price }: OptionRow["offers"][number], country: Country): OptionTerms => ({
  option: OptionCode.make(code),
  edition: optionsEdition,
  category: row.category,
  term,
  price: { amountMinor: price[country], currency: countries[country].currency },
  vatPercent: countries[country].vatPercent,
  features: row.features,
  requires: row.requires.map((other) => OptionCode.make(other)),
  excludes: row.excludes.map((other) => OptionCode.make(other)),
  models: row.models,
  homologated: row.homologation === null || row.homologation.countries.includes(country),
  maintenanceGated: row.maintenanceGated,
  maintenanceMaxAgeHours,
  ...row.retry
})

const maintenanceMaxAgeHours = 24 // Of the workshops' answer at the moment of the purchase (F44).
