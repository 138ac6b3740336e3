/** Our ledger and the gateway's books side by side: what it last said of each payment, who compares when, and what nobody can explain. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE gateway_statements (               -- What the gateway last said of a payment.
      gateway_id  text        PRIMARY KEY,          -- Two of them under one reference are a payment taken twice.
      payment_id  text        NOT NULL,             -- Our reference, as it is told there; it may be nobody's.
      captured    bigint      NOT NULL,             -- Minor units.
      statement   jsonb       NOT NULL,
      changed_at  timestamptz NOT NULL,             -- By the gateway's clock.
      read_at     timestamptz NOT NULL
    )`
  yield* sql`CREATE INDEX gateway_statements_by_payment ON gateway_statements (payment_id)`

  yield* sql`
    CREATE TABLE reconciliation_schedule (          -- One row: one run at a time over all processes.
      one           boolean     PRIMARY KEY DEFAULT true CHECK (one),
      due_at        timestamptz NOT NULL,           -- Platform time.
      claim_id      text,
      claimed_until timestamptz,                    -- The database's own time: a claim is as old as its process says nothing.
      read_until    timestamptz NOT NULL,           -- By the gateway's clock.
      taken_until   timestamptz                     -- Platform time: our own payments were looked at until then.
    )`
  yield* sql`INSERT INTO reconciliation_schedule (due_at, read_until) VALUES ('1970-01-01', '1970-01-01')`

  yield* sql`
    CREATE TABLE reconciliation_runs (              -- Insert-only: a row when a run has ended, well or not.
      run_id     bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      started_at timestamptz NOT NULL,
      ended_at   timestamptz NOT NULL,
      payments   integer     NOT NULL,
      told       integer     NOT NULL,
      opened     integer     NOT NULL,
      closed     integer     NOT NULL,
      failure    text
    )`

  yield* sql`
    CREATE TABLE reconciliation_breaks (            -- What our ledger and the gateway do not agree on: an operator's case.
      break_id      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      payment_id    text        NOT NULL,
      gateway_id    text,
      kind          text        NOT NULL,
      ours          bigint,                         -- Minor units, of what they differ in.
      theirs        bigint,
      currency      text        NOT NULL,
      opened_at     timestamptz NOT NULL,
      closed_at     timestamptz,
      closing       text        CHECK (closing IN ('agreed', 'resolved')),
      reason        text,
      by_subject_id text,
      CHECK ((closed_at IS NULL) = (closing IS NULL)),
      CHECK ((closing = 'resolved') = (by_subject_id IS NOT NULL AND reason IS NOT NULL))
    )`
  yield* sql`
    CREATE UNIQUE INDEX reconciliation_breaks_open_once ON reconciliation_breaks (payment_id, kind) WHERE closed_at IS NULL`
  yield* sql`CREATE INDEX reconciliation_breaks_open ON reconciliation_breaks (break_id) WHERE closed_at IS NULL`
  yield* sql`CREATE INDEX reconciliation_breaks_by_payment ON reconciliation_breaks (payment_id, kind, break_id)`
  yield* sql`CREATE INDEX ledger_by_instant ON ledger (at)`

  yield* sql`GRANT SELECT, INSERT, UPDATE ON gateway_statements TO caas_app`
  yield* sql`GRANT SELECT, UPDATE ON reconciliation_schedule TO caas_app`
  yield* sql`GRANT SELECT, INSERT ON reconciliation_runs TO caas_app`
  yield* sql`GRANT SELECT, INSERT ON reconciliation_breaks TO caas_app`
  yield* sql`GRANT UPDATE (closed_at, closing, reason, by_subject_id) ON reconciliation_breaks TO caas_app` // How it began stays.
})
