/** Who in the company has looked into a customer's purchase file, the newest first (EX-09); and whether there is such a person. */
import { Effect } from "effect"
import { Seen } from "#integrations/postgres/seen-by.ts"
import type { FileRead } from "#integrations/purchase-file/purchase-file.ts"
import type { SubjectId } from "#machines/vocabulary.ts"

const shown = 50

export interface ReadRow extends Omit<FileRead, "customerId" | "by"> {
  readonly at: Date
}

/** By role and house, not by name: an employee has a privacy of their own. */
export const readsOf = Effect.fn("views.readsOf")(function* (customerId: SubjectId) {
  const sql = yield* Seen
  return yield* sql<ReadRow>`
    SELECT at, role, dealership_id AS "dealershipId", order_id AS "orderId", what, document_id AS "documentId"
    FROM purchase_file_reads
    WHERE customer_id = ${customerId}
    ORDER BY position DESC
    LIMIT ${shown}`
})

/** Also whose data were erased: what has to be kept is kept under the same id. */
export const isSomebody = Effect.fn("views.isSomebody")(function* (subjectId: SubjectId) {
  const sql = yield* Seen
  const rows = yield* sql`SELECT FROM persons WHERE subject_id = ${subjectId}`
  return rows.length > 0
})
