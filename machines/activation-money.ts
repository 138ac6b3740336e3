/** What an activation does about its money: it asks the bank, keeps the books, bills months, asks again for what is owed, and gives back. */
import type { ActivationContext, Bill, ServicePayment } from "./activation-context.ts"
import {
  AskPayment,
  AuthorisePayment,
  CapturePayment,
  ChargePayment,
  IssueInvoice,
  NotifyCustomer,
  RefundAlarm,
  ReturnPayment,
  RiskCase,
  RiskCaseResolution,
  ServiceTransfer,
  SetUpMandate,
  SubmitEvidence,
  VoidPayment
} from "./activation-messages.ts"
import {
  activation,
  isKept,
  isTakenBack,
  keptPayments,
  later,
  nextMonthOf,
  notify,
  record,
  refundDays,
  runningOf,
  settlementSaid,
  wasTaken
} from "./activation-rules.ts"
import type { Month } from "./calendar.ts"
import { billFor } from "./monthly-bill.ts"
import { type Instant, type Money, PaymentId, vatWithin } from "./vocabulary.ts"

// ── The books ─────────────────────────────────────────────────────────────────────────────────────────────────────

type Kind = (typeof ServiceTransfer.Type)["kind"]
type Account = (typeof ServiceTransfer.Type)["debit"]

const entries: Readonly<Record<Kind, readonly [debit: Account, credit: Account]>> = {
  serviceHeld: ["gateway", "serviceSales"],
  serviceReleased: ["gateway", "serviceSales"],
  serviceCaptured: ["gateway", "serviceSales"],
  serviceOwed: ["receivables", "serviceSales"],
  monthBilled: ["receivables", "serviceSales"],
  debtPaid: ["gateway", "receivables"],
  billWaived: ["serviceSales", "receivables"],
  writtenOff: ["badDebts", "receivables"],
  serviceReturnOrdered: ["serviceSales", "refundsDue"],
  serviceReturned: ["refundsDue", "gateway"],
  lateServicePayment: ["gateway", "refundsDue"],
  refundFailed: ["gateway", "refundsDue"],
  refundPaidOut: ["refundsDue", "bank"],
  paymentSettled: ["bank", "gateway"],
  paymentSettlementFailed: ["receivables", "gateway"],
  chargedBack: ["disputes", "gateway"],
  disputeWon: ["gateway", "disputes"],
  disputeLost: ["badDebts", "disputes"]
}
/** The sales, whose rows say by which report of the car they were earned. */
const sales: ReadonlySet<Kind> = new Set(["serviceCaptured", "serviceOwed", "monthBilled"])
const ofSales: ReadonlySet<Kind> = new Set([...sales, "serviceHeld", "serviceReleased", "billWaived", "serviceReturnOrdered"])

interface Entry {
  readonly paymentId: PaymentId
  readonly amountMinor: number
  readonly month?: Month | null
  readonly resolves?: PaymentId | null
  /** Where the money is that does not come, or is taken back: not at the gateway any more, perhaps. */
  readonly where?: Account
}
const entry = (context: ActivationContext, kind: Kind, { paymentId, amountMinor, month, resolves, where }: Entry) => {
  const { activationId, customerId, country, channel, terms, receiptId, soldBy } = context
  const [debit, credit] = entries[kind]
  const at = (account: Account) => (where !== undefined && account === "gateway" ? where : account)
  // A sale of the first version of this chart was booked without its VAT, and goes back like that.
  const undoes = kind === "serviceReturnOrdered" || kind === "billWaived"
  const taxed = ofSales.has(kind) && (!undoes || month != null || soldBy !== null)
  return ServiceTransfer.make({
    activationId,
    kind,
    phase: kind === "serviceHeld" ? "pending" : kind === "serviceReleased" ? "voided" : "posted",
    paymentId,
    debit: at(debit),
    credit: at(credit),
    amountMinor,
    vatMinor: taxed ? vatWithin(amountMinor, terms.vatPercent) : 0,
    currency: terms.price.currency,
    receiptId: sales.has(kind) ? receiptId : null,
    resolves: resolves ?? null,
    customerId,
    country,
    stream: streamOf({ channel, terms }),
    item: terms.option,
    month: month ?? null
  })
}
const streamOf = ({ channel, terms: { term } }: Pick<ActivationContext, "channel" | "terms">) =>
  channel === "bundle" ? ("bundle" as const) : term.kind === "trial" ? ("temporary" as const) : term.kind

