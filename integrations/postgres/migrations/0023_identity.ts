/** Who may sign in, and with what besides a password: three more posts of the staff. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

const staff = "'seller', 'manager', 'operator', 'support', 'finance', 'auditor', 'administrator'"

export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  for (const [table, roles] of [
    ["accounts", `'customer', ${staff}`],
    ["sessions", `'customer', ${staff}`],
    ["purchase_file_reads", staff]
  ]) {
    yield* sql.unsafe(`ALTER TABLE ${table} DROP CONSTRAINT ${table}_role_check`)
    yield* sql.unsafe(`ALTER TABLE ${table} ADD CONSTRAINT ${table}_role_check CHECK (role IN (${roles}))`)
  }
})
