/** Services on cars: keys, reports, evidence, owners, support cases, telemetry, and a ledger that captures nothing without evidence. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

const turn = `
  partition    smallint    NOT NULL,
  path         text        NOT NULL,            -- The actor that decided it, and at which version.
  version      integer     NOT NULL,
  position     smallint    NOT NULL,
  at           timestamptz NOT NULL,
  PRIMARY KEY (path, version, position)`

const insertOnly = [
  "vehicle_keys",
  "vehicle_reports",
  "evidence",
  "gate_decisions",
  "vehicle_owners",
  "support_cases",
  "support_case_resolutions",
  "telemetry"
]

export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient

  yield* sql.unsafe(`
    CREATE TABLE vehicle_keys (                     -- Insert-only: the key each car signs with, told by the factory.
      vin text NOT NULL UNIQUE, public_key text NOT NULL, link text NOT NULL CHECK (link IN ('nats', 'apiIot')), ${turn})`)
  yield* sql.unsafe(`
    CREATE TABLE vehicle_reports (                  -- Insert-only: reports that became turns, with their bytes.
      receipt_id  text    NOT NULL UNIQUE,
      vin         text    NOT NULL,
      evidence    text    NOT NULL CHECK (evidence IN ('signedReceipt', 'statusPoll')),
      cfg_version integer NOT NULL,
      state_hash  text    NOT NULL,
      boot_id     text    NOT NULL,
      counter     bigint  NOT NULL,
      bytes       text    NOT NULL,
      ${turn})`)
  yield* sql`CREATE INDEX vehicle_reports_by_vin ON vehicle_reports (vin, version)`
  yield* sql.unsafe(`
    CREATE TABLE evidence (                         -- Insert-only: this report confirmed this activation.
      receipt_id    text        NOT NULL REFERENCES vehicle_reports (receipt_id),
      activation_id text        NOT NULL,
      vin           text        NOT NULL,
      option        text        NOT NULL,
      cfg_version   integer     NOT NULL,
      until         timestamptz,
      UNIQUE (activation_id, receipt_id),
      ${turn})`)
  yield* sql.unsafe(`
    CREATE TABLE gate_decisions (                   -- Insert-only: whether a gated option was open, and out of which answer (MG-11).
      vin        text        NOT NULL,
      option     text        NOT NULL,
      subject_id text,
      decision   text        NOT NULL CHECK (decision IN ('open', 'overdue', 'tryLater')),
      status     text        NOT NULL CHECK (status IN ('current', 'overdue', 'unavailable')),
      asked_at   timestamptz NOT NULL,
      ${turn})`)
  yield* sql`CREATE INDEX gate_decisions_by_vin ON gate_decisions (vin, option, asked_at)`
  yield* sql.unsafe(`
    CREATE TABLE vehicle_owners (                   -- Insert-only: who a car was handed to, from whom, by whom.
      vin text NOT NULL, subject_id text NOT NULL, from_subject_id text, by_subject_id text, ${turn})`)
  yield* sql`CREATE INDEX vehicle_owners_by_vin ON vehicle_owners (vin, version)`

  yield* sql.unsafe(`
    CREATE TABLE support_cases (                    -- Insert-only: one per escalated activation (S15).
      case_id       text  NOT NULL UNIQUE,
      activation_id text  NOT NULL UNIQUE,
      vin           text  NOT NULL,
      subject_id    text  NOT NULL,
      option        text  NOT NULL,
      reason        text  NOT NULL,
      tries         jsonb NOT NULL,
      ${turn})`)
  yield* sql.unsafe(`
    CREATE TABLE support_case_resolutions (         -- Insert-only: how a case ended, once.
      case_id       text NOT NULL UNIQUE REFERENCES support_cases (case_id),
      resolution    text NOT NULL CHECK (resolution IN ('uncharged', 'gift', 'withdrawn')),
      reason        text NOT NULL,
      by_subject_id text,
      ${turn})`)

  yield* sql`INSERT INTO ledger_accounts (account, kind, meaning) VALUES ('serviceSales', 'income', 'Services the car confirmed')`
  yield* sql`ALTER TABLE ledger ALTER COLUMN order_id DROP NOT NULL`
  yield* sql`ALTER TABLE ledger ADD COLUMN activation_id text, ADD COLUMN receipt_id text`
  yield* sql`ALTER TABLE ledger ADD CONSTRAINT ledger_of_one CHECK (num_nonnulls(order_id, activation_id) = 1)`
  yield* sql`ALTER TABLE ledger ADD CONSTRAINT ledger_posted_once UNIQUE (activation_id, kind, payment_id)`
  // Nobody pays for what the car did not confirm: not by a slip of ours either (S15, I21).
  yield* sql`ALTER TABLE ledger ADD CONSTRAINT ledger_capture_has_evidence CHECK ((kind = 'serviceCaptured') = (receipt_id IS NOT NULL))`
  yield* sql`
    ALTER TABLE ledger ADD CONSTRAINT ledger_evidence
    FOREIGN KEY (activation_id, receipt_id) REFERENCES evidence (activation_id, receipt_id)`
  yield* sql`CREATE UNIQUE INDEX ledger_service_paid_once ON ledger (activation_id) WHERE kind = 'serviceCaptured'`
  yield* sql`
    CREATE OR REPLACE VIEW postings AS
    SELECT path, version, position, at, order_id, kind, payment_id, debit AS account, amount_minor AS minor, currency, activation_id
    FROM ledger
    UNION ALL
    SELECT path, version, position, at, order_id, kind, payment_id, credit, -amount_minor, currency, activation_id FROM ledger`

  yield* sql`
    CREATE TABLE telemetry (                        -- Insert-only: samples as they came. No place, no person.
      vin             text        NOT NULL,
      heard_at        timestamptz NOT NULL,
      car_at          timestamptz NOT NULL,
      odometer_metres bigint      NOT NULL,
      charge_percent  smallint    NOT NULL,
      parked          boolean     NOT NULL,
      cabin_celsius   smallint    NOT NULL
    )`
  yield* sql`CREATE INDEX telemetry_by_vin ON telemetry (vin, heard_at)`
  yield* sql`CREATE INDEX actors_by_vin ON actors (vin, type) WHERE vin IS NOT NULL`

  for (const table of insertOnly) yield* sql.unsafe(`GRANT SELECT, INSERT ON ${table} TO caas_app`)
})
