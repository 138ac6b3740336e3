/** The restricted role the platform works under: no DDL, no bypass of row security, insert-only where the table is insert-only. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

const insertOnly = ["journal", "ledger", "payouts", "operator_acts", "persons", "documents", "security_log", "webhook_conflicts"]
const changing: Record<string, string> = {
  partitions: "SELECT, UPDATE",
  actors: "SELECT, INSERT, UPDATE",
  outbox: "SELECT, INSERT, UPDATE",
  timers: "SELECT, INSERT, UPDATE, DELETE",
  defects: "SELECT, INSERT, UPDATE, DELETE",
  clock: "SELECT, UPDATE",
  accounts: "SELECT, INSERT, UPDATE",
  account_links: "SELECT, INSERT, UPDATE",
  sessions: "SELECT, INSERT, UPDATE",
  sign_in_tries: "SELECT, INSERT, UPDATE, DELETE",
  webhooks: "SELECT, INSERT, UPDATE",
  dealerships: "SELECT",
  ledger_accounts: "SELECT",
  postings: "SELECT"
}

export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  // Roles belong to the whole server: another database may have made it, or be making it at this moment.
  yield* sql`
    DO $$ BEGIN
      CREATE ROLE caas_app NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`
  yield* sql`GRANT caas_app TO CURRENT_USER`
  yield* sql`GRANT USAGE ON SCHEMA public TO caas_app`
  for (const table of insertOnly) yield* sql.unsafe(`GRANT SELECT, INSERT ON ${table} TO caas_app`)
  for (const [table, rights] of Object.entries(changing)) yield* sql.unsafe(`GRANT ${rights} ON ${table} TO caas_app`)
})
