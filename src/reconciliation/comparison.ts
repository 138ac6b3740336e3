/** What the gateway says of a payment beside what we remember of it: which facts we have missed, and what nobody can explain. No clock, no database. */
import { createHash } from "node:crypto"
import { Schema } from "effect"
import type { ListedPayment } from "#integrations/payments/payments.ts"
import type { Break, BreakKind, OurPayment } from "#integrations/reconciliation/reconciliation.ts"
import { Currency, PaymentId } from "#machines/vocabulary.ts"
import type { SaidOfPayment } from "../ingress/payment-facts.ts"

/** A fact that nobody here has heard. */
export interface Missed {
  /** The same fact has the same name in every run: it is heard once. */
  readonly id: string
  readonly said: SaidOfPayment
}

export interface Comparison {
  readonly missed: ReadonlyArray<Missed>
  readonly breaks: ReadonlyArray<Break>
}

const isOurs = Schema.is(PaymentId)
const isCurrency = Schema.is(Currency)

/**
 * As long as facts are missing, or a command about this payment is open, our side is not finished and nothing is held against it: it is
 * told what it missed, and judged by a later run.
 */
export const compare = (theirs: ListedPayment, ours: OurPayment): Comparison => {
  const differ = (kind: BreakKind, our: number | null, their: number | null): Break => ({
    paymentId: theirs.reference,
    gatewayId: theirs.id,
    kind,
    ours: our,
    theirs: their,
    currency: theirs.currency
  })
  if (!isOurs(theirs.reference)) return { missed: [], breaks: [differ("unknownReference", null, theirs.amountMinor)] }
  const { currency } = theirs
  if (!isCurrency(currency) || (ours.currency !== null && ours.currency !== currency))
    return { missed: [], breaks: [differ("currencyDiffers", ours.taken, theirs.amountMinor)] }

  const missed = missedOf({ ...theirs, reference: theirs.reference, currency }, ours)
  const strays = theirs.refunds.filter((refund) => refund.status === "succeeded" && !ours.returnsOrdered.has(refund.reference))
  const unordered = strays.map((refund) => differ("refundedWithoutOrder", 0, refund.amountMinor)).slice(0, 1)
  const twins = ours.twins > 0 ? [differ("chargedTwice", ours.taken, theirs.capturedMinor * (ours.twins + 1))] : []
  if (missed.length > 0 || ours.underWay) return { missed, breaks: [...unordered, ...twins] }
  return { missed, breaks: [...unordered, ...twins, ...differences(theirs, ours, unordered.length > 0, differ)] }
}

/** Nothing is told of a payment that we took and the gateway does not know. */
export const unknownThere = ({ paymentId, currency, taken }: OurPayment): Comparison => ({
  missed: [],
  breaks: [{ paymentId, gatewayId: null, kind: "unknownThere", ours: taken, theirs: null, currency: currency ?? "EUR" }]
})

type Believed = Omit<ListedPayment, "reference" | "currency"> & Pick<SaidOfPayment, "reference" | "currency">

