/** What an employee sees of a customer elsewhere is a look into their papers, too: noted before it is shown, and read by them in their file (EX-09). */
import { Effect } from "effect"
import type { Role } from "#integrations/accounts/accounts.ts"
import { type FileRead, PurchaseFile } from "#integrations/purchase-file/purchase-file.ts"
import type { DealershipId, OrderId, SubjectId } from "#machines/vocabulary.ts"

interface Employee {
  readonly subjectId: SubjectId
  readonly role: Role
  readonly dealershipId: DealershipId | null
}

export interface Seen {
  readonly customerId: string | null
  readonly orderId?: OrderId | null
}

/** `customerId` null: nobody is seen. Each is noted once, however often they are on the page. */
export const noteLooks = Effect.fn("http.noteLooks")(function* (
  { subjectId: by, role, dealershipId }: Employee,
  what: FileRead["what"],
  seen: ReadonlyArray<Seen>
) {
  if (role === "customer") return // Their own looks are nobody's business.
  const looks = new Map<string, FileRead>()
  for (const { customerId, orderId = null } of seen)
    if (customerId !== null)
      looks.set(`${customerId} ${orderId}`, {
        customerId: customerId as SubjectId,
        by,
        role,
        dealershipId,
        orderId,
        what,
        documentId: null
      })
  const file = yield* PurchaseFile
  if (looks.size > 0) yield* file.noteReads([...looks.values()])
})
