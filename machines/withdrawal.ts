/** The right of withdrawal from a purchased service (Directive 2011/83/EU, art. 9): until when, what it brings while it lasts, and what the law would require at least. */
import type { ActivationContext } from "./activation.ts"
import { type ContractLaw, withdrawalEnds } from "./contract-law.ts"
import type { Term } from "./option-terms.ts"
import type { Consent, Instant, Money } from "./vocabulary.ts"

const withdrawalDays = 14 // The last day counts whole.

/** Midnight after day 14; the day of the purchase is not counted. */
export const withdrawalEnd = (purchasedAt: Instant): Instant => {
  const lastMoment = new Date(purchasedAt)
  lastMoment.setUTCHours(24 * (withdrawalDays + 1), 0, 0, 0)
  return lastMoment.toISOString()
}

/** States of the service from which there is something to withdraw from; the others have closed another way. */
const open = /^(pending\.|retry$|active$|ended$|escalated\.(open|giving)$)/
const taken = new Set(["capturing", "charging", "captured"])
const held = new Set(["authorising", "actionRequired", "authorised"])

export interface WithdrawalProspect {
  readonly before: Instant
  /** Taken, or being taken at this moment: it comes back in full. Nothing where it failed to arrive. */
  readonly comesBack: Money
  /** Held and never taken. */
  readonly released: Money
}

/** What a withdrawal at `at` would bring; or the reason for which it would be refused. `service` and `money` are the chart's states. */
export const withdrawalProspect = (
  standing: { readonly service: string; readonly money: string },
  {
    purchasedAt,
    withdrawalEndsAt: before = withdrawalEnd(purchasedAt),
    terms: { price },
    payments,
    paymentId
  }: Pick<ActivationContext, "purchasedAt" | "terms" | "payments" | "paymentId"> & { readonly withdrawalEndsAt?: Instant },
  at: Instant
): WithdrawalProspect | "AlreadyClosed" | "WithdrawalPeriodExpired" => {
  if (!open.test(standing.service)) return "AlreadyClosed"
  if (at >= before) return "WithdrawalPeriodExpired"
  const nothing = { ...price, amountMinor: 0 }
  const failed = paymentId !== null && payments[paymentId]?.settlement === "failed"
  return {
    before,
    comesBack: taken.has(standing.money) && !failed ? price : nothing,
    released: held.has(standing.money) ? price : nothing
  }
}

// ── What the law would require at least. Ours is more (S17); both are computed, and both are kept. ────────────────

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