/** What a payment is in the books: its month, and the pending entry that it ends. */
const entryOf = ({ payments }: ActivationContext, paymentId: PaymentId): Entry => {
  const { amountMinor, month, pending } = payments[paymentId]!
  return { paymentId, amountMinor, month, resolves: pending ? paymentId : null }
}

/** Where the money of a payment that was taken is by now. */
const whereIs = ({ payments }: ActivationContext, paymentId: PaymentId): Account => {
  const { settlement, dispute } = payments[paymentId]!
  return dispute === "open" ? "disputes" : settlement === "settled" ? "bank" : "gateway"
}

const paper = (context: ActivationContext, kind: "invoice" | "creditNote", paymentId: PaymentId, money: number, bill?: Bill) => {
  const { activationId, customerId, country, vin, terms } = context
  return IssueInvoice.make({
    kind,
    customerId,
    country,
    vin,
    activationId,
    paymentId,
    item: terms.option,
    term: terms.term.kind === "trial" ? "temporary" : terms.term.kind,
    from: bill?.from ?? null,
    to: bill?.to ?? null,
    amount: { ...terms.price, amountMinor: money },
    vatPercent: terms.vatPercent
  })
}

// ── Risk ──────────────────────────────────────────────────────────────────────────────────────────────────────────

type RiskKind = (typeof RiskCase.Type)["kind"]

const opensCase = (
  context: ActivationContext,
  kind: RiskKind,
  paymentId: PaymentId,
  amountMinor: number,
  reason: string,
  isLoss = false
) => {
  const { activationId, vin, customerId: subjectId, riskCases, terms, receiptId } = context
  const caseId = `risk_${activationId.slice("act_".length)}-${riskCases.length + 1}`
  const { currency } = terms.price
  return {
    record: RiskCase.make({ caseId, kind, activationId, vin, subjectId, paymentId, amountMinor, currency, reason, receiptId }),
    riskCases: [...riskCases, { caseId, kind, paymentId, isLoss, open: true }]
  }
}
type Resolution = (typeof RiskCaseResolution.Type)["resolution"]
interface Closing {
  readonly resolution: Resolution
  readonly reason: string
  readonly by?: (typeof RiskCaseResolution.Type)["by"]
}
/** The open cases that `isOver` names are closed. */
const closesCases = (
  { riskCases }: ActivationContext,
  isOver: (one: ActivationContext["riskCases"][number]) => boolean,
  { resolution, reason, by = null }: Closing
) => {
  const over = riskCases.filter((one) => one.open && isOver(one))
  return {
    records: over.map(({ caseId }) => RiskCaseResolution.make({ caseId, resolution, reason, by })),
    riskCases: riskCases.map((one) => (over.includes(one) ? { ...one, open: false } : one))
  }
}
const ofDebt = (paymentId: PaymentId) => (one: ActivationContext["riskCases"][number]) =>
  one.paymentId === paymentId && !one.isLoss && (one.kind === "unpaid" || one.kind === "settlementFailed")

// ── Asking the bank ───────────────────────────────────────────────────────────────────────────────────────────────

/** `pay_<vin>-<activation>-service-<n>`. */
const nextPaymentId = ({ vin, activationId, payments }: ActivationContext) =>
  PaymentId.make(`pay_${vin}-${activationId.slice("act_".length)}-service-${Object.keys(payments).length + 1}`)

const isHoldOpen = (payment: ServicePayment | undefined) =>
  payment?.purpose === "hold" && (payment.status === "held" || payment.status === "asked")

