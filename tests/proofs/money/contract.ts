/**
 * What one customer should have paid for one service in the end, said once more and in the shortest way: no statechart, no messages, no double
 * entries. A contract is a list of questions to the bank, what is owed, and what finance has on its table.
 */
import type { OptionTerms } from "#machines/option-terms.ts"
import type { Country } from "#machines/vocabulary.ts"
import { monthAfter, monthAt, shareOf, startOfMonth } from "./months.ts"

/** Methods of payment, by the gateway's tokens. */
export const methods = {
  card: "tok_ok",
  slowCard: "tok_slow",
  bouncingCard: "tok_settlement_fails",
  deadCard: "tok_declined",
  carefulCard: "tok_requires_action", // Asks once.
  jealousCard: "tok_requires_action_offsession", // Asks each time.
  closedCard: "tok_refund_fails",
  account: "tok_sepa",
  jealousAccount: "tok_sca_sepa",
  refusingAccount: "tok_mandate_declined",
  emptyAccount: "tok_charge_declined"
} as const
export type Method = keyof typeof methods

const accounts = new Set<Method>(["account", "jealousAccount", "refusingAccount", "emptyAccount"])
const poor = new Set<Method>(["deadCard", "emptyAccount", "refusingAccount"])
const jealous = new Set<Method>(["jealousCard", "jealousAccount"])

/** One question to the bank, by its number in the contract. */
export interface Payment {
  readonly number: number
  readonly minor: number
  readonly month: string | null
  readonly method: Method
  status: "asked" | "nothing" | "taken" | "back" | "notArrived" | "paidOut"
  settled: "yes" | "failed" | null
  dispute: "open" | "won" | "lost" | null
}
/** What was delivered and not paid. `of`: the payment that it is known by. */
export interface Debt {
  readonly of: number
  readonly minor: number
  readonly month: string | null
  tries: number
  askAgainAt: number | null
}
export type CaseKind = "unpaid" | "settlementFailed" | "chargeback" | "refundFailed"
export interface Case {
  readonly kind: CaseKind
  readonly of: number
}

const minute = 60_000
const day = 24 * 60 * minute
const pauses = [3 * day, 4 * day, 7 * day]

export class Contract {
  phase: "unsold" | "paying" | "declined" | "active" | "withdrawn" = "unsold"
  purchasedAt = 0
  activeSince = 0
  endedAt: number | null = null
  readonly payments: Array<Payment> = []
  /** The customer is asked by the bank, until then. */
  atBank: number | null = null
  debt: Debt | null = null
  /** Months that finance has, and what failed to come after it had gone back. */
  aside: Array<Debt> = []
  losses: Array<{ readonly of: number; readonly minor: number }> = []
  cases: Array<Case> = []
  earned = 0
  writtenOff = 0
  private billed: string | null = null
  private soldBy: number | null = null

  constructor(
    readonly terms: OptionTerms,
    readonly country: Country,
    public method: Method
  ) {}

  get recurs() {
    return this.terms.term.kind === "recurring"
  }
  private get price() {
    return this.terms.price.amountMinor
  }

  // ── The customer ────────────────────────────────────────────────────────────────────────────────────────────────

  buy(now: number) {
    this.purchasedAt = now
    const mandate = this.recurs || accounts.has(this.method)
    if (!this.recurs) this.ask(this.price, null, "nothing")
    if (mandate) this.ask(this.price, null, "nothing")
    const refused = this.method === "refusingAccount" || (!mandate && this.method === "deadCard")
    if (refused) this.phase = "declined"
    else if (!mandate && (this.method === "carefulCard" || jealous.has(this.method))) {
      this.phase = "paying"
      this.payments[0]!.status = "asked"
      this.atBank = now + 30 * minute
    } else this.begin(now, mandate)
  }
  private begin(now: number, mandate: boolean) {
    this.phase = "active"
    this.activeSince = now
    if (this.recurs) return
    if (mandate) return this.charge(now)
    this.payments[0]!.status = "taken"
    this.sale(this.price, 1)
  }

