/** Money at work: entries that wait to be posted or voided, VAT, months that are billed, debts, disputes, risk cases, withdrawals; and what a table can refuse by itself. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

const turn = `
  partition    smallint    NOT NULL,
  path         text        NOT NULL,            -- The actor that decided it, and at which version.
  version      integer     NOT NULL,
  position     smallint    NOT NULL,
  at           timestamptz NOT NULL,
  PRIMARY KEY (path, version, position)`

const insertOnly = ["risk_cases", "risk_case_resolutions", "withdrawals", "refund_alarms"]

export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient

  yield* sql`
    INSERT INTO ledger_accounts (account, kind, meaning) VALUES
      ('bank',        'asset',     'Settled: on our own account'),
      ('receivables', 'asset',     'Delivered, and not paid'),
      ('disputes',    'asset',     'Taken back by the customer''s bank, until it has decided'),
      ('vatDue',      'liability', 'VAT within what we sold'),
      ('badDebts',    'expense',   'Delivered, and never paid')`

  yield* sql`
    ALTER TABLE ledger
      ADD COLUMN phase      text   NOT NULL DEFAULT 'posted' CHECK (phase IN ('pending', 'posted', 'voided')),
      ADD COLUMN vat_minor  bigint NOT NULL DEFAULT 0,          -- Of amount_minor: the State's. It belongs to the leg of the income.
      ADD COLUMN resolves   text,                               -- The payment whose pending entry this one posts or voids.
      ADD COLUMN subject_id text,
      ADD COLUMN country    text,
      ADD COLUMN stream     text CHECK (stream IN ('vehicle', 'bundle', 'temporary', 'permanent', 'recurring')),
      ADD COLUMN item       text,                               -- The option, or the model.
      ADD COLUMN period     text CHECK (period ~ '^[0-9]{4}-[0-9]{2}$'),
      ADD COLUMN held       text GENERATED ALWAYS AS (CASE WHEN phase = 'pending' THEN payment_id END) STORED,
      ADD CONSTRAINT ledger_vat CHECK (vat_minor BETWEEN 0 AND amount_minor)`
  // What is pending is posted or voided once, in full, and nothing is posted or voided that was not pending.
  yield* sql`ALTER TABLE ledger ADD CONSTRAINT ledger_held_once UNIQUE (held, amount_minor, currency)`
  yield* sql`CREATE UNIQUE INDEX ledger_held_by_payment ON ledger (held) WHERE held IS NOT NULL`
  yield* sql`CREATE UNIQUE INDEX ledger_resolved_once ON ledger (resolves) WHERE resolves IS NOT NULL`
  yield* sql`
    ALTER TABLE ledger ADD CONSTRAINT ledger_resolves_pending
    FOREIGN KEY (resolves, amount_minor, currency) REFERENCES ledger (held, amount_minor, currency)`
  yield* sql`
    ALTER TABLE ledger
      ADD CONSTRAINT ledger_pending_waits CHECK (phase <> 'pending' OR resolves IS NULL),
      ADD CONSTRAINT ledger_void_resolves CHECK (phase <> 'voided' OR resolves IS NOT NULL)`

  // A sale has its evidence, whichever way it is paid (S15, I21); and it is made once: a month once a month.
  yield* sql`ALTER TABLE ledger DROP CONSTRAINT ledger_capture_has_evidence`
  yield* sql`
    ALTER TABLE ledger ADD CONSTRAINT ledger_sale_has_evidence
    CHECK ((kind IN ('serviceCaptured', 'serviceOwed', 'monthBilled')) = (receipt_id IS NOT NULL))`
  yield* sql`DROP INDEX ledger_service_paid_once`
  yield* sql`CREATE UNIQUE INDEX ledger_service_sold_once ON ledger (activation_id) WHERE kind IN ('serviceCaptured', 'serviceOwed')`
  yield* sql`CREATE UNIQUE INDEX ledger_month_billed_once ON ledger (activation_id, period) WHERE kind = 'monthBilled'`
  yield* sql`ALTER TABLE ledger ADD CONSTRAINT ledger_month_has_period CHECK (kind <> 'monthBilled' OR period IS NOT NULL)`

  yield* sql`DROP INDEX ledger_deposit_ends_once`
  yield* sql`
    CREATE UNIQUE INDEX ledger_deposit_ends_once ON ledger (order_id)
    WHERE kind IN ('depositApplied', 'depositForfeited', 'depositReturnOrdered', 'depositWaived')`

  // Never more back than came: asked at the end of the statement, so that the rows of one batch see each other.
  yield* sql`
    CREATE FUNCTION ledger_keeps_refunds_below_captures() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE taken bigint; returned bigint;
    BEGIN
      SELECT coalesce(sum(amount_minor) FILTER (WHERE debit = 'gateway' AND kind NOT IN ('refundFailed', 'disputeWon')), 0),
             coalesce(sum(CASE WHEN kind IN ('serviceReturned', 'paymentReturned') THEN amount_minor
                               WHEN kind = 'refundFailed' THEN -amount_minor ELSE 0 END), 0)
      INTO taken, returned
      FROM ledger
      WHERE payment_id = NEW.payment_id AND phase = 'posted';
      IF returned > taken THEN
        RAISE EXCEPTION 'payment % would give back % of %', NEW.payment_id, returned, taken USING ERRCODE = 'check_violation';
      END IF;
      RETURN NULL;
    END $$`
  yield* sql`
    CREATE TRIGGER ledger_refund_within_capture AFTER INSERT ON ledger
    FOR EACH ROW WHEN (NEW.kind IN ('serviceReturned', 'paymentReturned'))
    EXECUTE FUNCTION ledger_keeps_refunds_below_captures()`

  yield* sql`CREATE INDEX ledger_by_subject ON ledger (subject_id, at) WHERE subject_id IS NOT NULL`
  yield* sql`CREATE INDEX ledger_by_time ON ledger (at)`

  yield* sql`DROP VIEW postings`
  yield* sql`
    CREATE VIEW postings AS                         -- The legs of each posted transfer; they sum to zero per transfer.
    SELECT path, version, position, at, order_id, activation_id, subject_id, country, stream, item, period, kind, payment_id, currency,
           debit AS account, amount_minor - CASE WHEN d.kind_of = 'income' THEN vat_minor ELSE 0 END AS minor
    FROM ledger CROSS JOIN LATERAL (SELECT a.kind AS kind_of FROM ledger_accounts a WHERE a.account = debit) d
    WHERE phase = 'posted'
    UNION ALL
    SELECT path, version, position, at, order_id, activation_id, subject_id, country, stream, item, period, kind, payment_id, currency,
           credit, -amount_minor + CASE WHEN c.kind_of = 'income' THEN vat_minor ELSE 0 END
    FROM ledger CROSS JOIN LATERAL (SELECT a.kind AS kind_of FROM ledger_accounts a WHERE a.account = credit) c
    WHERE phase = 'posted'
    UNION ALL
    SELECT path, version, position, at, order_id, activation_id, subject_id, country, stream, item, period, kind, payment_id, currency,
           'vatDue', CASE WHEN c.kind_of = 'income' THEN -vat_minor ELSE vat_minor END
    FROM ledger CROSS JOIN LATERAL (SELECT a.kind AS kind_of FROM ledger_accounts a WHERE a.account = credit) c
    WHERE phase = 'posted' AND vat_minor > 0`

  yield* sql.unsafe(`
    CREATE TABLE risk_cases (                       -- Insert-only: money at risk that somebody of finance looks at.
      case_id       text   NOT NULL UNIQUE,
      kind          text   NOT NULL CHECK (kind IN ('settlementFailed', 'unpaid', 'chargeback', 'refundFailed')),
      order_id      text,
      activation_id text,
      vin           text,
      subject_id    text   NOT NULL,
      payment_id    text   NOT NULL,
      amount_minor  bigint NOT NULL CHECK (amount_minor > 0),
      currency      text   NOT NULL,
      reason        text   NOT NULL,
      receipt_id    text   REFERENCES vehicle_reports (receipt_id), -- The car's own word that it was delivered.
      CHECK (num_nonnulls(order_id, activation_id) = 1),
      ${turn})`)
  yield* sql`CREATE INDEX risk_cases_by_subject ON risk_cases (subject_id, at)`
  yield* sql`CREATE INDEX risk_cases_by_time ON risk_cases (at, case_id)`
  yield* sql.unsafe(`
    CREATE TABLE risk_case_resolutions (            -- Insert-only: how a case ended, once.
      case_id       text NOT NULL UNIQUE REFERENCES risk_cases (case_id),
      resolution    text NOT NULL CHECK (resolution IN ('paid', 'writtenOff', 'paidOut', 'dismissed', 'won', 'lost', 'withdrawn')),
      reason        text NOT NULL,
      by_subject_id text,
      ${turn})`)
  yield* sql.unsafe(`
    CREATE TABLE withdrawals (                      -- Insert-only: what came back by the seed's table, and what the law requires at least.
      activation_id       text        NOT NULL UNIQUE,
      subject_id          text        NOT NULL,
      vin                 text        NOT NULL,
      purchased_at        timestamptz NOT NULL,
      submitted_at        timestamptz NOT NULL,     -- Kept at the edge, before any processing.
      ends_at             timestamptz NOT NULL CHECK (submitted_at < ends_at),
      law_edition         integer     NOT NULL,
      comes_back_minor    bigint      NOT NULL CHECK (comes_back_minor >= 0),
      released_minor      bigint      NOT NULL CHECK (released_minor >= 0),
      legal_minimum_minor bigint      NOT NULL CHECK (legal_minimum_minor <= comes_back_minor),
      legal_rule          text        NOT NULL,
      currency            text        NOT NULL,
      ${turn})`)
  yield* sql`CREATE INDEX withdrawals_by_subject ON withdrawals (subject_id, at)`
  yield* sql.unsafe(`
    CREATE TABLE refund_alarms (                    -- Insert-only: a refund that is still on its way after so many days.
      activation_id text        NOT NULL,
      payment_id    text        NOT NULL,
      subject_id    text        NOT NULL,
      days          smallint    NOT NULL,
      due_at        timestamptz NOT NULL,
      amount_minor  bigint      NOT NULL,
      currency      text        NOT NULL,
      UNIQUE (payment_id, days),
      ${turn})`)
  yield* sql`CREATE INDEX refund_alarms_by_time ON refund_alarms (at)`

  yield* sql`GRANT SELECT ON postings TO caas_app`
  for (const table of insertOnly) yield* sql.unsafe(`GRANT SELECT, INSERT ON ${table} TO caas_app`)
})
