/** What becomes of a car's money after it came: it settles or does not, the bank takes it back, a refund does not arrive. None of it touches the car. */
import { RiskCaseResolution, SubmitEvidence } from "./order-messages.ts"
import {
  amountOf,
  type Entry,
  endDisputedDeposit,
  notify,
  type OpenedCase,
  type OrderContext,
  opensCase,
  order,
  record,
  refuse,
  settlementSaid,
  transfer,
  unbelievedPayment,
  wasTaken,
  withCharge
} from "./order-rules.ts"
import type { PaymentId } from "./vocabulary.ts"

const closed = (riskCases: ReadonlyArray<OpenedCase>, caseId: string) =>
  riskCases.map((one) => (one.caseId === caseId ? { ...one, open: false } : one))

/** Of money that is here the books follow; of money that is not here yet it is only remembered. */
const keepSettlement = order.enqueueActions((hearing) => {
  const { context, event, enqueue } = hearing
  if (event.type !== "PaymentSettled" && event.type !== "PaymentSettlementFailed") return
  const { paymentId, kind } = event
  enqueue.assign((now) => withCharge(now, settlementSaid(hearing)))
  const charge = context.charges[paymentId]
  if (!wasTaken(charge) || charge?.dispute === "lost") return
  if (event.type === "PaymentSettled") {
    // What the bank has taken back meanwhile comes with the dispute, if it is won.
    if (charge?.dispute === "open") return
    return enqueue.emit(transfer(context, ["paymentSettled", "bank", "gateway"], paymentId, amountOf(context, kind)))
  }
  const where = charge?.dispute === "open" ? "disputes" : accountOf(context, paymentId)
  enqueue.emit(transfer(context, ["paymentSettlementFailed", "receivables", where], paymentId, amountOf(context, kind)))
  const opens = opensCase(context, "settlementFailed", paymentId, "SettlementFailed")
  enqueue.emit(opens.record)
  enqueue.assign({ riskCases: opens.riskCases })
  enqueue(notify("SettlementFailed"))
})

const accountOf = ({ charges }: OrderContext, paymentId: PaymentId) =>
  charges[paymentId]!.settlement === "settled" ? ("bank" as const) : ("gateway" as const)

const chargeBack = order.enqueueActions(({ context, event, enqueue }) => {
  if (event.type !== "PaymentDisputed") return
  const { paymentId, kind, disputeId, reason } = event
  const { orderId, handover } = context
  enqueue.emit(transfer(context, ["chargedBack", "disputes", accountOf(context, paymentId)], paymentId, amountOf(context, kind)))
  const opens = opensCase(context, "chargeback", paymentId, reason)
  enqueue.emit(opens.record)
  enqueue.emit(SubmitEvidence.make({ paymentId, disputeId, orderId, handoverAt: handover?.at ?? null }))
  enqueue.assign((now) => ({ ...withCharge(now, { dispute: "open" }), riskCases: opens.riskCases }))
})
const closeDispute = order.enqueueActions(({ context, event, enqueue }) => {
  if (event.type !== "DisputeClosed") return
  const { paymentId, kind, outcome } = event
  const entry: Entry =
    outcome === "won" ? ["disputeWon", accountOf(context, paymentId), "disputes"] : ["disputeLost", "badDebts", "disputes"]
  // What never came is owed meanwhile, and nothing of it is in dispute any more.
  if (context.charges[paymentId]!.settlement !== "failed")
    enqueue.emit(transfer(context, entry, paymentId, amountOf(context, kind)))
  const meant = context.riskCases.find((one) => one.open && one.kind === "chargeback" && one.paymentId === paymentId)
  if (meant !== undefined)
    enqueue.emit(RiskCaseResolution.make({ caseId: meant.caseId, resolution: outcome, reason: "DecidedByTheBank", by: null }))
  const riskCases = closed(context.riskCases, meant?.caseId ?? "")
  enqueue.assign((now) => ({ ...withCharge(now, { dispute: outcome }), riskCases }))
})

