/** What a withdrawal brings at this moment: what comes back, what is let go, and what the law would have required at least. */
import { type ActivationContext, lawOf } from "./activation-context.ts"
import { askedExpressly, type LegalRule, legalMinimum } from "./legal-minimum.ts"
import type { Instant, Money } from "./vocabulary.ts"

export interface WithdrawalOutcome {
  /** Taken, or being taken at this moment: in full, by the seed's table (S17). Nothing where it failed to arrive. */
  readonly comesBack: Money
  /** Held and never taken; or billed, and never paid. */
  readonly released: Money
  readonly legalMinimum: { readonly amountMinor: number; readonly rule: LegalRule }
}

export const broughtBy = (context: ActivationContext, submittedAt: Instant): WithdrawalOutcome => {
  const { terms, payments, bills, debt, receiptId, purchasedAt, activeSince, until, consents, actionUrl } = context
  const { currency } = terms.price
  let taken = 0
  let held = 0
  for (const { status, purpose, amountMinor, settlement, dispute } of Object.values(payments)) {
    const beingTaken =
      (status === "held" && receiptId !== null) || (status === "asked" && purpose === "charge" && actionUrl === null)
    if (status === "captured" && settlement !== "failed" && dispute !== "open" && dispute !== "lost") taken += amountMinor
    else if (beingTaken) taken += amountMinor
    else if (purpose === "hold" && (status === "held" || status === "asked")) held += amountMinor
  }
  const unpaid = bills.filter(({ status }) => status === "uncollected").reduce((sum, { amount }) => sum + amount.amountMinor, 0)
  const underWay =
    Object.values(payments).some(({ status, purpose }) => status === "asked" && purpose === "charge") && actionUrl === null
  const owed = debt === null || underWay ? 0 : debt.amountMinor
  const price = { ...terms.price, amountMinor: taken }
  return {
    comesBack: price,
    released: { amountMinor: held + unpaid + owed, currency },
    legalMinimum: legalMinimum({
      price,
      law: lawOf(context),
      term: terms.term,
      concludedAt: purchasedAt,
      activeSince,
      endsAt: until,
      withdrawnAt: submittedAt,
      expressRequest: askedExpressly(consents)
    })
  }
}
