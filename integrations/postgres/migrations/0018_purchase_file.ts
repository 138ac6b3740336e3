/** The Expediente de Compra: the papers we made for a customer, with their bytes, and who in the company has looked into whose file. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE purchase_papers (                  -- Insert-only: what a customer got stays as they got it.
      document_id   text        PRIMARY KEY CHECK (document_id ~ '^doc_[0-9a-f]{32}$'),
      command_id    text        NOT NULL UNIQUE,    -- Whose work it was: done twice, it is kept once.
      subject_id    text        NOT NULL CHECK (subject_id ~ '^sub_[A-Za-z0-9-]{1,64}$'),
      kind          text        NOT NULL CHECK (kind IN ('invoice', 'creditNote', 'withdrawalAcknowledgement', 'notification')),
      title         text        NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
      media_type    text        NOT NULL CHECK (media_type IN ('application/pdf', 'text/plain')),
      size          integer     NOT NULL CHECK (size = octet_length(bytes)),
      sha256        text        NOT NULL,
      bytes         bytea       NOT NULL CHECK (octet_length(bytes) BETWEEN 1 AND 10485760),
      order_id      text,
      activation_id text,
      vin           text,
      at            timestamptz NOT NULL,
      CHECK (sha256 = encode(sha256(bytes), 'hex'))
    )`
  yield* sql`ALTER TABLE purchase_papers ALTER COLUMN bytes SET STORAGE EXTERNAL` // A PDF is compressed already.
  yield* sql`CREATE INDEX purchase_papers_by_subject ON purchase_papers (subject_id, at)`
  yield* sql`CREATE INDEX vehicle_owners_by_subject ON vehicle_owners (subject_id, path, version)` // Cars that somebody once had are in their file.
  yield* sql`
    CREATE TABLE purchase_file_reads (              -- Insert-only: what staff saw of a customer (EX-09). Customers' own looks are nobody's business.
      position      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      at            timestamptz NOT NULL,
      customer_id   text        NOT NULL,
      by_subject_id text        NOT NULL,
      role          text        NOT NULL CHECK (role IN ('seller', 'manager', 'operator', 'administrator')),
      dealership_id text        CHECK ((dealership_id IS NOT NULL) = (role IN ('seller', 'manager'))),
      order_id      text,                           -- Null where all of the file could be seen.
      what          text        NOT NULL CHECK (what IN ('file', 'document', 'export')),
      document_id   text        CHECK ((document_id IS NOT NULL) = (what = 'document'))
    )`
  yield* sql`CREATE INDEX purchase_file_reads_by_customer ON purchase_file_reads (customer_id, position)`
  yield* sql`GRANT SELECT, INSERT ON purchase_papers, purchase_file_reads TO caas_app`
})
