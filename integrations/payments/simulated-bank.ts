/** The bank behind the simulated gateway: payments, holds that expire, refunds, settlements, disputes, and the ledger they are written in. */
import type { Call, Office, Reply } from "../http/simulated-partner.ts"
import { Changes } from "./simulated-changes.ts"
import { Mandates } from "./simulated-mandates.ts"
import { begun, enter, type Payment, type PaymentEntry, refunded, told, toldDispute, toldRefund } from "./simulated-payment.ts"

const slowFactor = 20

export class Bank {
  private readonly payments = new Map<string, Payment>() // By reference: a reference pays once, for ever.
  private readonly byId = new Map<string, Payment>()
  private readonly held = new Map<string, Payment>() // What is authorised and not yet over, the oldest first.
  private readonly changes = new Changes()
  private readonly mandates: Mandates

  constructor(private readonly office: Office<PaymentEntry>) {
    this.mandates = new Mandates((entry) => this.record(entry))
    for (const entry of office.entries()) this.apply(entry)
    for (const payment of this.payments.values()) this.resume(payment)
  }

  answer(call: Call): Reply {
    this.expire()
    const [root, id, verb, object] = call.path
    if (root === "mandates" && call.path.length === 1) return this.mandates.answer(call)
    if (root !== "payments" || call.path.length > 4) return noSuchPath
    if (call.method === "GET") {
      if (call.query.has("since")) return this.changes.answer(call.query)
      const payment = this.payments.get(call.query.get("reference") ?? "")
      return { status: 200, body: { payments: payment === undefined ? [] : [told(payment)] } }
    }
    if (call.method !== "POST") return noSuchPath
    if (id === undefined) return this.open(call)
    const payment = this.byId.get(id)
    if (payment === undefined) return { status: 404, body: { error: "no such payment" } }
    if (verb === "dispute" && object === "evidence") return this.evidence(payment, call)
    if (object !== undefined) return noSuchPath
    if (verb === "refunds") return this.refund(payment, call)
    if (verb === "capture") return this.capture(payment)
    if (verb === "void") return this.void(payment)
    return noSuchPath
  }

  confirm(reference: string) {
    const payment = this.payments.get(reference)
    if (payment?.status !== "requires_action") return
    const held = payment.opened.capture === "manual"
    const { at } = this.record({ ...payment.opened, kind: held ? "authorise" : "charge" })
    this.announce(payment, held ? "authorised" : "captured", at)
    if (!held) this.settleSoon(payment)
  }

  reject(reference: string) {
    const payment = this.payments.get(reference)
    if (payment?.status !== "requires_action") return
    const { at } = this.record({ ...payment.opened, kind: "decline", reason: "authentication_failed" })
    this.announce(payment, "declined", at)
  }

  settle(reference: string) {
    const payment = this.payments.get(reference)
    if (payment === undefined || payment.captured === 0 || payment.settlement !== null) return
    const { method } = payment.opened
    const failed = method.startsWith("tok_settlement_fails")
    const reason = failed ? "account_closed" : null
    const kind = failed ? "settlement_failed" : "settle"
    const { at } = this.record({ ...payment.opened, kind, amountMinor: payment.captured, reason })
    this.announce(payment, failed ? "failed" : "settled", at, { reason })
    if (method.startsWith("tok_disputed")) this.office.soon(() => this.dispute(reference))
  }

  /** The customer tells his bank that he owes none of it; what was taken and not given back is taken from us at once. */
  dispute(reference: string) {
    const payment = this.payments.get(reference)
    const amountMinor = payment === undefined ? 0 : payment.captured - refunded(payment)
    if (payment === undefined || payment.dispute !== null || payment.settlement === "failed" || amountMinor === 0) return
    const disputeId = `dp_${payment.opened.paymentId}`
    const { at, reason } = this.record({
      ...payment.opened,
      kind: "dispute",
      amountMinor,
      disputeId,
      reason: "service_not_received"
    })
    this.announce(payment, "disputed", at, { amountMinor, disputeId, reason })
  }

  decideDispute(reference: string, outcome: "won" | "lost") {
    const payment = this.payments.get(reference)
    if (payment?.dispute?.status !== "open") return
    const { amountMinor, disputeId } = payment.dispute.opened
    const { at } = this.record({ ...payment.dispute.opened, kind: `dispute_${outcome}`, reason: null })
    this.announce(payment, `dispute_${outcome}`, at, { amountMinor, disputeId, reason: null })
  }

  /** The last refund that has not failed comes back: the account it went to is closed. */
  failRefund(reference: string) {
    const payment = this.payments.get(reference)
    const refund = payment?.refunds.findLast(({ refundId }) => !payment.failedRefunds.has(refundId!))
    if (payment === undefined || refund === undefined) return
    const { amountMinor, refundId, refundReference } = refund
    const { at, reason } = this.record({ ...refund, kind: "refund_failed", reason: "account_closed" })
    this.announce(payment, "refund_failed", at, { amountMinor, refundId, refundReference, reason })
  }

  /** Says something that is not so, and writes nothing down: what a gateway in trouble might say. */
  misannounce(reference: string, lie: Readonly<Record<string, unknown>>) {
    const payment = this.payments.get(reference)
    if (payment !== undefined) this.announce(payment, "settled", this.office.instant(), lie)
  }