/** A new question to the bank. What was held before, or might still be, is given up. */
const ask = (purpose: ServicePayment["purpose"]) =>
  activation.enqueueActions(({ context, enqueue }) => {
    const { payments, paymentId: before, customerId, paymentMethod, terms, activationId, receiptId, debt } = context
    if (paymentMethod === null) return
    const paymentId = nextPaymentId(context)
    const amount = { ...terms.price, amountMinor: debt?.amountMinor ?? terms.price.amountMinor }
    const asked: ServicePayment = {
      purpose,
      status: "asked",
      amountMinor: amount.amountMinor,
      month: debt?.month ?? null,
      pending: false,
      captureBefore: null,
      settlement: "pending",
      dispute: "none"
    }
    const givenUp = before !== null && isHoldOpen(payments[before]) ? before : null
    enqueue.assign({
      paymentId,
      actionUrl: null,
      payments: {
        ...payments,
        ...(givenUp === null ? {} : { [givenUp]: { ...payments[givenUp]!, status: "voiding" as const } }),
        [paymentId]: asked
      }
    })
    const payer = { paymentId, customerId, paymentMethod }
    if (purpose === "hold") enqueue.emit(AuthorisePayment.make({ ...payer, amount }))
    else if (purpose === "mandate") enqueue.emit(SetUpMandate.make(payer))
    else if (receiptId !== null) enqueue.emit(ChargePayment.make({ ...payer, amount, activationId, receiptId }))
    if (givenUp !== null) enqueue.emit(VoidPayment.make({ paymentId: givenUp }))
  })
export const askForHold = ask("hold")
export const askForMandate = ask("mandate")
export const charge = ask("charge")
export const renewHold = activation.assign({ renewed: true })

const amountOf = ({ payments, terms }: ActivationContext, paymentId: PaymentId): Money => ({
  ...terms.price,
  amountMinor: payments[paymentId]!.amountMinor
})
export const askAgain = activation.enqueueActions(({ context, enqueue }) => {
  const { paymentId, questions } = context
  if (paymentId === null) return
  enqueue.assign({ questions: questions + 1 })
  enqueue.emit(AskPayment.make({ paymentId, amount: amountOf(context, paymentId), question: questions + 1 }))
})
export const capture = activation.emit(({ context }) => {
  const { paymentId, activationId, receiptId } = context
  return CapturePayment.make({ paymentId: paymentId!, amount: amountOf(context, paymentId!), activationId, receiptId: receiptId! })
})

const changed = ({ payments }: ActivationContext, paymentId: PaymentId, change: Partial<ServicePayment>) => ({
  payments: { ...payments, [paymentId]: { ...payments[paymentId]!, ...change } }
})
/** The payment that a message is about, changed. */
const mark = (status?: ServicePayment["status"]) =>
  activation.assign((hearing) => {
    const { context, event } = hearing
    if (!("paymentId" in event)) return {}
    return changed(context, event.paymentId, { ...settlementSaid(hearing), ...(status === undefined ? {} : { status }) })
  })
export const markGranted = mark("granted")
export const markDeclined = mark("declined")
/** Money the bank holds is a pending entry, until it is posted or voided. */
export const markHeld = activation.enqueueActions(({ context, event, enqueue }) => {
  if (event.type !== "PaymentAuthorised") return
  const { paymentId, captureBefore } = event
  const { pending, amountMinor } = context.payments[paymentId]!
  enqueue.assign(changed(context, paymentId, { status: "held", captureBefore, pending: true }))
  if (!pending) enqueue.emit(entry(context, "serviceHeld", { paymentId, amountMinor }))
})
/** Nothing is held any more: voided, lapsed, or lost before it was captured. */
const letGo = (status: "voided" | "lost") =>
  activation.enqueueActions(({ context, event, enqueue }) => {
    if (!("paymentId" in event)) return
    const { paymentId } = event
    if (context.payments[paymentId]!.pending) enqueue.emit(entry(context, "serviceReleased", entryOf(context, paymentId)))
    enqueue.assign(changed(context, paymentId, { status, pending: false }))
  })
export const markVoided = letGo("voided")
export const markLost = letGo("lost")
/** The hold is gone before its time: from now on it outlives no try. */
export const markLapsed = activation.assign(({ context, event }) =>
  context.paymentId === null ? {} : changed(context, context.paymentId, { captureBefore: event.at })
)
export const keepActionUrl = activation.assign(({ event }) =>
  event.type === "PaymentActionRequired" ? { actionUrl: event.actionUrl } : {}
)

