/** A payment gateway with a bank behind it. What happens is told by the token's name. It shares no code with the client that calls it. */
import {
  type Call,
  type Office,
  type Reply,
  type Simulator,
  type SimulatorOptions,
  startPartner
} from "../http/simulated-partner.ts"

/**
 * Tokens: `tok_ok…` captured · `tok_declined…` declined (insufficient_funds) · `tok_slow…` captured, settled 20 paces later ·
 * `tok_settlement_fails…` captured, settlement fails · `tok_requires_action…` waits for the act `confirm`. Others are refused.
 */
export interface PaymentEntry {
  readonly at: string
  readonly kind: "charge" | "authorise" | "await" | "decline" | "capture" | "void" | "refund" | "settle" | "settlement_failed"
  readonly paymentId: string
  readonly reference: string
  readonly amountMinor: number
  readonly currency: string
  readonly method: string
  readonly customer: string
  readonly refundId: string | null
  readonly refundReference: string | null
  readonly reason: string | null
}

/** Entries of kind `charge` and `capture` are money taken, `refund` is money given back. */
export interface PaymentsSimulator extends Simulator<PaymentEntry> {
  /** The customer confirms at the bank (`tok_requires_action…`). */
  readonly confirm: (reference: string) => void
  /** Settles now what waits for its settlement (for `manual`). */
  readonly settle: (reference: string) => void
}

export const startPaymentsSimulator = async (options: SimulatorOptions = {}): Promise<PaymentsSimulator> => {
  let bank!: Bank
  const simulator = await startPartner<PaymentEntry>("payments", options, (office) => {
    bank = new Bank(office)
    return {
      answer: (call) => bank.answer(call),
      acts: { confirm: (reference) => bank.confirm(reference), settle: (reference) => bank.settle(reference) }
    }
  })
  return { ...simulator, confirm: (reference) => bank.confirm(reference), settle: (reference) => bank.settle(reference) }
}

interface Payment {
  readonly opened: PaymentEntry
  status: "requires_action" | "authorised" | "captured" | "voided" | "declined"
  captured: number
  settled: boolean
  refunds: Array<PaymentEntry>
}

const slowFactor = 20
const statusAfter = {
  charge: "captured",
  capture: "captured",
  authorise: "authorised",
  await: "requires_action",
  decline: "declined"
} as const

class Bank {
  private readonly payments = new Map<string, Payment>() // By reference: a reference pays once, for ever.
  private readonly byId = new Map<string, Payment>()

  constructor(private readonly office: Office<PaymentEntry>) {
    for (const entry of office.entries()) this.apply(entry)
    for (const [reference, payment] of this.payments) if (payment.captured > 0 && !payment.settled) this.settleSoon(reference)
  }

  answer(call: Call): Reply {
    const [root, id, verb] = call.path
    if (root !== "payments" || call.path.length > 3) return noSuchPath
    if (call.method === "GET") {
      const payment = this.payments.get(call.query.get("reference") ?? "")
      return { status: 200, body: { payments: payment === undefined ? [] : [told(payment)] } }
    }
    if (call.method !== "POST") return noSuchPath
    if (id === undefined) return this.open(call)
    const payment = this.byId.get(id)
    if (payment === undefined) return { status: 404, body: { error: "no such payment" } }
    if (verb === "refunds") return this.refund(payment, call)
    if (verb === "capture") return this.capture(payment)
    if (verb === "void") return this.void(payment)
    return noSuchPath
  }

  confirm(reference: string) {
    const payment = this.payments.get(reference)
    if (payment?.status !== "requires_action") return
    this.record({ ...payment.opened, kind: "charge" })
    this.settleSoon(reference)
  }

  settle(reference: string) {
    const payment = this.payments.get(reference)
    if (payment === undefined || payment.captured === 0 || payment.settled) return
    const { method, paymentId, currency } = payment.opened
    const reason = method.startsWith("tok_settlement_fails") ? "account_closed" : null
    const entry = this.record({
      ...payment.opened,
      kind: reason === null ? "settle" : "settlement_failed",
      amountMinor: payment.captured,
      reason
    })
    const status = reason === null ? "settled" : "failed"
    this.office.announce({ reference, paymentId, status, amountMinor: payment.captured, currency, reason, occurredAt: entry.at })
  }

