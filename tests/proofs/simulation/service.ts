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
  money: string
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
const isDelivered = ({ phase }: Service) => phase === "active" || phase === "ended"

/** By these methods money may fail to come when it is asked for; a declined card grants a mandate. */
export const mayOwe = ({ method, terms: { term } }: Service) =>
  method === "emptyAccount" ||
  method === "failingCard" ||
  method === "carefulCard" ||
  (method === "declinedCard" && term.kind === "recurring")
/** An empty account never pays. Of months nobody here knows how long they are waited for. */
export const isOverdue = (service: Service) =>
  service.method === "emptyAccount" &&
  service.terms.term.kind !== "recurring" &&
  isDelivered(service) &&
  beingOwed.has(service.money)
/** The most that can have been asked for it by now (minor units): its price, or each month that has begun. */
export const mostOf = ({ terms: { price, term }, purchasedAt }: Service, now: number) =>
  price.amountMinor * (term.kind === "recurring" ? Math.ceil((now - purchasedAt) / (28 * day)) + 1 : 1)

/** Paid once, or not at all; and one case, if and only if every try has failed. */
export const flawsOf = (service: Service, found: SeenService, now: number): ReadonlyArray<string> => {
  const { terms, bundled, gift, escalated, settledInRace, phase } = service
  const { money, netMinor, unsettled, supportCase, failedTries, activeSince, until } = found
  const wrong: Array<string> = []
  const isRecurring = terms.term.kind === "recurring"
  const owed = beingOwed.has(money) && mayOwe(service)
  const due = isDelivered(service) && !(bundled || gift || owed || isRecurring) ? terms.price.amountMinor : 0
  const lost = settledInRace && unsettled ? terms.price.amountMinor : 0 // Given back just before it failed to come.
  // Which of its months are paid by now is the business of the money histories.
  const fits =
    isRecurring && isDelivered(service)
      ? netMinor >= 0 && netMinor <= mostOf(service, now)
      : netMinor === due || netMinor === due - lost
  if (!fits) wrong.push(`the gateway has ${netMinor} for it, and ${due} is due; its money is ${money}`)

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
