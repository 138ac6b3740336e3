/** A purchased service as the model knows it, and what its method of payment makes of it. */
import type { OptionTerms } from "#machines/option-terms.ts"
import type { Phase } from "./seen.ts"

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
