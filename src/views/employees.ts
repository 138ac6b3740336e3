/** Who works with the platform: accounts provisioned by an administrator. */
import { Effect } from "effect"
import type { Role } from "#integrations/accounts/accounts.ts"
import { Seen } from "#integrations/postgres/seen-by.ts"
import type { DealershipId, SubjectId } from "#machines/vocabulary.ts"

export interface EmployeeRow {
  readonly subjectId: SubjectId
  readonly role: Role
  readonly dealershipId: DealershipId | null
  readonly createdBy: string
  readonly createdAt: Date
  readonly hasPassword: boolean
  readonly disabled: boolean
}

/** Whether somebody has, or had, a post. */
export const isEmployee = Effect.fn("views.isEmployee")(function* (subjectId: SubjectId) {
  const sql = yield* Seen
  const posts = yield* sql`SELECT FROM accounts WHERE subject_id = ${subjectId} AND role <> 'customer' LIMIT 1`
  return posts.length > 0
})

/** By (subject, role), after that pair; at most `limit`. */
export const employees = Effect.fn("views.employees")(function* (
  after: { readonly subjectId: string; readonly role: string },
  limit: number
) {
  const sql = yield* Seen
  return yield* sql<EmployeeRow>`
    SELECT subject_id AS "subjectId", role, dealership_id AS "dealershipId", created_by AS "createdBy", created_at AS "createdAt",
           password_hash IS NOT NULL AS "hasPassword", disabled_at IS NOT NULL AS disabled
    FROM accounts
    WHERE role <> 'customer' AND (subject_id, role) > (${after.subjectId}, ${after.role})
    ORDER BY subject_id, role
    LIMIT ${limit}`
})
