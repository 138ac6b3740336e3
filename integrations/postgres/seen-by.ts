/** The database as its reader may see it: customers and dealers under a role that is shown only what is theirs, auditors without a pen, the others of the house as the platform does. */
import { Context, Effect } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import type { SubjectId } from "#machines/vocabulary.ts"
import type { Caller } from "../accounts/accounts.ts"

/** What views read by. Nobody has it but within `seenBy`, so that none of them is read without saying for whom. */
export class Seen extends Context.Service<Seen, SqlClient.SqlClient>()("integrations/Seen") {}

export type Viewer = Pick<Caller, "subjectId" | "role" | "dealershipId">

/** May read rows that are the subject's or the dealership's, of the tables that 0024_row-security.ts lists; may write nothing. */
const doorRole = "caas_door"

/**
 * One transaction, read only, for which the role and whose rows it may see are set with one statement. Views alone fit into it, and reading
 * methods of ports, which then read by the same connection: an actor that works, or a partner who is waited for, would keep it open.
 */
export const seenBy =
  (viewer: Viewer) =>
  <A, E>(reading: Effect.Effect<A, E, Seen>): Effect.Effect<A, E | SqlError.SqlError, SqlClient.SqlClient> =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const seen = Effect.provideService(reading, Seen, sql)
      const whose = rowsOf(viewer)
      if (whose === "all") return yield* seen
      const steppedDown = whose === "allReadOnly" ? seen : Effect.andThen(stepDown(sql, viewer, whose), seen)
      return yield* Effect.provideService(sql.withTransaction(steppedDown), SqlClient.BeginTransaction, "BEGIN READ ONLY")
    })

/** For what a customer asks for, and for what somebody asks who has a customer's word before them. */
export const customerSees = (subjectId: SubjectId) => seenBy({ subjectId, role: "customer", dealershipId: null })

interface Rows {
  readonly subject: string
  readonly dealership: string
}

const rowsOf = ({ role, subjectId, dealershipId }: Viewer): Rows | "all" | "allReadOnly" => {
  if (role === "customer") return { subject: subjectId, dealership: "" }
  if (role === "seller" || role === "manager") return { subject: "", dealership: dealershipId ?? "" }
  return role === "auditor" ? "allReadOnly" : "all"
}

/** Until the transaction ends. An empty one is nobody's. */
const stepDown = (sql: SqlClient.SqlClient, { subjectId }: Viewer, { subject, dealership }: Rows) => sql`
  SELECT set_config('app.caller', ${subjectId}, true), set_config('app.subject', ${subject}, true),
         set_config('app.dealership', ${dealership}, true), set_config('role', ${doorRole}, true)`
