/** A payment gateway with a bank behind it. What happens is told by the token's name. It shares no code with the client that calls it. */
import { type Simulator, type SimulatorOptions, startPartner } from "../http/simulated-partner.ts"
import { Bank, type PaymentEntry } from "./simulated-bank.ts"

/**
 * Cards: `tok_ok…` taken or held as asked · `tok_declined…` declined (insufficient_funds) · `tok_slow…` settled 20 paces later ·
 * `tok_settlement_fails…` settlement fails · `tok_requires_action…` waits for the act `confirm` or `reject`, unless there is a mandate.
 * Accounts, which cannot hold (422 `capture_not_supported`) and are charged by mandate only (422 `mandate_missing`): `tok_sepa…` ·
 * `tok_mandate_declined…` refuses the mandate · `tok_charge_declined…` grants it and declines the charge.
 * Other tokens are declined. A hold lives seven days.
 */
export interface PaymentsSimulator extends Simulator<PaymentEntry> {
  /** The customer confirms at the bank (`tok_requires_action…`). What was asked as a hold is `authorised`, and announced. */
  readonly confirm: (reference: string) => void
  /** The customer does not: declined (authentication_failed), and announced. */
  readonly reject: (reference: string) => void
  /** Settles now what waits for its settlement (for `manual`). */
  readonly settle: (reference: string) => void
}

export const startPaymentsSimulator = async (options: SimulatorOptions = {}): Promise<PaymentsSimulator> => {
  let bank!: Bank
  const acts = {
    confirm: (reference: string) => bank.confirm(reference),
    reject: (reference: string) => bank.reject(reference),
    settle: (reference: string) => bank.settle(reference)
  }
  const simulator = await startPartner<PaymentEntry>("payments", options, (office) => {
    bank = new Bank(office)
    return { answer: (call) => bank.answer(call), acts }
  })
  return { ...simulator, ...acts }
}
