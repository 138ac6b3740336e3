/** The ledger: every movement of money is one row that debits one account and credits another by the same amount, so nothing can be unbalanced. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient

  yield* sql`
    CREATE TABLE ledger_accounts (
      account  text PRIMARY KEY,
      kind     text NOT NULL CHECK (kind IN ('asset', 'liability', 'income', 'expense')),
      meaning  text NOT NULL
    )`
  yield* sql`
    INSERT INTO ledger_accounts (account, kind, meaning) VALUES
      ('gateway',           'asset',     'What the payment gateway took for us and has not given back'),
      ('customerDeposits',  'liability', 'Deposits (señales) we hold'),
      ('customerPayments',  'liability', 'Final payments we hold until the car is handed over'),
      ('refundsDue',        'liability', 'Ordered back, not yet confirmed'),
      ('vehicleSales',      'income',    'Cars handed over'),
      ('forfeitedDeposits', 'income',    'Deposits lost because the final payment failed (S18)'),
      ('depositPenalties',  'expense',   'The second half of a double return (arras penitenciales)')`

  yield* sql`
    CREATE TABLE ledger (                           -- Insert-only.
      partition    smallint    NOT NULL,
      path         text        NOT NULL,            -- The actor that decided it, and at which version.
      version      integer     NOT NULL,
      position     smallint    NOT NULL,
      at           timestamptz NOT NULL,
      order_id     text        NOT NULL,
      kind         text        NOT NULL,
      payment_id   text        NOT NULL,
      debit        text        NOT NULL REFERENCES ledger_accounts,
      credit       text        NOT NULL REFERENCES ledger_accounts,
      amount_minor bigint      NOT NULL CHECK (amount_minor > 0),
      currency     text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
      PRIMARY KEY (path, version, position),
      CHECK (debit <> credit),
      UNIQUE (order_id, kind, payment_id)           -- Nothing is posted twice.
    )`
  yield* sql`
    CREATE UNIQUE INDEX ledger_deposit_ends_once    -- A deposit is applied, forfeited or returned: one of them, once.
    ON ledger (order_id) WHERE kind IN ('depositApplied', 'depositForfeited', 'depositReturnOrdered')`
  yield* sql`CREATE INDEX ledger_by_payment ON ledger (payment_id)`

  yield* sql`
    CREATE TABLE payouts (                          -- Insert-only: what finance owes by bank transfer.
      partition    smallint    NOT NULL,
      path         text        NOT NULL,
      version      integer     NOT NULL,
      position     smallint    NOT NULL,
      at           timestamptz NOT NULL,
      order_id     text        NOT NULL,
      subject_id   text        NOT NULL,
      amount_minor bigint      NOT NULL CHECK (amount_minor > 0),
      currency     text        NOT NULL,
      reason       text        NOT NULL,
      PRIMARY KEY (path, version, position),
      UNIQUE (order_id, reason)
    )`

  yield* sql`
    CREATE VIEW postings AS                         -- The two legs of each transfer; they sum to zero per transfer.
    SELECT path, version, position, at, order_id, kind, payment_id, debit AS account, amount_minor AS minor, currency FROM ledger
    UNION ALL
    SELECT path, version, position, at, order_id, kind, payment_id, credit, -amount_minor, currency FROM ledger`
})