export const voidCurrent = activation.enqueueActions(({ context, enqueue }) => {
  const { paymentId } = context
  if (paymentId === null) return
  enqueue.assign(changed(context, paymentId, { status: "voiding" }))
  enqueue.emit(VoidPayment.make({ paymentId }))
})
/** A hold that came although nobody wants it any more. */
export const voidLate = activation.enqueueActions(({ context, event, enqueue }) => {
  if (!("paymentId" in event)) return
  enqueue.assign(changed(context, event.paymentId, { status: "voiding" }))
  enqueue.emit(VoidPayment.make({ paymentId: event.paymentId }))
})

// ── Money that comes ──────────────────────────────────────────────────────────────────────────────────────────────

/** The payment that an event is about is here: it earns the price, or it pays what is owed. */
export const receive = activation.enqueueActions(({ context, event, enqueue }) => {
  if (!("paymentId" in event)) return
  const { paymentId } = event
  const { debt } = context
  const booked = entryOf(context, paymentId)
  if (debt === null) {
    enqueue.emit(entry(context, "serviceCaptured", booked))
    enqueue.emit(paper(context, "invoice", paymentId, booked.amountMinor))
    enqueue.assign({ soldBy: paymentId })
  } else {
    const over = closesCases(context, ofDebt(debt.paymentId), { resolution: "paid", reason: "PaidByTheCustomer" })
    enqueue.emit(entry(context, "debtPaid", booked))
    for (const one of over.records) enqueue.emit(one)
    enqueue.assign({ debt: null, riskCases: over.riskCases, bills: billed(context, debt.month, "paid") })
  }
  enqueue(arrived)
})
const billed = ({ bills }: ActivationContext, month: Month | null, status: Bill["status"]) =>
  month === null ? bills : bills.map((bill) => (bill.month === month ? { ...bill, status } : bill))

/** Marked, and settled as well where that was said before. */
const arrived = activation.enqueueActions((hearing) => {
  const { context, event, enqueue } = hearing
  if (!("paymentId" in event)) return
  const { paymentId } = event
  const settlement = settlementSaid(hearing).settlement ?? context.payments[paymentId]!.settlement
  enqueue.assign(changed(context, paymentId, { status: "captured", pending: false, settlement }))
  if (settlement === "settled") enqueue.emit(entry(context, "paymentSettled", { ...entryOf(context, paymentId), resolves: null }))
})

/** A month that finance had already: paid after all. */
export const receiveOldBill = activation.enqueueActions(({ context, event, enqueue }) => {
  if (!("paymentId" in event)) return
  const { paymentId } = event
  const { month } = context.payments[paymentId]!
  const bill = context.bills.find((one) => one.month === month)!
  const over = closesCases(context, ofDebt(bill.paymentId), { resolution: "paid", reason: "PaidByTheCustomer" })
  enqueue.emit(entry(context, "debtPaid", entryOf(context, paymentId)))
  for (const one of over.records) enqueue.emit(one)
  enqueue.assign({ riskCases: over.riskCases, bills: billed(context, month, "paid") })
  enqueue(arrived)
})

/** What the settlement says of money that is here; of money that is not here yet it is only remembered. */
export const keepSettlement = activation.enqueueActions((hearing) => {
  const { context, event, enqueue } = hearing
  if (!("paymentId" in event)) return
  const { paymentId } = event
  const payment = context.payments[paymentId]!
  enqueue.assign(changed(context, paymentId, settlementSaid(hearing)))
  if (!wasTaken(payment) || payment.dispute === "lost") return
  const booked = entryOf(context, paymentId)
  if (event.type === "PaymentSettled") {
    // What the bank has taken back meanwhile comes with the dispute, if it is won.
    if (!isTakenBack(payment)) enqueue.emit(entry(context, "paymentSettled", booked))
    return
  }
  enqueue.emit(entry(context, "paymentSettlementFailed", { ...booked, where: whereIs(context, paymentId) }))
  // A month beside the one that the bank is asked for: it waits for the customer. Else it went back already, and somebody has to know.
  const bill = isKept(payment) ? context.bills.find(({ month }) => month === payment.month) : undefined
  const name = bill?.paymentId ?? paymentId
  const opens = opensCase(context, "settlementFailed", name, payment.amountMinor, "SettlementFailed", bill === undefined)
  enqueue.emit(opens.record)
  enqueue.assign({ riskCases: opens.riskCases })
  if (bill === undefined) return
  enqueue.assign({ bills: billed(context, bill.month, "uncollected") })
  enqueue(notify("SettlementFailed"))
})

