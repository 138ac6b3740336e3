/** How a service that an older version of its chart left is brought to the next. Once released, none of these is edited: journals were begun with it. */
import type { StateValue } from "xstate"
import type { ServicePayment } from "./activation-context.ts"
import type { OptionTerms } from "./option-terms.ts"
import type { Instant } from "./vocabulary.ts"

interface Left {
  readonly value: StateValue
  readonly context: object
}
interface OfTheFirst {
  readonly purchasedAt: Instant
  readonly terms: OptionTerms
  readonly until: Instant | null
  readonly withdrawal: { readonly submittedAt: Instant } | null
  readonly payments: Readonly<Record<string, Omit<ServicePayment, "amountMinor" | "month" | "pending" | "dispute">>>
}

/** Midnight by UTC after day 14: what the first chart promised. */
const promisedEnd = (purchasedAt: Instant): Instant => {
  const end = new Date(purchasedAt)
  end.setUTCHours(24 * 15, 0, 0, 0)
  return end.toISOString()
}

/**
 * The first chart charged no months, asked once for what was owed, and knew neither disputes nor refunds that fail. Its sales are in the ledger
 * without VAT and without an invoice (`soldBy` stays empty), its holds without a pending entry. A service that recurs is billed from now on.
 */
export const toMonths = <L extends Left>(left: L) => {
  const { purchasedAt, terms, until, payments, withdrawal } = left.context as OfTheFirst
  const { service, money } = left.value as Readonly<Record<"service" | "money", string>>
  const runs = terms.term.kind === "recurring" && money === "mandated" && (service === "active" || service === "ended")
  return {
    ...left,
    value: { service, money: runs ? "running" : money },
    context: {
      ...left.context,
      withdrawalEndsAt: promisedEnd(purchasedAt),
      payments: Object.fromEntries(
        Object.entries(payments).map(([id, one]) => [
          id,
          { ...one, amountMinor: terms.price.amountMinor, month: null, pending: false, dispute: "none" }
        ])
      ),
      soldBy: null,
      bills: [],
      debt: null,
      riskCases: [],
      refundSince: withdrawal?.submittedAt ?? null,
      endedAt: service === "ended" ? (until ?? purchasedAt) : null
    }
  }
}
