/** Which law a service is sold under: by the customer's country and address, the channel, and the day. Facts to build from; counsel confirms them. */
import { addDays, dayOf, type TimeZone, zoneOf } from "#machines/calendar.ts"
import type { ContractLaw } from "#machines/contract-law.ts"
import type { Country, Instant } from "#machines/vocabulary.ts"
import { holidaysOf } from "./holidays.ts"

/** Grows by one with every change of a row here or in holidays.ts. */
export const lawEdition = 1

/** `bundle`: sold on a dealership's premises, with the car. */
export type Channel = "online" | "bundle"

interface LawRow extends Omit<ContractLaw, "edition" | "timeZone" | "holidays"> {
  readonly source: string
}

const inTheUnion: LawRow = {
  withdrawalDays: 14,
  endsOnWorkingDay: true,
  refund: "full",
  expectedLifeYears: 15,
  source:
    "Directive 2011/83/EU, art. 9(1) and recital 41; Regulation (EEC, Euratom) 1182/71, art. 3(4). The refund in full, used or not, is our own rule (S17): " +
    "the law would let us keep a part (art. 14(3)). 15 years of a car's life: assumed"
}
/** No right by law: it was not sold at a distance. Ours all the same, by the table of S17, and its fourteen days are simply fourteen. */
const onPremises: LawRow = {
  ...inTheUnion,
  endsOnWorkingDay: false,
  source: "Directive 2011/83/EU, art. 2(7) and 9(1): distance contracts only; what is given here is our own rule (S17)"
}

export const lawRows: Readonly<Record<Country, Readonly<Record<Channel, LawRow>>>> = {
  ES: { online: { ...inTheUnion, source: `RDL 1/2007, art. 102 to 108; ${inTheUnion.source}` }, bundle: onPremises },
  DE: { online: { ...inTheUnion, source: `BGB § 355, § 356, § 193; ${inTheUnion.source}` }, bundle: onPremises },
  FR: {
    online: { ...inTheUnion, source: `Code de la consommation, art. L221-18, L221-19; ${inTheUnion.source}` },
    bundle: onPremises
  },
  PT: { online: { ...inTheUnion, source: `Decreto-Lei 24/2014, art. 10; ${inTheUnion.source}` }, bundle: onPremises },
  IT: { online: { ...inTheUnion, source: `Codice del consumo, art. 52 to 59; ${inTheUnion.source}` }, bundle: onPremises }
}

/** Where another clock is on the wall than in most of the country: by the first digits of the postal code. */
export const zoneRows: Partial<Readonly<Record<Country, ReadonlyArray<readonly [RegExp, TimeZone]>>>> = {
  ES: [[/^(35|38)\d{3}$/, "Atlantic/Canary"]], // Las Palmas, Santa Cruz de Tenerife.
  PT: [
    [/^9[0-4]\d\d(-?\d{3})?$/, "Atlantic/Madeira"],
    [/^9[5-9]\d\d(-?\d{3})?$/, "Atlantic/Azores"]
  ],
  FR: [
    [/^971\d\d$/, "America/Guadeloupe"],
    [/^972\d\d$/, "America/Martinique"],
    [/^973\d\d$/, "America/Cayenne"],
    [/^974\d\d$/, "Indian/Reunion"],
    [/^976\d\d$/, "Indian/Mayotte"]
  ]
}

export interface Contract {
  readonly channel: Channel
  /** Null where nobody knows it: then most of the country decides. */
  readonly postalCode: string | null
  readonly at: Instant
}

/** The law of the day of the contract, with the holidays that its period could end on. */
export const contractLawOf = (country: Country, { channel, postalCode, at }: Contract): ContractLaw => {
  const { source: _, ...row } = lawRows[country][channel]
  const timeZone = timeZoneOf(country, postalCode)
  const soonest = addDays(dayOf(at, timeZone), row.withdrawalDays)
  const latest = addDays(soonest, spanDays)
  const years = new Set([soonest, latest].map((day) => Number(day.slice(0, 4))))
  const holidays = [...years].flatMap((year) => holidaysOf(country, year)).filter((day) => day >= soonest && day <= latest)
  return { edition: lawEdition, timeZone, ...row, holidays: row.endsOnWorkingDay ? holidays : [] }
}
const spanDays = 28 // From the last day: no country of ours closes for longer.

export const timeZoneOf = (country: Country, postalCode: string | null): TimeZone => {
  const code = (postalCode ?? "").replaceAll(/\s/g, "")
  return zoneRows[country]?.find(([pattern]) => pattern.test(code))?.[1] ?? zoneOf(country)
}
