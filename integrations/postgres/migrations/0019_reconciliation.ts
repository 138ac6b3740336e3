/** Our ledger and the gateway's books side by side: what it last said of each payment, who compares when, what nobody can explain, and what is not settled yet. */
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

  yield* sql`
    CREATE TABLE open_balances (                    -- What is on its way to us, or owed: sums of the ledger, kept by its own trigger.
      holder      text        NOT NULL,             -- The payment; of receivables the service or the order, whichever payment ends them.
      account     text        NOT NULL CHECK (account IN ('gateway', 'receivables', 'disputes')),
      subject_id  text        NOT NULL,
      of_vehicle  boolean     NOT NULL,             -- A car's money, not a service's.
      currency    text        NOT NULL,
      minor       bigint      NOT NULL,             -- What settled before it went back is below zero.
      since       timestamptz NOT NULL,             -- Since when it is above zero.
      because     text        NOT NULL,             -- The last kind that added to it.
      PRIMARY KEY (holder, account)
    )`
  yield* sql`CREATE INDEX open_balances_by_subject ON open_balances (subject_id) WHERE minor > 0`
  const sums = (rows: string) => `
    SELECT holder, account, min(subject_id), bool_or(of_vehicle), min(currency), sum(minor), max(at), (array_agg(kind ORDER BY minor DESC))[1]
    FROM (
      SELECT CASE WHEN leg.account = 'receivables' THEN coalesce(activation_id, order_id) ELSE payment_id END AS holder, leg.account,
             subject_id, order_id IS NOT NULL AS of_vehicle, currency, leg.minor, at, kind
      FROM ${rows} AS r CROSS JOIN LATERAL (VALUES (r.debit, r.amount_minor), (r.credit, -r.amount_minor)) AS leg (account, minor)
      WHERE phase = 'posted' AND subject_id IS NOT NULL AND leg.account IN ('gateway', 'receivables', 'disputes')
    ) legs
    GROUP BY holder, account`
  // One statement per batch of turns. A payment belongs to one actor, an actor to one partition: no two batches meet in a row.
  yield* sql.unsafe(`
    CREATE FUNCTION keep_open_balances() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    BEGIN
      INSERT INTO open_balances AS b (holder, account, subject_id, of_vehicle, currency, minor, since, because)
      ${sums("added")}
      ON CONFLICT (holder, account) DO UPDATE
      SET minor = b.minor + EXCLUDED.minor,
          since = CASE WHEN b.minor <= 0 THEN EXCLUDED.since ELSE b.since END,
          because = CASE WHEN EXCLUDED.minor > 0 THEN EXCLUDED.because ELSE b.because END;
      DELETE FROM open_balances
      WHERE minor = 0 AND holder IN (SELECT unnest(ARRAY[payment_id, activation_id, order_id]) FROM added);
      RETURN NULL;
    END $$`)
  yield* sql.unsafe(`
    INSERT INTO open_balances (holder, account, subject_id, of_vehicle, currency, minor, since, because)
    SELECT * FROM (${sums("ledger")}) AS s (holder, account, subject_id, of_vehicle, currency, minor, since, because) WHERE minor <> 0`)
  yield* sql`
    CREATE TRIGGER ledger_keeps_open_balances AFTER INSERT ON ledger REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION keep_open_balances()`
  yield* sql`REVOKE ALL ON FUNCTION keep_open_balances() FROM PUBLIC`

  yield* sql`GRANT SELECT, INSERT, UPDATE ON gateway_statements TO caas_app`
  yield* sql`GRANT SELECT, UPDATE ON reconciliation_schedule TO caas_app`
  yield* sql`GRANT SELECT ON open_balances TO caas_app`
  yield* sql`GRANT SELECT, INSERT ON reconciliation_runs TO caas_app`
  yield* sql`GRANT SELECT, INSERT ON reconciliation_breaks TO caas_app`
  yield* sql`GRANT UPDATE (closed_at, closing, reason, by_subject_id) ON reconciliation_breaks TO caas_app` // How it began stays.
})
