/** The second line behind every query: read on behalf of a customer or a dealership, the database itself shows only rows that are theirs. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/**
 * What may be read at a door, and which rows of it. `door.subject()` is the customer who asks, `door.dealership()` the house of the seller who
 * does, `door.caller()` either; where nothing is set they are null, and nothing is anybody's. A policy that asks another table sees of that one
 * what its own policy shows: whose an order's paper is, the order says.
 */
const atTheDoor: Readonly<Record<string, string>> = {
  actors: "subject_id = door.subject() OR dealership_id = door.dealership()",
  ledger: "EXISTS (SELECT FROM public.actors a WHERE a.path = ledger.path)",
  open_balances: "subject_id = door.subject()",
  documents: "EXISTS (SELECT FROM public.actors a WHERE a.path = 'order/' || documents.order_id)",
  purchase_papers:
    "subject_id = door.subject() OR EXISTS (SELECT FROM public.actors a WHERE a.path = 'order/' || purchase_papers.order_id)",
  purchase_file_reads: "customer_id = door.subject()",
  notifications: "subject_id = door.subject()",
  notification_deliveries: "EXISTS (SELECT FROM public.notifications n WHERE n.notice_id = notification_deliveries.notice_id)",
  notification_preferences: "subject_id = door.subject()",
  push_subscriptions: "subject_id = door.subject()",
  dealerships: "dealership_id = door.dealership()",
  telemetry: `EXISTS (SELECT FROM public.ownerships o WHERE o.vin = telemetry.vin
    AND telemetry.heard_at >= o.since_at AND (o.until_at IS NULL OR telemetry.heard_at < o.until_at))`
}

/** What one said oneself; what was said to one's orders and services; of a car, what it heard while it was one's own. */
const heard = `
  starts_with(message_id, door.caller() || '/')
  OR EXISTS (SELECT FROM public.actors a WHERE a.path = journal.path AND a.type <> 'vehicle')
  OR EXISTS (
    SELECT FROM public.ownerships o
    WHERE o.path = journal.path AND journal.version >= o.since AND (journal.version <= o.until OR o.until IS NULL))`

/** Somebody's rows that no door reads: behind the same wall, without a gate in it. */
const neverAtTheDoor = [
  "persons",
  "accounts",
  "account_links",
  "sessions",
  "security_log",
  "payouts",
  "invoices",
  "support_cases",
  "support_case_resolutions",
  "risk_cases",
  "risk_case_resolutions",
  "withdrawals",
  "refused_withdrawals",
  "refund_alarms",
  "gate_decisions",
  "vehicle_owners",
  "notification_bounces",
  "totp_secrets",
  "recovery_codes",
  "passkeys",
  "passkey_challenges",
  "refresh_tokens",
  "email_changes"
]

export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  // Roles belong to the whole server: another database may have made it, or be making it at this moment.
  yield* sql`
    DO $$ BEGIN
      CREATE ROLE caas_door NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`
  // The platform may step down to it, and has none of its rights or policies before it does. (Postgres 15 knows no such grant; there it has both, which are less than its own.)
  yield* sql`
    DO $$ BEGIN
      EXECUTE format('GRANT caas_door TO %I, caas_app', current_user)
        || CASE WHEN current_setting('server_version_num')::int >= 160000 THEN ' WITH INHERIT FALSE, SET TRUE' ELSE '' END;
    EXCEPTION WHEN unique_violation OR internal_error THEN NULL; END $$` // Another database has just granted the very same.

  yield* sql`CREATE SCHEMA door`
  for (const who of ["subject", "dealership", "caller"])
    yield* sql.unsafe(`
      CREATE FUNCTION door.${who}() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
        SELECT nullif(current_setting('app.${who}', true), '')
      $$`)
  yield* sql`GRANT USAGE ON SCHEMA public, whole, archive, door TO caas_door`

  const wall = function* (table: string) {
    yield* sql.unsafe(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`)
    yield* sql.unsafe(`CREATE POLICY platform ON ${table} TO caas_app USING (true) WITH CHECK (true)`)
  }
  const gate = function* (table: string, whose: string) {
    yield* sql.unsafe(`CREATE POLICY door ON ${table} FOR SELECT TO caas_door USING (${whose})`)
    yield* sql.unsafe(`GRANT SELECT ON ${table} TO caas_door`)
  }

  // What somebody sees of a car that had, has or will have another owner: these three read by their own owner's rights, and are their own policy.
  yield* sql`
    CREATE VIEW ownerships WITH (security_barrier) AS -- From the turn that made a car somebody's to the one that made it another's.
    SELECT o.subject_id, o.partition, o.path, o.vin, o.version AS since,
           (SELECT min(n.version) FROM vehicle_owners n WHERE n.path = o.path AND n.version > o.version) AS until,
           o.at AS since_at, (SELECT min(n.at) FROM vehicle_owners n WHERE n.path = o.path AND n.version > o.version) AS until_at,
           (SELECT v.state -> 'context' ->> 'model' FROM actors v WHERE v.path = o.path) AS model
    FROM vehicle_owners o
    WHERE current_user <> 'caas_door' OR o.subject_id = door.subject()`
  yield* sql`
    CREATE VIEW car_services WITH (security_barrier) AS -- What a car brings along when it is sold on, and nothing of who bought it.
    SELECT v.subject_id AS owner_id, s.path, s.vin, s.state -> 'context' -> 'terms' ->> 'option' AS option,
           s.state_path ~ '(^|[+])service[.]active([.+]|$)' AS active, (s.state -> 'context' ->> 'activeSince')::timestamptz AS active_since,
           CASE WHEN s.subject_id = v.subject_id THEN s.state -> 'context' ->> 'activationId' END AS activation_id
    FROM actors v
    JOIN actors s ON s.type = 'activation' AND s.vin = v.vin
    WHERE v.type = 'vehicle' AND (current_user <> 'caas_door' OR v.subject_id = door.subject())`
  yield* sql`
    CREATE VIEW car_plates WITH (security_barrier) AS -- In the order that sold it, whoever bought it then.
    SELECT v.subject_id AS owner_id, v.vin, o.state -> 'context' -> 'registration' ->> 'plate' AS plate
    FROM actors v
    JOIN actors o ON o.path = 'order/' || (v.state -> 'context' ->> 'orderId')
    WHERE v.type = 'vehicle' AND (current_user <> 'caas_door' OR v.subject_id = door.subject())`
  yield* sql`GRANT SELECT ON ownerships, car_services, car_plates TO caas_app, caas_door`

  for (const table of neverAtTheDoor) yield* wall(table)
  for (const [table, whose] of Object.entries(atTheDoor)) {
    yield* wall(table)
    yield* gate(table, whose)
  }
  for (const table of ["journal", "archive.journal"]) {
    yield* wall(table)
    yield* gate(table, heard)
  }
  // A view reads by its owner's rights, who passes by row security, unless it is told to read by its reader's.
  yield* sql`ALTER VIEW whole.journal SET (security_invoker = true)`
  yield* sql`ALTER VIEW whole.outbox SET (security_invoker = true)`
  yield* sql`GRANT SELECT ON whole.journal TO caas_door`
})
