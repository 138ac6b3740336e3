/** The right of withdrawal from a purchased service (Directive 2011/83/EU, art. 9): until when, and what it brings while it lasts. */
import type { ActivationContext } from "./activation-rules.ts"
import type { Instant, Money } from "./vocabulary.ts"

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
    terms: { price },
    payments,
    paymentId
  }: Pick<ActivationContext, "purchasedAt" | "terms" | "payments" | "paymentId">,
  at: Instant
): WithdrawalProspect | "AlreadyClosed" | "WithdrawalPeriodExpired" => {
  if (!open.test(standing.service)) return "AlreadyClosed"
  const before = withdrawalEnd(purchasedAt)
  if (at >= before) return "WithdrawalPeriodExpired"
  const nothing = { ...price, amountMinor: 0 }
  const failed = paymentId !== null && payments[paymentId]?.settlement === "failed"
  return {
    before,
    comesBack: taken.has(standing.money) && !failed ? price : nothing,
    released: held.has(standing.money) ? price : nothing
  }
}
