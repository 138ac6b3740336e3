/** What the law would require at least of whoever is withdrawn from (Directive 2011/83/EU). Ours is more (S17); both are computed, and both are kept. */
import { type ContractLaw, withdrawalEnds } from "./contract-law.ts"
import type { Term } from "./option-terms.ts"
import type { Consent, Instant, Money } from "./vocabulary.ts"

/** Which rule says how much. The numbers are articles of Directive 2011/83/EU. */
export type LegalRule =
  | "nothingPaid"
  | "periodOver" // 9(1): no right any more.
  | "nothingDelivered" // 13(1): everything comes back.
  | "fullRefund" // 14(4)(a): it began without the customer's express request, so what was used is free.
  | "consumedDays" // 14(3), of what recurs: a bill is for days that were used, so nothing of it comes back.
  | "fullyPerformed" // 16(a): it began on express request, and it is over.
  | "proportionate" // 14(3): what was not used of it comes back, by time on the total price (C-641/19).

export interface Withdrawing {
  /** What was taken, or is being taken: the price; of a recurring service, the sum of its bills. */
  readonly price: Money
  readonly law: ContractLaw
  readonly term: Term
  readonly concludedAt: Instant
  readonly activeSince: Instant | null
  /** Null where it has no end of its own. */
  readonly endsAt: Instant | null
  readonly withdrawnAt: Instant
  readonly expressRequest: boolean
}

/** The least that has to come back. Of a cent that is neither here nor there, the customer gets it. */
export const legalMinimum = (withdrawing: Withdrawing): { readonly amountMinor: number; readonly rule: LegalRule } => {
  const { price, law, term, concludedAt, activeSince, withdrawnAt, expressRequest } = withdrawing
  const all = price.amountMinor
  if (all === 0) return { amountMinor: 0, rule: "nothingPaid" }
  if (withdrawnAt >= withdrawalEnds(concludedAt, law)) return { amountMinor: 0, rule: "periodOver" }
  if (activeSince === null || withdrawnAt <= activeSince) return { amountMinor: all, rule: "nothingDelivered" }
  if (!expressRequest) return { amountMinor: all, rule: "fullRefund" }
  if (term.kind === "recurring") return { amountMinor: 0, rule: "consumedDays" }
  const whole = Date.parse(withdrawing.endsAt ?? endOfLife(activeSince, law)) - Date.parse(activeSince)
  const used = Date.parse(withdrawnAt) - Date.parse(activeSince)
  if (used >= whole) return { amountMinor: 0, rule: "fullyPerformed" }
  const kept = Number((BigInt(all) * BigInt(used)) / BigInt(whole)) // Cents times milliseconds leave the safe integers.
  return { amountMinor: all - kept, rule: "proportionate" }
}

/** The text in which a customer asks for the service to begin within the period, and knows what that means (art. 7(3), 16(a)). */
const beginsNow = "start-now"
export const askedExpressly = (consents: ReadonlyArray<typeof Consent.Type>): boolean =>
  consents.some(({ text }) => text === beginsNow)

const usualLifeYears = 15 // Assumed, where the law of the contract does not say.
const endOfLife = (activeSince: Instant, { expectedLifeYears = usualLifeYears }: ContractLaw): Instant => {
  const end = new Date(activeSince)
  end.setUTCFullYear(end.getUTCFullYear() + expectedLifeYears)
  return end.toISOString()
}