  private open({ body, decline }: Call): Reply {
    const { reference, amountMinor, currency, method, customer, capture } = body
    if (!isText(reference) || !isText(method) || !isText(customer)) return { status: 400, body: { error: "a field is missing" } }
    if (!isAmount(amountMinor) || currency !== "EUR") return { status: 400, body: { error: "amount or currency" } }
    if (capture !== "immediate" && capture !== "manual") return { status: 400, body: { error: "capture" } }
    const known = this.payments.get(reference)
    if (known !== undefined) {
      const { opened } = known
      const same = opened.amountMinor === amountMinor && opened.method === method && opened.customer === customer
      if (!same) return { status: 409, body: { error: "this reference paid for something else" } }
      return answerOf(known)
    }
    const paymentId = `gw_${this.payments.size + 1}`
    const reason = decline ?? declineOf(method)
    const kind =
      reason !== null
        ? "decline"
        : method.startsWith("tok_requires_action")
          ? "await"
          : capture === "manual"
            ? "authorise"
            : "charge"
    const entry = { paymentId, reference, amountMinor, currency, method, customer, refundId: null, refundReference: null, reason }
    this.record({ at: "", kind, ...entry })
    if (kind === "charge") this.settleSoon(reference)
    return answerOf(this.payments.get(reference)!)
  }

  /** Never more than was captured; the same refund reference is the same refund. */
  private refund(payment: Payment, { body, decline }: Call): Reply {
    const { reference, amountMinor, currency } = body
    if (!isText(reference) || !isAmount(amountMinor) || currency !== payment.opened.currency) {
      return { status: 400, body: { error: "a field is missing or wrong" } }
    }
    const known = payment.refunds.find((one) => one.refundReference === reference)
    if (known !== undefined) {
      return known.amountMinor === amountMinor
        ? { status: 200, body: toldRefund(known) }
        : { status: 409, body: { error: "this reference gave back another amount" } }
    }
    const left = payment.captured - sum(payment.refunds)
    const reason = decline ?? (amountMinor > left ? "more_than_captured" : null)
    if (reason !== null) return { status: 422, body: { reference, reason } }
    const refundId = `re_${payment.opened.paymentId}_${payment.refunds.length + 1}`
    const entry = this.record({ ...payment.opened, kind: "refund", amountMinor, refundId, refundReference: reference })
    return { status: 201, body: toldRefund(entry) }
  }

  private capture(payment: Payment): Reply {
    if (payment.status === "authorised") {
      this.record({ ...payment.opened, kind: "capture" })
      this.settleSoon(payment.opened.reference)
    }
    return payment.status === "captured" ? { status: 200, body: told(payment) } : refused(payment, "not_authorised")
  }

  private void(payment: Payment): Reply {
    if (payment.status === "authorised" || payment.status === "requires_action") this.record({ ...payment.opened, kind: "void" })
    return payment.status === "voided" ? { status: 200, body: told(payment) } : refused(payment, "not_authorised")
  }

  private settleSoon(reference: string) {
    const slow = this.payments.get(reference)!.opened.method.startsWith("tok_slow")
    this.office.soon(() => this.settle(reference), slow ? slowFactor : 1)
  }

  private record(entry: PaymentEntry): PaymentEntry {
    const dated = { ...entry, at: this.office.instant() }
    this.office.record(dated)
    this.apply(dated)
    return dated
  }

  private apply(entry: PaymentEntry) {
    const payment = this.payments.get(entry.reference)
    if (payment === undefined) {
      const status = statusAfter[entry.kind as keyof typeof statusAfter]
      const captured = entry.kind === "charge" ? entry.amountMinor : 0
      const opened: Payment = { opened: entry, status, captured, settled: false, refunds: [] }
      this.payments.set(entry.reference, opened)
      this.byId.set(entry.paymentId, opened)
      return
    }
    if (entry.kind === "refund") payment.refunds.push(entry)
    else if (entry.kind === "void") payment.status = "voided"
    else if (entry.kind === "settle" || entry.kind === "settlement_failed") payment.settled = true
    else {
      payment.status = "captured"
      payment.captured = entry.amountMinor
    }
  }
}

const noSuchPath: Reply = { status: 404, body: { error: "no such path" } }
const isText = (value: unknown): value is string => typeof value === "string" && value.length > 0 && value.length <= 200
const isAmount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0
const sum = (entries: ReadonlyArray<PaymentEntry>) => entries.reduce((total, entry) => total + entry.amountMinor, 0)
const refused = (payment: Payment, reason: string): Reply => ({
  status: 422,
  body: { reference: payment.opened.reference, reason }
})

const declineOf = (method: string) => {
  if (method.startsWith("tok_declined")) return "insufficient_funds"
  return /^tok_(ok|slow|settlement_fails|requires_action)/.test(method) ? null : "unknown_method"
}

const answerOf = (payment: Payment): Reply =>
  payment.status === "declined" ? { status: 402, body: told(payment) } : { status: 201, body: told(payment) }

const told = ({ opened, status, captured, refunds }: Payment) => ({
  id: opened.paymentId,
  reference: opened.reference,
  status,
  amountMinor: opened.amountMinor,
  capturedMinor: captured,
  refundedMinor: sum(refunds),
  currency: opened.currency,
  reason: opened.reason,
  refunds: refunds.map(toldRefund)
})

const toldRefund = (entry: PaymentEntry) => ({
  id: entry.refundId,
  reference: entry.refundReference,
  amountMinor: entry.amountMinor,
  currency: entry.currency,
  status: "succeeded"
})