// ── Months, and what is owed ──────────────────────────────────────────────────────────────────────────────────────

/** Closes the month: what was consumed is a debt, with its invoice, and the bank is asked for it next. A month of no price is noted. */
export const billMonth = activation.enqueueActions(({ context, enqueue }) => {
  const month = nextMonthOf(context)
  const bill = month === null ? null : billFor(month, runningOf(context)!)
  if (bill === null) return
  const paymentId = nextPaymentId(context)
  const { amountMinor } = bill.amount
  const kept: Bill = { ...bill, paymentId, status: amountMinor === 0 ? "paid" : "due" }
  enqueue.assign({ bills: [...context.bills, kept] })
  if (amountMinor === 0) return
  enqueue.emit(entry(context, "monthBilled", { paymentId, amountMinor, month }))
  enqueue.emit(paper(context, "invoice", paymentId, amountMinor, kept))
  enqueue.assign({ debt: { month, amountMinor, paymentId, tries: 0 } })
  const { customerId: subjectId, vin, activationId, terms } = context
  const told = { subjectId, vin, activationId, option: terms.option, notice: "MonthBilled" as const }
  enqueue.emit(NotifyCustomer.make({ ...told, month: bill.month, amount: bill.amount }))
})

/** Asked in vain. What was delivered is owed from now on, if it was not before. */
export const chargeFails = activation.enqueueActions(({ context, enqueue }) => {
  const { debt, paymentId, terms } = context
  enqueue(notify("PaymentOverdue"))
  if (debt !== null) return enqueue.assign({ debt: { ...debt, tries: debt.tries + 1 } })
  if (paymentId === null) return
  const { amountMinor } = terms.price
  enqueue.emit(entry(context, "serviceOwed", { paymentId, amountMinor }))
  enqueue.emit(paper(context, "invoice", paymentId, amountMinor))
  enqueue.assign({ soldBy: paymentId, debt: { month: null, amountMinor, paymentId, tries: 1 } })
})
/** Paid, delivered, and it never came: owed again, and a case at once (S12.3, D-7). The car keeps what it has. */
export const bounce = activation.enqueueActions(({ context, event, enqueue }) => {
  const paymentId = "paymentId" in event ? event.paymentId : context.paymentId
  if (paymentId === null) return
  const { month, amountMinor } = context.payments[paymentId]!
  const bill = context.bills.find((one) => one.month === month)
  const owed = bill?.paymentId ?? context.soldBy ?? paymentId // As the invoice has it.
  enqueue.emit(entry(context, "paymentSettlementFailed", { ...entryOf(context, paymentId), where: whereIs(context, paymentId) }))
  const opens = opensCase(context, "settlementFailed", owed, amountMinor, "SettlementFailed")
  enqueue.emit(opens.record)
  enqueue.assign({
    ...changed(context, paymentId, { settlement: "failed" }),
    riskCases: opens.riskCases,
    bills: billed(context, month, "due"),
    debt: { month, amountMinor, paymentId: owed, tries: 1 }
  })
  enqueue(notify("SettlementFailed"))
})
/** The last question was in vain: finance has it. */
export const handToFinance = activation.enqueueActions(({ context, enqueue }) => {
  const { debt, riskCases } = context
  enqueue(notify("PaymentUncollected"))
  if (debt === null || riskCases.some((one) => one.open && ofDebt(debt.paymentId)(one))) return
  const opens = opensCase(context, "unpaid", debt.paymentId, debt.amountMinor, "AskedInVain")
  enqueue.emit(opens.record)
  enqueue.assign({ riskCases: opens.riskCases })
})
/** The months go on, whatever became of this one. */
export const setDebtAside = activation.assign(({ context }) => ({
  debt: null,
  bills: billed(context, context.debt?.month ?? null, "uncollected")
}))
/** The customer pays it by another method. */
export const takeMethod = activation.assign(({ event }) => (event.type === "PayDebt" ? { paymentMethod: event.paymentMethod } : {}))
/** The oldest month that finance has. */
export const takeUpBill = activation.assign(({ context }) => {
  const bill = context.bills.find(({ status }) => status === "uncollected")
  if (bill === undefined) return {}
  const { month, amount, paymentId } = bill
  return { bills: billed(context, month, "due"), debt: { month, amountMinor: amount.amountMinor, paymentId, tries: 0 } }
})

