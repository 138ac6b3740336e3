/** Who let whom in, back to whoever started the platform (S22.5): an employee, or the sale by which a customer came. */
import { Effect } from "effect"
import type { Role } from "#integrations/accounts/accounts.ts"
import { Seen } from "#integrations/postgres/seen-by.ts"
import type { SubjectId } from "#machines/vocabulary.ts"

export interface LineageRow {
  readonly subjectId: SubjectId
  readonly role: Role
  /** "system", an employee, or the command of the sale: of an order, or of a car sold second-hand. */
  readonly createdBy: string
  /** Who stands behind that: the seller where it was a sale, null for "system". */
  readonly by: SubjectId | null
  readonly createdAt: Date
}

const longest = 32 // Generations; a company has a handful.

/** The account that came first of each person, from this one upwards. Empty where there is no account. */
export const lineageOf = Effect.fn("views.lineageOf")(function* (subjectId: SubjectId) {
  const sql = yield* Seen
  return yield* sql<LineageRow>`
    WITH RECURSIVE line AS (
      SELECT 1 AS generation, ${subjectId}::text AS person
      UNION ALL
      SELECT line.generation + 1, came.by
      FROM line
      CROSS JOIN LATERAL (
        SELECT CASE WHEN left(first.created_by, 4) = 'sub_' THEN first.created_by
                    WHEN first.created_by LIKE 'order/%' THEN sale.state -> 'context' ->> 'sellerId'
                    WHEN first.created_by LIKE 'vehicle/%' THEN (
                      SELECT by_subject_id FROM vehicle_owners
                      WHERE vin = split_part(split_part(first.created_by, '#', 1), '/', 2) AND subject_id = line.person
                      ORDER BY version LIMIT 1) END AS by
        FROM (SELECT created_by FROM accounts WHERE subject_id = line.person ORDER BY created_at, role LIMIT 1) AS first
        LEFT JOIN actors AS sale ON sale.path = split_part(first.created_by, '#', 1)
      ) AS came
      WHERE came.by IS NOT NULL AND line.generation < ${longest}
    )
    SELECT line.person AS "subjectId", first.role, first.created_by AS "createdBy", first.created_at AS "createdAt",
           lead(line.person) OVER (ORDER BY line.generation) AS by
    FROM line
    CROSS JOIN LATERAL (
      SELECT role, created_by, created_at FROM accounts WHERE subject_id = line.person ORDER BY created_at, role LIMIT 1
    ) AS first
    ORDER BY line.generation`
})
