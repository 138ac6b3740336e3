/** The Expediente de Compra: the papers we made for a customer, with their bytes. */
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
  yield* sql`GRANT SELECT, INSERT ON purchase_papers TO caas_app`
})