const byFinance = (event: { readonly type: string }, resolution: Resolution): Closing => {
  const { reason, by } = event as unknown as { readonly reason: string; readonly by: Closing["by"] }
  return { resolution, reason, by: by ?? null }
}
const isMeant = (event: { readonly type: string }) => {
  const { caseId } = event as unknown as { readonly caseId: string }
  return (one: ActivationContext["riskCases"][number]) => one.caseId === caseId
}
export const writeOff = activation.enqueueActions(({ context, event, enqueue }) => {
  const meant = context.riskCases.find(isMeant(event))
  if (meant === undefined) return
  const { debt, bills, payments } = context
  const isMeantBy = (one: { readonly paymentId: PaymentId }) => !meant.isLoss && one.paymentId === meant.paymentId
  const bill = bills.find((one) => isMeantBy(one) && (one.status === "due" || one.status === "uncollected"))
  const amountMinor = bill?.amount.amountMinor ?? payments[meant.paymentId]!.amountMinor
  const month = bill?.month ?? null
  const over = closesCases(context, meant.isLoss ? isMeant(event) : ofDebt(meant.paymentId), byFinance(event, "writtenOff"))
  enqueue.emit(entry(context, "writtenOff", { paymentId: meant.paymentId, amountMinor, month }))
  for (const one of over.records) enqueue.emit(one)
  enqueue.assign({
    riskCases: over.riskCases,
    bills: billed(context, month, "writtenOff"),
    debt: debt !== null && isMeantBy(debt) ? null : debt
  })
})
export const dismiss = activation.enqueueActions(({ context, event, enqueue }) => {
  const over = closesCases(context, isMeant(event), byFinance(event, "dismissed"))
  for (const one of over.records) enqueue.emit(one)
  enqueue.assign({ riskCases: over.riskCases })
})

// ── Money that goes ───────────────────────────────────────────────────────────────────────────────────────────────

/** Money that nobody waits for goes back in full. */
export const giveBack = activation.enqueueActions((hearing) => {
  const { context, event, enqueue } = hearing
  if (!("paymentId" in event)) return
  const { paymentId } = event
  const settlement = settlementSaid(hearing).settlement ?? context.payments[paymentId]!.settlement
  enqueue.emit(entry(context, "lateServicePayment", entryOf(context, paymentId)))
  if (settlement === "settled") enqueue.emit(entry(context, "paymentSettled", { ...entryOf(context, paymentId), resolves: null }))
  enqueue.emit(ReturnPayment.make({ paymentId, amount: amountOf(context, paymentId) }))
  enqueue(startRefundClock)
  enqueue.assign(changed(context, paymentId, { status: "returning", pending: false, settlement }))
})
/** A clock that measured another refund, which is over, starts anew. */
const startRefundClock = activation.assign(({ context: { refundSince, payments }, event }) => {
  const known = new Set(Object.values(payments).map(({ status }) => status))
  const isOver = !known.has("returning") && (known.has("returned") || known.has("returnFailed") || known.has("paidOut"))
  return { refundSince: refundSince === null || isOver ? event.at : refundSince }
})

