/** Who did what: a row before each act of a person, its outcome after it, and one chain of hashes through these and three older logs. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** What is chained, with the column that tells its rows apart. */
const chained = {
  audit: "position",
  audit_outcomes: "position",
  security_log: "position",
  operator_acts: "id",
  purchase_file_reads: "position"
}

export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE audit (                            -- Insert-only: there before the act takes place. Ids alone, never what somebody typed.
      position      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      at            timestamptz NOT NULL,
      request_id    text        NOT NULL UNIQUE CHECK (request_id ~ '^req_[0-9a-f-]{36}$'), -- The correlation of all that came of it.
      session_id    text        NOT NULL,
      subject_id    text        NOT NULL,
      role          text        NOT NULL CHECK (length(role) <= 32),
      dealership_id text,
      method        text        NOT NULL CHECK (length(method) <= 16),
      route         text        NOT NULL CHECK (length(route) <= 200),    -- The template: /api/me/orders/:orderId/payments
      objects       text[]      NOT NULL,                                 -- What the address named: ord_…, sub_…, a VIN.
      reason        text        CHECK (length(reason) <= 500)             -- An employee's, where one was given.
    )`
  yield* sql`CREATE INDEX audit_by_subject ON audit (subject_id, position)`
  yield* sql`CREATE INDEX audit_by_object ON audit USING gin (objects)`
  yield* sql`CREATE INDEX audit_by_time ON audit (at)`
  yield* sql`
    CREATE TABLE audit_outcomes (                   -- Insert-only: how it ended. A row that is missing says that we were stopped on the way.
      position   bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      request_id text        NOT NULL UNIQUE,
      at         timestamptz NOT NULL,
      status     smallint    NOT NULL CHECK (status BETWEEN 100 AND 599)
    )`

  // What else an employee sees of somebody is a look into their papers, too.
  yield* sql`ALTER TABLE purchase_file_reads ADD COLUMN request_id text`
  yield* sql`ALTER TABLE purchase_file_reads DROP CONSTRAINT purchase_file_reads_what_check`
  yield* sql`
    ALTER TABLE purchase_file_reads ADD CONSTRAINT purchase_file_reads_what_check
    CHECK (what IN ('file', 'document', 'export', 'sale', 'customers', 'case', 'debt', 'record'))`

  yield* sql`
    CREATE TABLE audit_chain (                      -- Insert-only: hash = SHA-256(hash before, entry).
      position        bigint      PRIMARY KEY,      -- 0, 1, 2 … without a gap.
      at              timestamptz NOT NULL,         -- When it was sealed.
      source          text        NOT NULL,         -- The table that the row is in, and its key there.
      source_position bigint      NOT NULL,
      entry           bytea       NOT NULL CHECK (octet_length(entry) = 32),  -- SHA-256 of the row.
      hash            bytea       NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
      UNIQUE (source, source_position)
    )`
  yield* sql`
    CREATE TABLE audit_unsealed (                   -- What waits for its place in the chain. However late a transaction ends, its row is found here.
      source          text   NOT NULL,
      source_position bigint NOT NULL,
      PRIMARY KEY (source, source_position)
    )`
  yield* sql`
    CREATE TABLE audit_heads (                      -- Insert-only: heads of the chain that the witness has taken.
      position     bigint      PRIMARY KEY REFERENCES audit_chain,
      signed       text        NOT NULL,            -- JWS, typ caas-audit-head+jws.
      witnessed_at timestamptz NOT NULL             -- By the witness's clock.
    )`

  // The first link is chance and the moment: no two databases have one chain, and nobody writes a beginning anew unseen.
  yield* sql`
    INSERT INTO audit_chain (position, at, source, source_position, entry, hash)
    SELECT 0, at, 'beginning', 0, entry, sha256(convert_to(to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'UTF8') || entry)
    FROM (
      SELECT now() + offset_ms * interval '1 millisecond' AS at, sha256(convert_to(gen_random_uuid()::text, 'UTF8')) AS entry FROM clock
    ) first`
  yield* sql`
    CREATE FUNCTION wait_for_seal() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    BEGIN
      IF TG_TABLE_NAME = 'operator_acts'
      THEN INSERT INTO audit_unsealed VALUES (TG_TABLE_NAME, NEW.id);
      ELSE INSERT INTO audit_unsealed VALUES (TG_TABLE_NAME, NEW.position);
      END IF;
      RETURN NULL;
    END $$`
  yield* sql`REVOKE ALL ON FUNCTION wait_for_seal() FROM PUBLIC`
  for (const [table, key] of Object.entries(chained)) {
    yield* sql.unsafe(`INSERT INTO audit_unsealed (source, source_position) SELECT '${table}', ${key} FROM ${table}`)
    yield* sql.unsafe(
      `CREATE TRIGGER ${table}_waits_for_seal AFTER INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION wait_for_seal()`
    )
  }

  // Somebody's rows, and no door: behind the wall of 0024.
  for (const table of ["audit", "audit_outcomes"]) {
    yield* sql.unsafe(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`)
    yield* sql.unsafe(`CREATE POLICY platform ON ${table} TO caas_app USING (true) WITH CHECK (true)`)
  }
  yield* sql`GRANT SELECT, INSERT ON audit, audit_outcomes, audit_chain, audit_heads TO caas_app`
  yield* sql`GRANT SELECT, DELETE ON audit_unsealed TO caas_app` // What waits is put there by the trigger alone.
})