  /** The customer says yes or no at the bank. */
  answerBank(yes: boolean, now: number) {
    const last = this.payments.at(-1)!
    this.atBank = null
    if (this.phase === "paying") {
      if (yes) return this.begin(now, false)
      this.phase = "declined"
      last.status = "nothing"
    } else if (yes) this.receive(last)
    else this.refused(now)
  }

  /** Null: so near to its end that the calendar decides, which has proofs of its own. */
  inPeriod(now: number): boolean | null {
    const days = (now - this.purchasedAt) / day
    return days < 13 ? true : days > 22 ? false : null
  }
  withdraw() {
    if (this.atBank !== null) this.payments.at(-1)!.status = "nothing"
    this.atBank = null
    this.phase = "withdrawn"
    for (const payment of this.payments) this.giveBack(payment)
    for (const { of, minor } of [...(this.debt === null ? [] : [this.debt]), ...this.aside]) {
      this.earned -= minor
      this.closes((one) => one.of === of && (one.kind === "unpaid" || one.kind === "settlementFailed"))
    }
    this.debt = null
    this.aside = []
  }
  cancel(now: number) {
    this.endedAt = now
  }

  /** The reason why not; null where the bank is asked. */
  payDebt(method: Method, now: number): string | null {
    if (this.phase === "active" && this.atBank !== null) return "PaymentInProgress"
    if (this.debt === null) {
      this.aside.sort((one, other) => one.month!.localeCompare(other.month!))
      const oldest = this.aside.shift()
      if (oldest === undefined) return "NothingOwed"
      this.debt = { ...oldest, tries: 0, askAgainAt: null }
    }
    this.method = method
    this.charge(now)
    return null
  }

  // ── The bank ────────────────────────────────────────────────────────────────────────────────────────────────────

  private ask(minor: number, month: string | null, status: Payment["status"]) {
    const { method } = this
    const payment: Payment = { number: this.payments.length + 1, minor, month, method, status, settled: null, dispute: null }
    this.payments.push(payment)
    return payment
  }
  private charge(now: number) {
    const payment = this.ask(this.debt?.minor ?? this.price, this.debt?.month ?? null, "nothing")
    if (jealous.has(this.method)) {
      payment.status = "asked"
      this.atBank = now + 3 * day
    } else if (poor.has(this.method)) this.refused(now)
    else this.receive(payment)
  }
  private receive(payment: Payment) {
    payment.status = "taken"
    if (this.debt === null) return this.sale(this.price, payment.number)
    const { of } = this.debt
    this.closes((one) => one.of === of && (one.kind === "unpaid" || one.kind === "settlementFailed"))
    this.debt = null
  }
  private refused(now: number) {
    const last = this.payments.at(-1)!
    last.status = "nothing"
    this.atBank = null
    if (this.debt === null) {
      this.sale(this.price, last.number)
      this.debt = { of: last.number, minor: this.price, month: null, tries: 0, askAgainAt: null }
    }
    const { debt } = this
    debt.askAgainAt = now + (pauses[debt.tries++] ?? 0)
    if (debt.tries <= pauses.length) return
    debt.askAgainAt = null
    if (!this.cases.some(({ kind, of }) => of === debt.of && (kind === "unpaid" || kind === "settlementFailed")))
      this.cases.push({ kind: "unpaid", of: debt.of })
    if (!this.recurs) return
    this.aside.push(debt)
    this.debt = null
  }
  private sale(minor: number, number: number) {
    this.earned += minor
    this.soldBy = number
  }

  settles(payment: Payment, now: number) {
    const fails = payment.method === "bouncingCard"
    payment.settled = fails ? "failed" : "yes"
    if (!fails) return
    const { number, month, minor, status } = payment
    if (status !== "taken") {
      this.losses.push({ of: number, minor })
      this.cases.push({ kind: "settlementFailed", of: number })
      return
    }
    const of = month === null ? this.soldBy! : this.bills.get(month)!
    this.cases.push({ kind: "settlementFailed", of })
    if (this.debt === null) this.debt = { of, minor, month, tries: 1, askAgainAt: now + pauses[0]! }
    else this.aside.push({ of, minor, month, tries: 0, askAgainAt: null })
  }