/** Nothing may be kept: what came goes back with a credit note, and what is owed is owed no more. */
export const undoSale = activation.enqueueActions(({ context, enqueue }) => {
  const { payments, bills, debt, soldBy } = context
  const returning: Record<PaymentId, ServicePayment> = {}
  const kept = keptPayments(context)
  if (kept.length > 0) enqueue(startRefundClock)
  for (const paymentId of kept) {
    const { month, amountMinor } = payments[paymentId]!
    const bill = bills.find((one) => one.month === month)
    const invoicedAs = bill?.paymentId ?? soldBy
    enqueue.emit(entry(context, "serviceReturnOrdered", entryOf(context, paymentId)))
    if (invoicedAs !== null) enqueue.emit(paper(context, "creditNote", invoicedAs, amountMinor, bill))
    enqueue.emit(ReturnPayment.make({ paymentId, amount: amountOf(context, paymentId) }))
    returning[paymentId] = { ...payments[paymentId]!, status: "returning" }
  }
  const owed = [
    ...bills.filter(({ status }) => status === "due" || status === "uncollected"),
    ...(debt !== null && debt.month === null ? [debt] : [])
  ]
  for (const one of owed) {
    const bill = "daysInMonth" in one ? one : undefined
    const amountMinor = bill?.amount.amountMinor ?? debt!.amountMinor
    enqueue.emit(entry(context, "billWaived", { paymentId: one.paymentId, amountMinor, month: one.month }))
    if (bill !== undefined || soldBy !== null) enqueue.emit(paper(context, "creditNote", one.paymentId, amountMinor, bill))
  }
  const names = new Set(owed.map(({ paymentId }) => paymentId))
  const over = closesCases(context, (one) => names.has(one.paymentId) && ofDebt(one.paymentId)(one), {
    resolution: "withdrawn",
    reason: "NothingIsOwed"
  })
  for (const one of over.records) enqueue.emit(one)
  enqueue.assign({
    payments: { ...payments, ...returning },
    debt: null,
    riskCases: over.riskCases,
    bills: bills.map((bill) =>
      names.has(bill.paymentId)
        ? { ...bill, status: "waived" as const }
        : Object.values(returning).some(({ month }) => month === bill.month)
          ? { ...bill, status: "returning" as const }
          : bill
    )
  })
})
export const confirmReturn = activation.enqueueActions(({ context, event, enqueue }) => {
  if (!("paymentId" in event)) return
  enqueue.emit(entry(context, "serviceReturned", entryOf(context, event.paymentId)))
  enqueue(mark("returned"))
  enqueue(notify("ServicePaymentReturned"))
})
/** Not arrived: owed to the customer again, and finance pays it out. */
export const returnFails = activation.enqueueActions(({ context, event, enqueue }) => {
  if (event.type !== "RefundFailed") return
  const { paymentId, reason } = event
  const { status, amountMinor } = context.payments[paymentId]!
  if (status === "returned") enqueue.emit(entry(context, "refundFailed", entryOf(context, paymentId)))
  const opens = opensCase(context, "refundFailed", paymentId, amountMinor, reason)
  enqueue.emit(opens.record)
  enqueue.assign({ ...changed(context, paymentId, { status: "returnFailed" }), riskCases: opens.riskCases })
  enqueue(notify("RefundDelayed"))
})
export const payOut = activation.enqueueActions(({ context, event, enqueue }) => {
  const meant = context.riskCases.find(isMeant(event))
  if (meant === undefined) return
  const over = closesCases(context, isMeant(event), byFinance(event, "paidOut"))
  enqueue.emit(entry(context, "refundPaidOut", entryOf(context, meant.paymentId)))
  for (const one of over.records) enqueue.emit(one)
  enqueue.assign({ ...changed(context, meant.paymentId, { status: "paidOut" }), riskCases: over.riskCases })
  enqueue(notify("ServicePaymentReturned"))
})
/** 7, 10 and 14 days after it was asked for, while it is still on its way. */
export const alarm = (days: number) =>
  activation.enqueueActions(({ context, enqueue }) => {
    const { activationId, customerId: subjectId, payments, terms, refundSince, purchasedAt } = context
    const dueAt: Instant = later(refundSince ?? purchasedAt, refundDays * 86_400_000)
    const open = (Object.keys(payments) as Array<PaymentId>).filter((id) => payments[id]!.status === "returning")
    for (const paymentId of open) {
      const { amountMinor } = payments[paymentId]!
      const { currency } = terms.price
      enqueue.emit(RefundAlarm.make({ activationId, paymentId, subjectId, days, dueAt, amountMinor, currency }))
    }
    if (days === refundDays) enqueue(notify("RefundDelayed"))
  })

