/** A deposit that was to go back, and that the customer's bank has returned already: what was lost there is what we owed. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`INSERT INTO ledger_kinds (kind, phase, debit, credit) VALUES ('depositWaived', 'posted', 'customerDeposits', 'badDebts')`
})
