/** The table of money that orders and activations both record into: a double entry names the one or the other, never both. */
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
    receipt_id: { type: "text", field: "receiptId" }
  }
}
