/** The bank behind the simulated gateway: payments, holds that expire, refunds, and the ledger they are written in. */
import type { Call, Office, Reply } from "../http/simulated-partner.ts"
import { Mandates } from "./simulated-mandates.ts"

/** Entries of kind `charge` and `capture` are money taken, `refund` is money given back; an `authorise` ends in `capture`, `void` or `expire`. */
export interface PaymentEntry {
  readonly at: string
  readonly kind:
    | "charge"
    | "authorise"
    | "await"
    | "decline"
    | "capture"
    | "void"
    | "expire"
    | "refund"
    | "settle"
    | "settlement_failed"
    | "mandate"
    | "mandate_declined"
  readonly paymentId: string // Of a mandate: the mandate's.
  readonly reference: string
  readonly amountMinor: number // Of a mandate: 0.
  readonly currency: string
  readonly method: string
  readonly customer: string
  /** What was asked for: all of it at once, or a hold. Null of a mandate. */
  readonly capture: "immediate" | "manual" | null
  readonly refundId: string | null
  readonly refundReference: string | null
  readonly reason: string | null
}

interface Payment {
  readonly opened: PaymentEntry
  status: "requires_action" | "authorised" | "captured" | "voided" | "declined" | "expired"
  captured: number
  captureBefore: string | null
  reason: string | null
  settled: boolean
  readonly refunds: Array<PaymentEntry>
}

const holdMillis = 7 * 24 * 3600 * 1000
const slowFactor = 20

export class Bank {
  private readonly payments = new Map<string, Payment>() // By reference: a reference pays once, for ever.
  private readonly byId = new Map<string, Payment>()
  private readonly held = new Map<string, Payment>() // What is authorised and not yet over, the oldest first.
  private readonly mandates: Mandates

  constructor(private readonly office: Office<PaymentEntry>) {
    this.mandates = new Mandates((entry) => this.record(entry))
    for (const entry of office.entries()) this.apply(entry)
    for (const [reference, payment] of this.payments) if (payment.captured > 0 && !payment.settled) this.settleSoon(reference)
  }

  answer(call: Call): Reply {
    this.expire()
    const [root, id, verb] = call.path
    if (root === "mandates" && call.path.length === 1) return this.mandates.answer(call)
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
    if (payment.opened.capture === "manual") {
      const { at } = this.record({ ...payment.opened, kind: "authorise" })
      this.announce(payment, "authorised", at)
    } else {
      this.record({ ...payment.opened, kind: "charge" })
      this.settleSoon(reference)
    }
  }

  reject(reference: string) {
    const payment = this.payments.get(reference)
    if (payment?.status !== "requires_action") return
    const { at } = this.record({ ...payment.opened, kind: "decline", reason: "authentication_failed" })
    this.announce(payment, "declined", at)
  }

  settle(reference: string) {
    const payment = this.payments.get(reference)
    if (payment === undefined || payment.captured === 0 || payment.settled) return
    const failed = payment.opened.method.startsWith("tok_settlement_fails")
    const reason = failed ? "account_closed" : null
    const kind = failed ? "settlement_failed" : "settle"
    const { at } = this.record({ ...payment.opened, kind, amountMinor: payment.captured, reason })
    this.announce(payment, failed ? "failed" : "settled", at, reason)
  }

  private announce({ opened, captureBefore, reason: declined }: Payment, status: string, at: string, reason = declined) {
    const { reference, paymentId, amountMinor, currency } = opened
    const hold = status === "authorised" ? { captureBefore } : {}
    this.office.announce({ reference, paymentId, status, amountMinor, currency, reason, ...hold, occurredAt: at })
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
    const permitted = this.mandates.granted(method, customer)
    if (isAccount(method) && capture === "manual") return { status: 422, body: { reference, reason: "capture_not_supported" } }
    if (isAccount(method) && !permitted) return { status: 422, body: { reference, reason: "mandate_missing" } }
    const reason = decline ?? declineOf(method)
    const asks = method.startsWith("tok_requires_action") && !permitted // Whoever gave a mandate is not asked again.
    const kind = reason !== null ? "decline" : asks ? "await" : capture === "manual" ? "authorise" : "charge"
    const paymentId = `gw_${this.payments.size + 1}`
    const nothing = { refundId: null, refundReference: null }
    this.record({ at: "", kind, paymentId, reference, amountMinor, currency, method, customer, capture, ...nothing, reason })
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

  /** By the bank's own clock, which is looked at whenever somebody calls. */
  private expire() {
    const now = this.office.instant()
    for (const { opened, captureBefore } of [...this.held.values()]) {
      if (captureBefore! > now) return
      this.record({ ...opened, kind: "expire" })
    }
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
    if (entry.kind === "mandate" || entry.kind === "mandate_declined") return this.mandates.apply(entry)
    const payment = this.payments.get(entry.reference) ?? this.begin(entry)
    if (entry.kind === "refund") payment.refunds.push(entry)
    else if (entry.kind === "settle" || entry.kind === "settlement_failed") payment.settled = true
    else {
      payment.status = statusAfter[entry.kind]
      payment.reason = entry.reason
      if (payment.status === "captured") payment.captured = entry.amountMinor
      if (payment.status === "authorised") {
        payment.captureBefore = new Date(Date.parse(entry.at) + holdMillis).toISOString()
        this.held.set(entry.reference, payment)
      } else this.held.delete(entry.reference)
    }
  }

  private begin(opened: PaymentEntry): Payment {
    const status = "requires_action"
    const payment: Payment = { opened, status, captured: 0, captureBefore: null, reason: null, settled: false, refunds: [] }
    this.payments.set(opened.reference, payment)
    this.byId.set(opened.paymentId, payment)
    return payment
  }
}

const statusAfter = {
  await: "requires_action",
  authorise: "authorised",
  charge: "captured",
  capture: "captured",
  decline: "declined",
  void: "voided",
  expire: "expired"
} as const

const noSuchPath: Reply = { status: 404, body: { error: "no such path" } }
const isText = (value: unknown): value is string => typeof value === "string" && value.length > 0 && value.length <= 200
const isAmount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0
const sum = (entries: ReadonlyArray<PaymentEntry>) => entries.reduce((total, entry) => total + entry.amountMinor, 0)
const refused = (payment: Payment, reason: string): Reply => ({
  status: 422,
  body: { reference: payment.opened.reference, reason }
})

/** A bank account, not a card: nothing can be held on it, and it is charged by mandate only. */
const isAccount = (method: string) => /^tok_(sepa|mandate_declined|charge_declined)/.test(method)

const declineOf = (method: string) => {
  if (/^tok_(declined|charge_declined)/.test(method)) return "insufficient_funds"
  return /^tok_(ok|slow|settlement_fails|requires_action|sepa)/.test(method) ? null : "unknown_method"
}

const answerOf = (payment: Payment): Reply =>
  payment.status === "declined" ? { status: 402, body: told(payment) } : { status: 201, body: told(payment) }

const told = ({ opened, status, captured, captureBefore, reason, refunds }: Payment) => ({
  id: opened.paymentId,
  reference: opened.reference,
  status,
  amountMinor: opened.amountMinor,
  capturedMinor: captured,
  refundedMinor: sum(refunds),
  currency: opened.currency,
  reason,
  captureBefore,
  actionUrl: status === "requires_action" ? `https://bank.example/confirm/${opened.paymentId}` : null,
  refunds: refunds.map(toldRefund)
})

const toldRefund = (entry: PaymentEntry) => ({
  id: entry.refundId,
  reference: entry.refundReference,
  amountMinor: entry.amountMinor,
  currency: entry.currency,
  status: "succeeded"
})