const missedOf = (theirs: Believed, { heard, returnsOrdered }: OurPayment): ReadonlyArray<Missed> => {
  const { id, reference, amountMinor, currency, reason, captureBefore = null } = theirs
  const payment = { reference, paymentId: id, amountMinor, currency, reason }
  const all: Array<Missed & { readonly known: ReadonlyArray<string> }> = []
  const says = (said: SaidOfPayment, known: ReadonlyArray<string>, of = "") =>
    all.push({ id: `reconcile/${nameOf(id)}/${said.status}${of === "" ? "" : `-${nameOf(of)}`}`, said, known })

  switch (theirs.status) {
    case "captured":
      says({ ...payment, status: "captured", amountMinor: theirs.capturedMinor }, ["PaymentCaptured", "PaymentSucceeded"])
      break
    case "authorised":
      says({ ...payment, status: "authorised", captureBefore }, ["PaymentAuthorised"])
      break
    case "declined":
      says({ ...payment, status: "declined" }, ["PaymentDeclined"])
      break
    case "voided":
    case "expired":
      says({ ...payment, status: "voided" }, ["PaymentVoided", "CaptureFailed"])
  }
  if (theirs.settlement !== null) {
    const status = theirs.settlement
    const known = status === "settled" ? "PaymentSettled" : "PaymentSettlementFailed"
    says({ ...payment, status, amountMinor: theirs.capturedMinor, reason: theirs.settlementReason }, [known])
  }
  for (const refund of theirs.refunds) {
    if (!returnsOrdered.has(refund.reference)) continue // Nobody here waits for it.
    const of = { ...payment, amountMinor: refund.amountMinor, refundId: refund.id, refundReference: refund.reference }
    if (refund.status === "succeeded") says({ ...of, status: "returned" }, [`PaymentReturned ${refund.id}`], refund.id)
    else if (heard.has(`PaymentReturned ${refund.id}`))
      // It had been accepted: else its order was refused, and is an operator's.
      says({ ...of, status: "refund_failed", reason: refund.reason }, [`RefundFailed ${refund.id}`], refund.id)
  }
  for (const dispute of theirs.disputes) {
    const of = { ...payment, amountMinor: dispute.amountMinor, disputeId: dispute.id, reason: dispute.reason }
    says({ ...of, status: "disputed" }, [`PaymentDisputed ${dispute.id}`], dispute.id)
    if (dispute.status !== "open") says({ ...of, status: `dispute_${dispute.status}` }, [`DisputeClosed ${dispute.id}`], dispute.id)
  }
  return all.filter(({ known }) => !known.some((fact) => heard.has(fact))).map(({ id, said }) => ({ id, said }))
}

const differences = (
  theirs: ListedPayment,
  ours: OurPayment,
  strayRefunds: boolean,
  differ: (kind: BreakKind, ours: number | null, theirs: number | null) => Break
): ReadonlyArray<Break> => {
  const captured = theirs.status === "captured" ? theirs.capturedMinor : 0
  if (theirs.settlement === "failed" && ours.taken === 0) return [] // We knew that it never came before we knew of it.
  if (captured !== ours.taken) {
    const kind = captured === 0 ? "notCaptured" : ours.taken === 0 ? "notRecorded" : "amountDiffers"
    return [differ(kind, ours.taken, captured)]
  }
  const disputed = sum(theirs.disputes)
  const decided = sum(theirs.disputes.filter(({ status }) => status !== "open"))
  const settled = (status: "settled" | "failed") => (theirs.settlement === status ? captured : 0)
  const overtaken = theirs.disputes.length > 0 && ours.settled === 0 // By its dispute: it is booked with that one's end.
  return [
    ...(!strayRefunds && theirs.refundedMinor !== ours.returned
      ? [differ("refundDiffers", ours.returned, theirs.refundedMinor)]
      : []),
    ...(!overtaken && settled("settled") !== ours.settled ? [differ("settlementDiffers", ours.settled, settled("settled"))] : []),
    ...(settled("failed") !== ours.settlementFailed ? [differ("settlementDiffers", ours.settlementFailed, settled("failed"))] : []),
    ...(disputed !== ours.chargedBack ? [differ("disputeDiffers", ours.chargedBack, disputed)] : []),
    ...(decided !== ours.disputesEnded ? [differ("disputeDiffers", ours.disputesEnded, decided)] : [])
  ].filter(({ kind }, at, all) => all.findIndex((one) => one.kind === kind) === at) // One case per kind.
}

const sum = (all: ReadonlyArray<{ readonly amountMinor: number }>) => all.reduce((total, one) => total + one.amountMinor, 0)

/** The gateway's ids as parts of a message's: a code stays, anything else becomes its hash. */
const nameOf = (id: string) => (/^[A-Za-z0-9_.:-]{1,64}$/.test(id) ? id : createHash("sha256").update(id).digest("hex"))
