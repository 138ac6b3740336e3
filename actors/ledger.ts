/** The tables of money that orders and activations both record into: a double entry names the one or the other, never both. */
import type { RecordTable } from "./system/behavior.ts"

export const ledger: RecordTable = {
  table: "ledger",
  columns: {
    order_id: { type: "text", field: "orderId" },
    activation_id: { type: "text", field: "activationId" },
    kind: { type: "text", field: "kind" },
    payment_id: { type: "text", field: "paymentId" },
    debit: { type: "text", field: "debit" },
    credit: { type: "text", field: "credit" },
    amount_minor: { type: "bigint", field: "amountMinor" },
    currency: { type: "text", field: "currency" },
    receipt_id: { type: "text", field: "receiptId" },
    phase: { type: "text", field: "phase" },
    vat_minor: { type: "bigint", field: "vatMinor" },
    resolves: { type: "text", field: "resolves" },
    subject_id: { type: "text", field: "customerId" },
    country: { type: "text", field: "country" },
    stream: { type: "text", field: "stream" },
    item: { type: "text", field: "item" },
    period: { type: "text", field: "month" }
  }
}

/** What somebody of finance looks at, and how it ended: opened by orders and activations alike. */
export const riskCases: RecordTable = {
  table: "risk_cases",
  columns: {
    case_id: { type: "text", field: "caseId" },
    kind: { type: "text", field: "kind" },
    order_id: { type: "text", field: "orderId" },
    activation_id: { type: "text", field: "activationId" },
    vin: { type: "text", field: "vin" },
    subject_id: { type: "text", field: "subjectId" },
    payment_id: { type: "text", field: "paymentId" },
    amount_minor: { type: "bigint", field: "amountMinor" },
    currency: { type: "text", field: "currency" },
    reason: { type: "text", field: "reason" },
    receipt_id: { type: "text", field: "receiptId" }
  }
}
export const riskCaseResolutions: RecordTable = {
  table: "risk_case_resolutions",
  columns: {
    case_id: { type: "text", field: "caseId" },
    resolution: { type: "text", field: "resolution" },
    reason: { type: "text", field: "reason" },
    by_subject_id: { type: "text", field: "by" }
  }
}
