/** What escalated to support (S15), and how each case ended. */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import { Seen } from "#integrations/postgres/seen-by.ts"
import type { SupportCase } from "#machines/activation.ts"
import type { ActivationId, SubjectId, Vin } from "#machines/vocabulary.ts"

export interface SupportCaseRow {
  readonly caseId: string
  readonly activationId: ActivationId
  readonly vin: Vin
  readonly subjectId: SubjectId
  readonly option: string
  readonly reason: string
  readonly tries: (typeof SupportCase.Type)["tries"]
  readonly openedAt: Date
  readonly resolution: "uncharged" | "gift" | "withdrawn" | null
  readonly resolutionReason: string | null
  readonly resolvedBy: string | null
  readonly resolvedAt: Date | null
}

const columns = (sql: SqlClient.SqlClient) => sql`
  c.case_id AS "caseId", c.activation_id AS "activationId", c.vin, c.subject_id AS "subjectId", c.option, c.reason, c.tries,
  c.at AS "openedAt", r.resolution, r.reason AS "resolutionReason", r.by_subject_id AS "resolvedBy", r.at AS "resolvedAt"`

/** By id, after `after`; at most `limit`. */
export const supportCases = Effect.fn("views.supportCases")(function* (
  state: "open" | "resolved" | undefined,
  after: string,
  limit: number
) {
  const sql = yield* Seen
  const wanted = state === undefined ? sql`true` : state === "open" ? sql`r.case_id IS NULL` : sql`r.case_id IS NOT NULL`
  return yield* sql<SupportCaseRow>`
    SELECT ${columns(sql)}
    FROM support_cases c
    LEFT JOIN support_case_resolutions r ON r.case_id = c.case_id AND r.case_id > ${after}
    WHERE c.case_id > ${after} AND ${wanted}
    ORDER BY c.case_id
    LIMIT ${limit}`
})

export const supportCaseOf = Effect.fn("views.supportCaseOf")(function* (caseId: string) {
  const sql = yield* Seen
  const [row] = yield* sql<SupportCaseRow>`
    SELECT ${columns(sql)}
    FROM support_cases c
    LEFT JOIN support_case_resolutions r USING (case_id)
    WHERE c.case_id = ${caseId}`
  return row ?? null
})