// ── Disputes ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** The bank takes it back; the car's own report goes to whoever decides. */
export const chargeBack = activation.enqueueActions(({ context, event, enqueue }) => {
  if (event.type !== "PaymentDisputed") return
  const { paymentId, disputeId, reason } = event
  const { amountMinor } = context.payments[paymentId]!
  const { activationId, receiptId } = context
  enqueue.emit(entry(context, "chargedBack", { ...entryOf(context, paymentId), where: whereIs(context, paymentId) }))
  const opens = opensCase(context, "chargeback", paymentId, amountMinor, reason)
  enqueue.emit(opens.record)
  enqueue.emit(SubmitEvidence.make({ paymentId, disputeId, activationId, receiptId }))
  enqueue.assign({ ...changed(context, paymentId, { dispute: "open" }), riskCases: opens.riskCases })
})
export const closeDispute = activation.enqueueActions(({ context, event, enqueue }) => {
  if (event.type !== "DisputeClosed") return
  const { paymentId, outcome } = event
  const { settlement } = context.payments[paymentId]!
  const kind = outcome === "won" ? "disputeWon" : "disputeLost"
  const where = settlement === "settled" ? "bank" : "gateway"
  // What never came is owed meanwhile, and nothing of it is in dispute any more.
  if (settlement !== "failed") enqueue.emit(entry(context, kind, { ...entryOf(context, paymentId), where }))
  const over = closesCases(context, (one) => one.kind === "chargeback" && one.paymentId === paymentId, {
    resolution: outcome,
    reason: "DecidedByTheBank"
  })
  for (const one of over.records) enqueue.emit(one)
  enqueue.assign({ ...changed(context, paymentId, { dispute: outcome }), riskCases: over.riskCases })
})

/** Decided before we heard of it: there and back in one breath, as the bank has it, or lost. */
export const decideDispute = activation.enqueueActions(({ context, event, enqueue }) => {
  if (event.type !== "DisputeClosed") return
  const { paymentId, outcome } = event
  const booked = { ...entryOf(context, paymentId), where: whereIs(context, paymentId) }
  enqueue.emit(entry(context, "chargedBack", booked))
  enqueue.emit(entry(context, outcome === "won" ? "disputeWon" : "disputeLost", booked))
  enqueue.assign(changed(context, paymentId, { dispute: outcome }))
})

// ── Answers that several states share ─────────────────────────────────────────────────────────────────────────────

export const unbelievedPayment = [
  { guard: "paymentUnknown", actions: record("UnknownPayment") },
  { guard: "amountDiffers", actions: record("AmountMismatch") }
] as const
/** Of a hold that is asked for, or that the customer has to confirm first. */
export const bankAnswers = {
  PaymentAuthorised: { guard: "currentHeld", target: "#activation.money.authorised", actions: markHeld },
  PaymentDeclined: { guard: "currentRefused", target: "#activation.money.declined", actions: markDeclined },
  PaymentVoided: { guard: "currentAnswered", target: "#activation.money.declined", actions: markVoided },
  PaymentCannotBeHeld: { guard: "currentRefused", target: "#activation.money.mandating", actions: markDeclined }
} as const
/** Taken before the car confirmed, or after nobody wanted it: it goes back. */
export const goesBack = { guard: "currentToGoBack", target: "#activation.money.refunding", actions: giveBack } as const
/** A bank that takes what it should hold: ours where the car has confirmed. */
export const takenAtOnce = [
  { guard: "arrivedWhileServed", target: "#activation.money.captured", actions: receive },
  goesBack
] as const
/** A price rests where it is paid; a month's goes on to the next month. */
export const priceArrives = { guard: "currentMoneyArrived", target: "#activation.money.captured", actions: receive } as const
export const arrives = [{ guard: "ofAMonth", target: "#activation.money.running", actions: receive }, priceArrives] as const
/** Nothing may be kept any more: where something is here it goes back, else the money ends in `otherwise`. */
export const undone = (otherwise: string) =>
  [
    { guard: "unneededAndKept", target: "#activation.money.refunding", actions: undoSale },
    { guard: "unneeded", target: `#activation.money.${otherwise}`, actions: undoSale }
  ] as const