  private announce({ opened, captureBefore, reason }: Payment, status: string, at: string, more: object = {}) {
    const { reference, paymentId, amountMinor, currency } = opened
    const hold = status === "authorised" ? { captureBefore } : {}
    this.office.announce({ reference, paymentId, status, amountMinor, currency, reason, ...hold, ...more, occurredAt: at })
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
    const kind = reason !== null ? "decline" : asks(method, permitted) ? "await" : capture === "manual" ? "authorise" : "charge"
    const paymentId = `gw_${this.payments.size + 1}`
    const nothing = { refundId: null, refundReference: null }
    this.record({ at: "", kind, paymentId, reference, amountMinor, currency, method, customer, capture, ...nothing, reason })
    const payment = this.payments.get(reference)!
    if (kind === "charge") this.settleSoon(payment)
    return answerOf(payment)
  }

  /** Never more than was captured, and nothing that the customer's bank took back already; the same refund reference is the same refund. */
  private refund(payment: Payment, { body, decline }: Call): Reply {
    const { reference, amountMinor, currency } = body
    if (!isText(reference) || !isAmount(amountMinor) || currency !== payment.opened.currency) {
      return { status: 400, body: { error: "a field is missing or wrong" } }
    }
    const known = payment.refunds.find((one) => one.refundReference === reference)
    if (known !== undefined) {
      return known.amountMinor === amountMinor
        ? { status: 200, body: toldRefund(payment, known) }
        : { status: 409, body: { error: "this reference gave back another amount" } }
    }
    const disputed = payment.dispute !== null && payment.dispute.status !== "won" ? "disputed" : null
    const left = payment.captured - refunded(payment)
    const reason = decline ?? disputed ?? (amountMinor > left ? "more_than_captured" : null)
    if (reason !== null) return { status: 422, body: { reference, reason } }
    const refundId = `re_${payment.opened.paymentId}_${payment.refunds.length + 1}`
    const entry = this.record({ ...payment.opened, kind: "refund", amountMinor, refundId, refundReference: reference })
    this.failRefundSoon(payment)
    return { status: 201, body: toldRefund(payment, entry) }
  }

  /** Once for a dispute, while it is open. */
  private evidence(payment: Payment, { body }: Call): Reply {
    const { reference, documents } = body
    if (!isText(reference) || !Array.isArray(documents)) return { status: 400, body: { error: "a field is missing" } }
    const { dispute } = payment
    if (dispute === null) return { status: 422, body: { reference, reason: "no_dispute" } }
    if (dispute.evidence !== null && dispute.evidence !== reference)
      return { status: 422, body: { reference, reason: "evidence_given" } }
    if (dispute.evidence === null) {
      if (dispute.status !== "open") return { status: 422, body: { reference, reason: "dispute_closed" } }
      this.record({ ...dispute.opened, kind: "evidence", reason: null, evidence: { reference, documents } })
      this.decideSoon(payment)
    }
    return { status: 201, body: toldDispute(dispute) }
  }

  private capture(payment: Payment): Reply {
    if (payment.status === "authorised") {
      this.record({ ...payment.opened, kind: "capture" })
      this.settleSoon(payment)
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

  /** After a restart. */
  private resume(payment: Payment) {
    if (payment.captured > 0 && payment.settlement === null) this.settleSoon(payment)
    if (payment.refunds.length > 0) this.failRefundSoon(payment)
    if (payment.dispute?.status === "open" && payment.dispute.evidence !== null) this.decideSoon(payment)
  }

  private settleSoon({ opened: { reference, method } }: Payment) {
    this.office.soon(() => this.settle(reference), method.startsWith("tok_slow") ? slowFactor : 1)
  }

  private failRefundSoon({ opened: { reference, method } }: Payment) {
    if (method.startsWith("tok_refund_fails")) this.office.soon(() => this.failRefund(reference))
  }

  private decideSoon({ opened: { reference, method } }: Payment) {
    const [, outcome] = /^tok_disputed_(won|lost)/.exec(method) ?? []
    if (outcome !== undefined) this.office.soon(() => this.decideDispute(reference, outcome as "won" | "lost"))
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
    enter(payment, entry)
    this.changes.add(payment, entry.at)
    if (payment.status === "authorised") this.held.set(entry.reference, payment)
    else this.held.delete(entry.reference)
  }

  private begin(opened: PaymentEntry): Payment {
    const payment = begun(opened)
    this.payments.set(opened.reference, payment)
    this.byId.set(opened.paymentId, payment)
    return payment
  }
}

const noSuchPath: Reply = { status: 404, body: { error: "no such path" } }
const isText = (value: unknown): value is string => typeof value === "string" && value.length > 0 && value.length <= 200
const isAmount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0
const refused = (payment: Payment, reason: string): Reply => ({
  status: 422,
  body: { reference: payment.opened.reference, reason }
})

/** A bank account, not a card: nothing can be held on it, and it is charged by mandate only. */
const isAccount = (method: string) => /^tok_(sepa|sca_sepa|mandate_declined|charge_declined)/.test(method)

/** Whoever gave a mandate is not asked again, unless his bank wants to know of each charge. */
const asks = (method: string, permitted: boolean) =>
  /^tok_(sca_sepa|requires_action_offsession)/.test(method) || (method.startsWith("tok_requires_action") && !permitted)

const declineOf = (method: string) => {
  if (/^tok_(declined|charge_declined)/.test(method)) return "insufficient_funds"
  return /^tok_(ok|slow|settlement_fails|requires_action|sepa|sca_sepa|refund_fails|disputed)/.test(method)
    ? null
    : "unknown_method"
}

const answerOf = (payment: Payment): Reply =>
  payment.status === "declined" ? { status: 402, body: told(payment) } : { status: 201, body: told(payment) }
