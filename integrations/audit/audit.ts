/** Who did what: every act of a person, written down before it takes place (OWASP ASVS 5.0, 16.2 and 16.3; S22). */
import { Context, type Effect } from "effect"
import type { DealershipId, SubjectId } from "#machines/vocabulary.ts"
import type { Role } from "../accounts/accounts.ts"

/** On whose request something is done: `req_…`; null where nobody asked. Whoever writes down what happens may say so. */
export const CurrentRequest = Context.Reference<string | null>("integrations/CurrentRequest", { defaultValue: () => null })

export interface Act {
  /** `req_` and a UUID: what the caller reads in `x-request-id`, and the correlation of every message that came of it. */
  readonly requestId: string
  readonly sessionId: string
  readonly subjectId: SubjectId
  readonly role: Role
  readonly dealershipId: DealershipId | null
  readonly method: string
  /** The template: `/api/me/orders/:orderId/payments`. */
  readonly route: string
  /** Ids that the address named, of the forms we give: `ord_…`, `sub_…`, a VIN. Nothing else that somebody typed. */
  readonly objects: ReadonlyArray<string>
  /** An employee's, where one was given; at most 500 characters. */
  readonly reason: string | null
}

export class Audit extends Context.Service<
  Audit,
  {
    /** The row is there before whatever this request commits is: no crash keeps the one and loses the other. */
    readonly begin: (act: Act) => Effect.Effect<void>
    /** Status of the answer. Written within a second, many at once; a process that is killed before leaves the act without an outcome. */
    readonly ended: (requestId: string, status: number) => void
  }
>()("integrations/Audit") {}
