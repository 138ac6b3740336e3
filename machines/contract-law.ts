/** The law a service was sold under, as it was on that day: data of the country, kept with the contract, so that no later edition touches it. */
import { Schema } from "effect"
import { addDays, Day, dayOf, isWeekend, startOf, TimeZone } from "./calendar.ts"
import type { Instant } from "./vocabulary.ts"

export const ContractLaw = Schema.Struct({
  edition: Schema.Natural,
  /** The customer's, by the address; the country's where nobody knows better. */
  timeZone: TimeZone,
  /** Directive 2011/83/EU, art. 9(1): 14. The day of the contract is not counted, the last one counts whole. */
  withdrawalDays: Schema.Natural,
  /** Regulation 1182/71, art. 3(4): a period that would end on a Saturday, a Sunday or a public holiday ends with the next working day. */
  endsOnWorkingDay: Schema.Boolean,
  /** The public holidays that the period could end on: those of the weeks after the contract. */
  holidays: Schema.Array(Day),
  /** What comes back within the period: all of it, by the seed's table (S17), in every country and channel. The law's minimum is kept beside it. */
  refund: Schema.Literals(["full"]),
  /** What a permanent service is taken to last, where the part that was used has a price. */
  expectedLifeYears: Schema.optionalKey(Schema.Natural)
})
export type ContractLaw = typeof ContractLaw.Type

/** The first instant at which it is too late to withdraw. */
export const withdrawalEnds = (concludedAt: Instant, law: ContractLaw): Instant => {
  const closed = new Set(law.holidays)
  let last = addDays(dayOf(concludedAt, law.timeZone), law.withdrawalDays)
  if (law.endsOnWorkingDay) while (isWeekend(last) || closed.has(last)) last = addDays(last, 1)
  return startOf(addDays(last, 1), law.timeZone)
}
