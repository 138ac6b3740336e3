/** A payment gateway with a bank behind it. What happens is told by the token's name. It shares no code with the client that calls it. */
import { type Simulator, type SimulatorOptions, startPartner } from "../http/simulated-partner.ts"
import { Bank } from "./simulated-bank.ts"
import type { PaymentEntry } from "./simulated-payment.ts"

/**
 * Cards: `tok_ok…` taken or held as asked · `tok_declined…` declined (insufficient_funds) · `tok_slow…` settled 20 paces later ·
 * `tok_settlement_fails…` settlement fails · `tok_requires_action…` waits for the act `confirm` or `reject`, unless there is a mandate ·
 * `tok_requires_action_offsession…` waits for it with a mandate, too · `tok_refund_fails…` a refund fails a pace after it was accepted ·
 * `tok_disputed…` disputed a pace after its settlement, `tok_disputed_won…` and `tok_disputed_lost…` decided a pace after the evidence.
 * Accounts, which cannot hold (422 `capture_not_supported`) and are charged by mandate only (422 `mandate_missing`): `tok_sepa…` ·
 * `tok_sca_sepa…` whose bank wants each charge confirmed · `tok_mandate_declined…` refuses the mandate · `tok_charge_declined…` grants
 * it and declines the charge. Other tokens are declined. A hold lives seven days.
 */
export interface PaymentsSimulator extends Simulator<PaymentEntry> {
  /** The customer confirms at the bank (`tok_requires_action…`): what was asked as a hold is `authorised`, else `captured`, and announced. */
  readonly confirm: (reference: string) => void
  /** The customer does not: declined (authentication_failed), and announced. */
  readonly reject: (reference: string) => void
  /** Settles now what waits for its settlement (for `manual`). */
  readonly settle: (reference: string) => void
  /** The customer disputes what was taken: announced as `disputed`. */
  readonly dispute: (reference: string) => void
  /** The customer's bank decides: announced as `dispute_won` or `dispute_lost`. */
  readonly decideDispute: (reference: string, outcome: "won" | "lost") => void
  /** The last refund does not arrive: announced as `refund_failed`. */
  readonly failRefund: (reference: string) => void
  /** Announces a settlement that is not in the books: of another amount, in another currency, of another status. */
  readonly misannounce: (reference: string, lie: Readonly<Record<string, unknown>>) => void
}

export const startPaymentsSimulator = async (options: SimulatorOptions = {}): Promise<PaymentsSimulator> => {
  let bank!: Bank
  const acts = {
    confirm: (reference: string) => bank.confirm(reference),
    reject: (reference: string) => bank.reject(reference),
    settle: (reference: string) => bank.settle(reference),
    dispute: (reference: string) => bank.dispute(reference),
    decideDispute: (reference: string, outcome: "won" | "lost") => bank.decideDispute(reference, outcome),
    failRefund: (reference: string) => bank.failRefund(reference),
    misannounce: (reference: string, lie: Readonly<Record<string, unknown>>) => bank.misannounce(reference, lie)
  }
  const overHttp = {
    ...acts,
    decideDispute: (reference: string, { outcome }: Readonly<Record<string, unknown>>) =>
      bank.decideDispute(reference, outcome === "won" ? "won" : "lost"),
    misannounce: (reference: string, { act: _act, reference: _reference, ...lie }: Readonly<Record<string, unknown>>) =>
      bank.misannounce(reference, lie)
  }
  const simulator = await startPartner<PaymentEntry>("payments", options, (office) => {
    bank = new Bank(office)
    return { answer: (call) => bank.answer(call), acts: overHttp }
  })
  return { ...simulator, ...acts }
}
