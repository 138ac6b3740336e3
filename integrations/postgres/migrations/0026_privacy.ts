/** Papers under keys that can be destroyed, people who are erased, and what was destroyed when its time was over. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

const papers = ["purchase_papers", "documents"]
const overhead = 28 // Bytes: a nonce of 12 and a tag of 16.

/** Tables that somebody's own data are read from, and that had no index by person. */
const bySubject = [
  "sessions",
  "account_links",
  "invoices",
  "payouts",
  "support_cases",
  "gate_decisions",
  "refused_withdrawals",
  "refund_alarms",
  "recovery_codes",
  "passkey_challenges",
  "email_changes"
]

export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient

  yield* sql`
    CREATE TABLE paper_keys (                       -- One per person, class, country and year. It is destroyed by the function below alone.
      key_id        text        PRIMARY KEY CHECK (key_id ~ '^key_[0-9a-f]{32}$'),
      subject_id    text        NOT NULL CHECK (subject_id ~ '^sub_[A-Za-z0-9-]{1,64}$'),
      paper_class   text        NOT NULL CHECK (paper_class IN ('tax', 'contract', 'registration', 'letter')),
      country       text        NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
      year          smallint    NOT NULL,
      wrapped_key   bytea       CHECK (octet_length(wrapped_key) = 60), -- Nonce 12, key 32, tag 16, under the key-encryption key.
      created_at    timestamptz NOT NULL,
      kept_until    timestamptz NOT NULL,           -- By the law of the day it was made: nothing obliges us from here on.
      destroyed_at  timestamptz,
      destroyed_for text        CHECK (destroyed_for IN ('erasure', 'retention')),
      CHECK (num_nulls(destroyed_at, destroyed_for) = CASE WHEN wrapped_key IS NULL THEN 0 ELSE 2 END)
    )`
  yield* sql`CREATE UNIQUE INDEX paper_keys_live ON paper_keys (subject_id, paper_class, country, year) WHERE destroyed_at IS NULL`
  yield* sql`CREATE INDEX paper_keys_of_subject ON paper_keys (subject_id)`
  yield* sql`CREATE INDEX paper_keys_due ON paper_keys (kept_until) WHERE destroyed_at IS NULL`

  // Sealed, in clear where it is older than this, or neither, where its key is destroyed. The hash is that of the clear bytes for good.
  for (const table of papers) {
    yield* sql.unsafe(`ALTER TABLE ${table} ALTER COLUMN bytes DROP NOT NULL`)
    yield* sql.unsafe(`
      ALTER TABLE ${table}
        ADD COLUMN key_id text REFERENCES paper_keys,
        ADD COLUMN sealed bytea,
        ADD CONSTRAINT ${table}_size CHECK (size BETWEEN 1 AND 10485760),
        ADD CONSTRAINT ${table}_sha256 CHECK (sha256 ~ '^[0-9a-f]{64}$'),
        ADD CONSTRAINT ${table}_sealed CHECK (octet_length(sealed) = size + ${overhead}),
        ADD CONSTRAINT ${table}_one_way CHECK (num_nonnulls(bytes, key_id) = 1 AND (sealed IS NULL OR key_id IS NOT NULL))`)
    yield* sql.unsafe(`ALTER TABLE ${table} ALTER COLUMN sealed SET STORAGE EXTERNAL`) // Noise does not compress.
    yield* sql.unsafe(`CREATE INDEX ${table}_by_key ON ${table} (key_id) WHERE sealed IS NOT NULL`)
    yield* sql.unsafe(`CREATE INDEX ${table}_clear ON ${table} (at) WHERE bytes IS NOT NULL`)
  }

  yield* sql`
    CREATE TABLE erasures (                         -- Insert-only: that somebody was erased, who asked for it, and what they were shown before. No name.
      subject_id    text        PRIMARY KEY REFERENCES persons,
      at            timestamptz NOT NULL,
      by_subject_id text,                           -- The operator, of a request that came by letter; null where it was the customer.
      reason        text        CHECK (length(reason) BETWEEN 3 AND 200),
      preview_hash  text        NOT NULL CHECK (preview_hash ~ '^[0-9a-f]{64}$'),
      preview       jsonb       NOT NULL,
      CHECK ((by_subject_id IS NULL) = (reason IS NULL))
    )`
  yield* sql`
    CREATE TABLE destructions (                     -- Insert-only: what was destroyed because its time was over. By class, not by person.
      id      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      at      timestamptz NOT NULL,
      what    text        NOT NULL CHECK (length(what) BETWEEN 1 AND 64), -- "tax ES 2026", "sessions".
      count   integer     NOT NULL CHECK (count > 0)
    )`

  // The platform's role may not change a paper. These take nothing from it but which one, and refuse what has no reason.
  yield* sql`
    CREATE FUNCTION seal_paper(of_document text, under_key text, as_sealed bytea) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
      UPDATE purchase_papers SET bytes = NULL, key_id = under_key, sealed = as_sealed WHERE document_id = of_document AND bytes IS NOT NULL
    $$`
  yield* sql`
    CREATE FUNCTION seal_document(of_order text, of_kind text, of_sha256 text, under_key text, as_sealed bytea) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
      UPDATE documents SET bytes = NULL, key_id = under_key, sealed = as_sealed
      WHERE order_id = of_order AND kind = of_kind AND sha256 = of_sha256 AND bytes IS NOT NULL
    $$`
  yield* sql`
    CREATE FUNCTION destroy_paper_key(of_key text, because text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
      one      paper_keys;
      platform timestamptz;
    BEGIN
      SELECT now() + offset_ms * interval '1 millisecond' INTO platform FROM clock;
      SELECT * INTO one FROM paper_keys WHERE key_id = of_key AND destroyed_at IS NULL FOR UPDATE;
      IF NOT FOUND THEN RETURN false; END IF;
      IF because = 'retention' AND one.kept_until > platform THEN
        RAISE EXCEPTION 'key % is kept until %', of_key, one.kept_until USING ERRCODE = 'check_violation';
      END IF;
      IF because = 'erasure' AND (one.paper_class NOT IN ('registration', 'letter')
           OR NOT EXISTS (SELECT FROM persons WHERE subject_id = one.subject_id AND erased_at IS NOT NULL)) THEN
        RAISE EXCEPTION 'key % does not go with an erasure', of_key USING ERRCODE = 'check_violation';
      END IF;
      UPDATE purchase_papers SET sealed = NULL WHERE key_id = of_key AND sealed IS NOT NULL;
      UPDATE documents SET sealed = NULL WHERE key_id = of_key AND sealed IS NOT NULL;
      UPDATE paper_keys SET wrapped_key = NULL, destroyed_at = platform, destroyed_for = because WHERE key_id = of_key;
      RETURN true;
    END $$`
  yield* sql`
    CREATE FUNCTION erase_person(of_subject text, at timestamptz) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    BEGIN
      DELETE FROM sign_in_tries
      WHERE address_index = (SELECT email_index FROM persons WHERE subject_id = of_subject);
      UPDATE persons SET email_index = NULL, wrapped_key = NULL, nonce = NULL, ciphertext = NULL, erased_at = at
      WHERE subject_id = of_subject AND erased_at IS NULL;
      RETURN FOUND;
    END $$`

  for (const table of bySubject) yield* sql.unsafe(`CREATE INDEX ${table}_of_subject ON ${table} (subject_id)`)
  yield* sql`CREATE INDEX sessions_old ON sessions (expires_at)`
  yield* sql`CREATE INDEX account_links_old ON account_links (expires_at)`
  yield* sql`CREATE INDEX email_changes_old ON email_changes (expires_at)`
  yield* sql`CREATE INDEX persons_erased ON persons (subject_id) WHERE erased_at IS NOT NULL`

  yield* sql`GRANT SELECT, INSERT ON paper_keys, erasures, destructions TO caas_app`
  // Whoever is shown a paper is shown its key, which is wrapped; who was erased and what was destroyed is nobody's at a door.
  for (const table of ["paper_keys", "erasures"]) {
    yield* sql.unsafe(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`)
    yield* sql.unsafe(`CREATE POLICY platform ON ${table} TO caas_app USING (true) WITH CHECK (true)`)
  }
  yield* sql`
    CREATE POLICY door ON paper_keys FOR SELECT TO caas_door USING (
      EXISTS (SELECT FROM purchase_papers p WHERE p.key_id = paper_keys.key_id AND p.sealed IS NOT NULL)
      OR EXISTS (SELECT FROM documents d WHERE d.key_id = paper_keys.key_id AND d.sealed IS NOT NULL))`
  yield* sql`GRANT SELECT ON paper_keys TO caas_door`
  yield* sql`GRANT DELETE ON sessions, account_links, notification_preferences TO caas_app`
  for (const called of [
    "seal_paper(text, text, bytea)",
    "seal_document(text, text, text, text, bytea)",
    "destroy_paper_key(text, text)",
    "erase_person(text, timestamptz)"
  ]) {
    yield* sql.unsafe(`REVOKE ALL ON FUNCTION ${called} FROM PUBLIC`)
    yield* sql.unsafe(`GRANT EXECUTE ON FUNCTION ${called} TO caas_app`)
  }
})
