/** Invoices and credit notes: a series is a row that is locked while its next number is taken, and the table itself bears no gap, no second number and no credit beyond its invoice. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE invoice_series (                   -- One per country, kind and year. Whoever takes a number holds its row until the commit.
      series      text        PRIMARY KEY CHECK (series ~ '^[A-Z]{2}(-R)?-[0-9]{4}$'),
      last_number integer     NOT NULL DEFAULT 0 CHECK (last_number >= 0),
      last_hash   text        NOT NULL DEFAULT '',
      last_at     timestamptz NOT NULL DEFAULT '-infinity'
    )`
  yield* sql`
    CREATE TABLE invoices (                         -- Insert-only. No name, no address: whom it is for is a subject's id.
      series          text        NOT NULL REFERENCES invoice_series,
      number          integer     NOT NULL CHECK (number > 0),
      command_id      text        NOT NULL UNIQUE,
      kind            text        NOT NULL CHECK (kind IN ('invoice', 'creditNote')),
      country         text        NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
      issued_at       timestamptz NOT NULL,
      issued_on       date        NOT NULL,         -- The day on the country's own wall.
      seller          text        NOT NULL,         -- Our tax number there.
      subject_id      text        NOT NULL,
      order_id        text,
      activation_id   text,
      vin             text,
      payment_id      text        NOT NULL,
      currency        text        NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
      lines           jsonb       NOT NULL,
      net_minor       bigint      NOT NULL CHECK (net_minor >= 0),
      vat_minor       bigint      NOT NULL CHECK (vat_minor >= 0),
      gross_minor     bigint      NOT NULL CHECK (gross_minor = net_minor + vat_minor),
      corrects_series text        CHECK (corrects_series !~ '-R-'), -- Of a credit note: the invoice, its total, and what was credited of it before and after.
      corrects_number integer,
      corrects_gross  bigint,
      credited_before bigint      CHECK (credited_before >= 0),
      credited_after  bigint      CHECK (credited_after = credited_before + gross_minor),
      previous_hash   text        NOT NULL CHECK ((previous_hash = '') = (number = 1)),
      hash            text        NOT NULL CHECK (hash ~ '^[0-9a-f]{64}$'),
      previous_number integer     GENERATED ALWAYS AS (NULLIF(number - 1, 0)) STORED,
      previous_credit bigint      GENERATED ALWAYS AS (NULLIF(credited_before, 0)) STORED,
      PRIMARY KEY (series, number),
      CHECK (num_nonnulls(order_id, activation_id) = 1),
      CHECK (series = country || CASE kind WHEN 'creditNote' THEN '-R-' ELSE '-' END || extract(year FROM issued_on)::int),
      CHECK (num_nonnulls(corrects_series, corrects_number, corrects_gross, credited_before, credited_after)
             = CASE kind WHEN 'creditNote' THEN 5 ELSE 0 END),
      -- No gap and no break: whoever is not the first follows the one before, by its number and its hash.
      UNIQUE (series, number, hash),
      FOREIGN KEY (series, previous_number, previous_hash) REFERENCES invoices (series, number, hash),
      -- Credits of one invoice follow each other from nothing to at most its total: two at once cannot both be the next.
      UNIQUE (series, number, payment_id, gross_minor),
      FOREIGN KEY (corrects_series, corrects_number, payment_id, corrects_gross) REFERENCES invoices (series, number, payment_id, gross_minor),
      CONSTRAINT invoices_credit_at_most_all CHECK (credited_after <= corrects_gross AND credited_after > credited_before),
      UNIQUE (corrects_series, corrects_number, credited_before),
      UNIQUE (corrects_series, corrects_number, credited_after),
      FOREIGN KEY (corrects_series, corrects_number, previous_credit) REFERENCES invoices (corrects_series, corrects_number, credited_after)
    )`
  yield* sql`CREATE UNIQUE INDEX invoices_one_per_payment ON invoices (payment_id) WHERE kind = 'invoice'`
  yield* sql`GRANT SELECT, INSERT, UPDATE ON invoice_series TO caas_app`
  yield* sql`GRANT SELECT, INSERT ON invoices TO caas_app`
})
