/** One payment in the books of the bank behind the simulated gateway: the lines it is made of, how it stands, and how it is told. */

/**
 * Entries of kind `charge` and `capture` are money taken, `refund` is money given back unless `refund_failed` follows; an `authorise`
 * ends in `capture`, `void` or `expire`; a `dispute` takes its amount back until it is `dispute_won`.
 */
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
    | "refund_failed"
    | "settle"
    | "settlement_failed"
    | "dispute"
    | "evidence"
    | "dispute_won"
    | "dispute_lost"
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
  readonly disputeId?: string
  /** What came in answer to a dispute, once, under the reference of whoever sent it. */
  readonly evidence?: { readonly reference: string; readonly documents: ReadonlyArray<unknown> }
}

export interface Payment {
  readonly opened: PaymentEntry
  status: "requires_action" | "authorised" | "captured" | "voided" | "declined" | "expired"
  captured: number
  captureBefore: string | null
  reason: string | null
  settlement: "settled" | "failed" | null
  settlementReason: string | null
  readonly refunds: Array<PaymentEntry>
  readonly failedRefunds: Map<string, string | null> // Refund id → why.
  dispute: Dispute | null // A payment is disputed once.
  changedAt: string
  change: number // Its place among all changes; the last one counts.
}

interface Dispute {
  readonly opened: PaymentEntry
  status: "open" | "won" | "lost"
  evidence: string | null
}

const holdMillis = 7 * 24 * 3600 * 1000

export const begun = (opened: PaymentEntry): Payment => ({
  opened,
  status: "requires_action",
  captured: 0,
  captureBefore: null,
  reason: null,
  settlement: null,
  settlementReason: null,
  refunds: [],
  failedRefunds: new Map(),
  dispute: null,
  changedAt: opened.at,
  change: 0
})

/** What one line more makes of a payment. */
export const enter = (payment: Payment, entry: PaymentEntry) => {
  switch (entry.kind) {
    case "refund":
      payment.refunds.push(entry)
      return
    case "refund_failed":
      payment.failedRefunds.set(entry.refundId!, entry.reason)
      return
    case "settle":
    case "settlement_failed":
      payment.settlement = entry.kind === "settle" ? "settled" : "failed"
      payment.settlementReason = entry.reason
      return
    case "dispute":
      payment.dispute = { opened: entry, status: "open", evidence: null }
      return
    case "evidence":
      payment.dispute!.evidence = entry.evidence!.reference
      return
    case "dispute_won":
    case "dispute_lost":
      payment.dispute!.status = entry.kind === "dispute_won" ? "won" : "lost"
      return
    case "mandate":
    case "mandate_declined":
      return
    default:
      payment.status = statusAfter[entry.kind]
      payment.reason = entry.reason
      if (payment.status === "captured") payment.captured = entry.amountMinor
      if (payment.status === "authorised") payment.captureBefore = new Date(Date.parse(entry.at) + holdMillis).toISOString()
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

/** What came back, without refunds that failed. */
export const refunded = ({ refunds, failedRefunds }: Payment) =>
  refunds.reduce((total, { refundId, amountMinor }) => total + (failedRefunds.has(refundId!) ? 0 : amountMinor), 0)

export const told = (payment: Payment) => {
  const { opened, status, captured, captureBefore, reason, settlement, settlementReason, refunds, dispute, changedAt } = payment
  return {
    id: opened.paymentId,
    reference: opened.reference,
    status,
    amountMinor: opened.amountMinor,
    capturedMinor: captured,
    refundedMinor: refunded(payment),
    currency: opened.currency,
    reason,
    captureBefore,
    actionUrl: status === "requires_action" ? `https://bank.example/confirm/${opened.paymentId}` : null,
    settlement,
    settlementReason,
    refunds: refunds.map((entry) => toldRefund(payment, entry)),
    disputes: dispute === null ? [] : [toldDispute(dispute)],
    changedAt
  }
}

export const toldRefund = ({ failedRefunds }: Payment, entry: PaymentEntry) => ({
  id: entry.refundId,
  reference: entry.refundReference,
  amountMinor: entry.amountMinor,
  currency: entry.currency,
  status: failedRefunds.has(entry.refundId!) ? "failed" : "succeeded",
  reason: failedRefunds.get(entry.refundId!) ?? null
})

export const toldDispute = ({ opened, status, evidence }: Dispute) => ({
  id: opened.disputeId,
  status,
  amountMinor: opened.amountMinor,
  currency: opened.currency,
  reason: opened.reason,
  evidenceReference: evidence
})
