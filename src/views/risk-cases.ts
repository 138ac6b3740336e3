/** Money at risk that somebody of finance looks at, and how each case ended. */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import { Seen } from "#integrations/postgres/seen-by.ts"
import type { ActivationId, OrderId, SubjectId, Vin } from "#machines/vocabulary.ts"

export interface RiskCaseRow {
  readonly caseId: string
  readonly kind: "settlementFailed" | "unpaid" | "chargeback" | "refundFailed"
  readonly orderId: OrderId | null
  readonly activationId: ActivationId | null
  readonly vin: Vin | null
  readonly subjectId: SubjectId
  readonly paymentId: string
  readonly amountMinor: number
  readonly currency: string
  readonly reason: string
  readonly receiptId: string | null
  readonly openedAt: Date
  readonly resolution: "paid" | "writtenOff" | "paidOut" | "dismissed" | "won" | "lost" | "withdrawn" | null
  readonly resolutionReason: string | null
  readonly resolvedBy: string | null
  readonly resolvedAt: Date | null
}

const columns = (sql: SqlClient.SqlClient) => sql`
  c.case_id AS "caseId", c.kind, c.order_id AS "orderId", c.activation_id AS "activationId", c.vin, c.subject_id AS "subjectId",
  c.payment_id AS "paymentId", c.amount_minor::float8 AS "amountMinor", c.currency, c.reason, c.receipt_id AS "receiptId", c.at AS "openedAt",
  r.resolution, r.reason AS "resolutionReason", r.by_subject_id AS "resolvedBy", r.at AS "resolvedAt"`

/** By id, after `after`; at most `limit`. */
export const riskCases = Effect.fn("views.riskCases")(function* (
  state: "open" | "resolved" | undefined,
  after: string,
  limit: number
) {
  const sql = yield* Seen
  const wanted = state === undefined ? sql`true` : state === "open" ? sql`r.case_id IS NULL` : sql`r.case_id IS NOT NULL`
  return yield* sql<RiskCaseRow>`
    SELECT ${columns(sql)}
    FROM risk_cases c
    LEFT JOIN risk_case_resolutions r ON r.case_id = c.case_id AND r.case_id > ${after}
    WHERE c.case_id > ${after} AND ${wanted}
    ORDER BY c.case_id
    LIMIT ${limit}`
})

export const riskCaseOf = Effect.fn("views.riskCaseOf")(function* (caseId: string) {
  const sql = yield* Seen
  const [row] = yield* sql<RiskCaseRow>`
    SELECT ${columns(sql)}
    FROM risk_cases c
    LEFT JOIN risk_case_resolutions r USING (case_id)
    WHERE c.case_id = ${caseId}`
  return row ?? null
})