/** Decided before we heard of it: there and back in one breath, as the bank has it, or lost. */
const decideDispute = order.enqueueActions(({ context, event, enqueue }) => {
  if (event.type !== "DisputeClosed") return
  const { paymentId, kind, outcome } = event
  const amount = amountOf(context, kind)
  const where = accountOf(context, paymentId)
  enqueue.emit(transfer(context, ["chargedBack", "disputes", where], paymentId, amount))
  if (outcome === "won") enqueue.emit(transfer(context, ["disputeWon", where, "disputes"], paymentId, amount))
  else enqueue.emit(transfer(context, ["disputeLost", "badDebts", "disputes"], paymentId, amount))
  enqueue.assign((now) => withCharge(now, { dispute: outcome }))
})

const returnFails = order.enqueueActions(({ context, event, enqueue }) => {
  if (event.type !== "RefundFailed") return
  const { paymentId, kind, reason } = event
  if (context.charges[paymentId]!.status === "returned")
    enqueue.emit(transfer(context, ["refundFailed", "gateway", "refundsDue"], paymentId, amountOf(context, kind)))
  const opens = opensCase(context, "refundFailed", paymentId, reason)
  enqueue.emit(opens.record)
  enqueue.assign((now) => ({ ...withCharge(now, { status: "returnFailed" }), riskCases: opens.riskCases }))
  enqueue(notify("RefundDelayed"))
})

const resolve = order.enqueueActions(({ context, event, enqueue }) => {
  if (event.type !== "ResolveRiskCase") return
  const { caseId, resolution, reason, by } = event
  const { paymentId } = context.riskCases.find((one) => one.caseId === caseId)!
  const entries: Readonly<Record<typeof resolution, Entry | null>> = {
    paid: ["debtPaid", "bank", "receivables"],
    writtenOff: ["writtenOff", "badDebts", "receivables"],
    paidOut: ["refundPaidOut", "refundsDue", "bank"],
    dismissed: null
  }
  const entry = entries[resolution]
  if (entry !== null) enqueue.emit(transfer(context, entry, paymentId, amountOf(context, context.charges[paymentId]!.kind)))
  enqueue.emit(RiskCaseResolution.make({ caseId, resolution, reason, by }))
  const { charges } = context
  const changed = resolution === "paidOut" ? { [paymentId]: { ...charges[paymentId]!, status: "paidOut" as const } } : {}
  enqueue.assign({ charges: { ...charges, ...changed }, riskCases: closed(context.riskCases, caseId) })
})

/** The same in every state: a root's answers. */
export const settlement = [{ guard: "settlementIsNews", actions: keepSettlement }, { actions: record("AlreadyKnown") }] as const
export const risks = {
  PaymentSettlementFailed: [...unbelievedPayment, ...settlement],
  PaymentDisputed: [
    ...unbelievedPayment,
    { guard: "disputable", actions: chargeBack },
    { guard: "neverTaken", actions: record("NeverTaken") },
    { actions: record("AlreadyKnown") }
  ],
  DisputeClosed: [
    ...unbelievedPayment,
    { guard: "disputeIsOpen", actions: [closeDispute, endDisputedDeposit] },
    { guard: "disputable", actions: decideDispute }, // It overtook the word that there is one.
    { guard: "neverTaken", actions: record("NeverTaken") },
    { actions: record("AlreadyKnown") }
  ],
  RefundFailed: [
    ...unbelievedPayment,
    { guard: "returnFails", actions: returnFails },
    { guard: "alreadyReturned", actions: record("AlreadyKnown") },
    { actions: record("NotOrderedBack") }
  ],
  ResolveRiskCase: [
    { guard: "riskCaseUnknown", actions: refuse("NoRiskCase") },
    { guard: "riskCaseClosed", actions: refuse("RiskCaseClosed") },
    { guard: "endsDebt", actions: resolve },
    { guard: "paidOut", actions: resolve },
    { guard: "dismisses", actions: resolve },
    { actions: refuse("NotThisKindOfCase") }
  ]
} as const
