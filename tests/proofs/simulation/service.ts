/** A purchased service as the model knows it, and what its method of payment makes of it. */
import type { OptionTerms } from "#machines/option-terms.ts"
import type { Phase, SeenService } from "./seen.ts"

/** Methods of payment, by the gateway's tokens. */
export const methods = {
  card: "tok_ok",
  slowCard: "tok_slow",
  failingCard: "tok_settlement_fails", // Is taken, and fails to settle.
  declinedCard: "tok_declined",
  carefulCard: "tok_requires_action",
  account: "tok_sepa",
  refusingAccount: "tok_mandate_declined",
  emptyAccount: "tok_charge_declined"
} as const
export type Method = keyof typeof methods

export interface Service {
  readonly activationId: string
  readonly terms: OptionTerms
  readonly method: Method | null
  readonly customer: number
  readonly bundled: boolean
  purchasedAt: number
  phase: Phase
  /** When it was first seen in this phase. */
  since: number
  until: number | null
  gift: boolean
  escalated: boolean
  withdrawn: boolean
  cancelled: boolean
  seen: boolean
  failedTries: number
  /** When the last try was first seen. */
  triedSince: number
  /** Its settlement was told while something else was going on: it may have been given back just then. */
  settledInRace: boolean
  /** How far the clock has jumped while the car was tried. */
  jumped: number
}

/** What a purchase is, once the bank was asked. */
export const beginning = ({ price, term }: OptionTerms, method: Method | null, permitted: boolean): Phase => {
  if (term.kind === "recurring") return method === "refusingAccount" ? "declined" : "trying"
  if (price.amountMinor === 0) return "trying"
  if (method === "declinedCard" || method === "refusingAccount") return "declined"
  return method === "carefulCard" && !permitted ? "paying" : "trying"
}
/** By a bank, before the car has confirmed. */
export const isHeld = ({ terms: { price, term }, method }: Service) =>
  price.amountMinor > 0 && term.kind !== "recurring" && method !== null && /Card|card/.test(method)

/** Delivered and not paid: asked for again, or given up. */
const beingOwed = new Set(["owed", "charging", "confirming", "uncollected"])

/** Paid once, or not at all; and one case, if and only if every try has failed. */
export const flawsOf = (service: Service, found: SeenService): ReadonlyArray<string> => {
  const { terms, method, bundled, gift, escalated, settledInRace, phase } = service
  const { money, netMinor, unsettled, supportCase, failedTries, activeSince, until } = found
  const wrong: Array<string> = []
  const owed = beingOwed.has(money) && (method === "emptyAccount" || method === "carefulCard" || method === "failingCard")
  const paidAgain = method === "failingCard" && netMinor === terms.price.amountMinor && (phase === "active" || phase === "ended")
  const free = bundled || gift || owed || terms.term.kind === "recurring" // What recurs is charged at the month's end.
  const due = !free && !unsettled && (phase === "active" || phase === "ended") ? terms.price.amountMinor : 0
  const lost = settledInRace && unsettled ? terms.price.amountMinor : 0 // Given back just before it failed to come.
  const byTheMonth = terms.term.kind === "recurring" && (phase === "active" || phase === "ended") // Its months are the money histories' business.
  if (!byTheMonth && !paidAgain && netMinor !== due && netMinor !== due - lost)
    wrong.push(`the gateway has ${netMinor} for it, and ${due} is due; its money is ${money}`)

  const resolution = gift ? "gift" : phase === "withdrawn" ? "withdrawn" : "uncharged"
  const expected = !escalated ? "none" : phase === "escalated" ? "open" : resolution
  if (supportCase !== expected) wrong.push(`its support case is ${supportCase}, and should be ${expected}`)
  if (escalated !== (failedTries === terms.retries + 1)) wrong.push(`${failedTries} tries failed`)
  if ((until !== null) !== (activeSince !== null && "unit" in terms.term)) wrong.push(`its end is ${until}`)
  return wrong
}

/** At least the whole term, and little more than that. Who jumps over the end of a try loses the jump. */
export const termFlawsOf = ({ terms, jumped }: Service, { until, activeSince }: SeenService): ReadonlyArray<string> => {
  if (until === null || activeSince === null || !("unit" in terms.term)) return []
  const { count, unit } = terms.term
  const [least, most] = unit === "day" ? [count, count + 3] : [28 * count, 31 * count + 3]
  const days = (until - activeSince) / day
  return days < least - jumped / day || days > most ? [`it lasts for ${days} days`] : []
}

const day = 24 * 60 * 60_000