  disputes(payment: Payment) {
    payment.dispute = "open"
    this.cases.push({ kind: "chargeback", of: payment.number })
  }
  decides(payment: Payment, outcome: "won" | "lost") {
    payment.dispute = outcome
    this.closes(({ kind, of }) => kind === "chargeback" && of === payment.number)
    if (outcome === "lost") this.writtenOff += payment.minor
    else if (this.phase === "withdrawn") this.giveBack(payment)
  }
  private giveBack(payment: Payment) {
    const { status, settled, dispute, minor } = payment
    if (status !== "taken" || settled === "failed" || dispute === "open" || dispute === "lost") return
    payment.status = "back"
    this.earned -= minor
  }
  refundFails(payment: Payment) {
    payment.status = "notArrived"
    this.cases.push({ kind: "refundFailed", of: payment.number })
  }

  // ── Finance ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Whether this word fits this case. */
  resolve({ kind, of }: Case, word: "writtenOff" | "paidOut" | "dismissed"): boolean {
    const fits = kind === "chargeback" ? word === "dismissed" : kind === "refundFailed" ? word === "paidOut" : word === "writtenOff"
    if (!fits) return false
    if (kind === "refundFailed") this.payments[of - 1]!.status = "paidOut"
    if (word === "writtenOff") {
      const loss = this.losses.find((one) => one.of === of)
      const owed = [...this.aside, ...(this.debt === null ? [] : [this.debt])].find((one) => one.of === of)
      if (owed === this.debt && this.debt !== null && this.atBank !== null) return false
      this.writtenOff += (owed ?? loss)!.minor
      if (owed === undefined) this.losses = this.losses.filter((one) => one !== loss)
      else if (owed === this.debt) this.debt = null
      else this.aside = this.aside.filter((one) => one !== owed)
    }
    this.closes((one) => one.of === of && one.kind === kind)
    return true
  }
  private closes(isOver: (one: Case) => boolean) {
    this.cases = this.cases.filter((one) => !isOver(one))
  }

  // ── Time ────────────────────────────────────────────────────────────────────────────────────────────────────────

  private readonly bills = new Map<string, number>()

  /** The clock has come here, in one move. */
  tick(now: number) {
    for (;;) {
      const { debt, atBank } = this
      if (this.phase === "paying" && atBank! <= now) this.answerBank(false, now)
      else if (this.phase === "active" && atBank !== null && atBank <= now) this.refused(now)
      else if (debt?.askAgainAt != null && atBank === null && debt.askAgainAt <= now) this.charge(now)
      else if (!this.billMonth(now)) return
    }
  }
  private billMonth(now: number): boolean {
    if (!this.recurs || this.phase !== "active" || this.debt !== null) return false
    const { activeSince, endedAt, country } = this
    const month = this.billed === null ? monthAt(activeSince, country) : monthAfter(this.billed)
    if (startOfMonth(monthAfter(month), country) > now) return false
    const minor = shareOf(this.price, month, country, activeSince, endedAt)
    if (endedAt !== null && month > monthAt(endedAt - 1, country)) return false
    this.billed = month
    if (minor === 0) return true
    const of = this.payments.length + 1
    this.bills.set(month, of)
    this.earned += minor
    this.debt = { of, minor, month, tries: 0, askAgainAt: null }
    this.charge(now)
    return true
  }

  // ── What is seen of it ──────────────────────────────────────────────────────────────────────────────────────────

  /** What the gateway's books have for one payment. */
  at({ status, minor, settled, dispute }: Payment) {
    const taken = status === "taken" || status === "notArrived" || status === "paidOut" ? minor : 0
    return taken - (settled === "failed" ? minor : 0) - (dispute === "open" || dispute === "lost" ? minor : 0)
  }
  get sums() {
    const of = (all: ReadonlyArray<{ readonly minor: number }>) => all.reduce((sum, { minor }) => sum + minor, 0)
    return {
      paid: this.payments.reduce((sum, payment) => sum + this.at(payment), 0),
      owed: of(this.aside) + of(this.losses) + (this.debt?.minor ?? 0),
      dueBack: of(this.payments.filter(({ status }) => status === "notArrived")),
      paidOut: of(this.payments.filter(({ status }) => status === "paidOut")),
      disputed: of(this.payments.filter(({ dispute }) => dispute === "open")),
      earned: this.earned,
      writtenOff: this.writtenOff
    }
  }
}
