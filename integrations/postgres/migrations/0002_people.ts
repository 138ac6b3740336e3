/** People: who they are (encrypted), how they sign in, what they signed in with, their papers, and the dealerships that know them. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

const roles = "'customer', 'seller', 'manager', 'operator', 'administrator'"

export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient

  yield* sql`
    CREATE TABLE dealerships (                      -- Seeded here: the application reads them only.
      dealership_id text PRIMARY KEY CHECK (dealership_id ~ '^dea_[A-Za-z0-9-]{1,64}$'),
      country       text NOT NULL CHECK (country IN ('ES', 'DE', 'FR', 'PT', 'IT')),
      city          text NOT NULL
    )`
  yield* sql`
    INSERT INTO dealerships (dealership_id, country, city) VALUES
      ('dea_madrid',   'ES', 'Madrid'),
      ('dea_valencia', 'ES', 'València'),
      ('dea_berlin',   'DE', 'Berlin'),
      ('dea_lyon',     'FR', 'Lyon'),
      ('dea_porto',    'PT', 'Porto'),
      ('dea_torino',   'IT', 'Torino')`

  yield* sql`
    CREATE TABLE persons (                          -- AES-256-GCM with a key per person: without its key the row is noise, also in a backup.
      subject_id  text        PRIMARY KEY CHECK (subject_id ~ '^sub_[A-Za-z0-9-]{1,64}$'),
      email_index bytea       UNIQUE CHECK (octet_length(email_index) = 32),  -- HMAC-SHA256 of the normalised address.
      wrapped_key bytea       CHECK (octet_length(wrapped_key) = 60),         -- Nonce 12, key 32, tag 16, under the key-encryption key.
      nonce       bytea       CHECK (octet_length(nonce) = 12),
      ciphertext  bytea       CHECK (octet_length(ciphertext) > 16),          -- The whole PersonalData as JSON, and the tag.
      created_by  text        NOT NULL,
      created_at  timestamptz NOT NULL,
      erased_at   timestamptz,
      CHECK (num_nulls(email_index, wrapped_key, nonce, ciphertext) = CASE WHEN erased_at IS NULL THEN 0 ELSE 4 END)
    )`

  yield* sql.unsafe(`
    CREATE TABLE accounts (
      subject_id    text        NOT NULL REFERENCES persons,
      role          text        NOT NULL CHECK (role IN (${roles})),
      dealership_id text        REFERENCES dealerships,
      password_hash text        CHECK (password_hash LIKE '$argon2id$%'),     -- Null until the one-time link was used.
      disabled_at   timestamptz,
      created_by    text        NOT NULL,                                     -- Who let them in: nobody lets himself in (S22.5).
      created_at    timestamptz NOT NULL,
      PRIMARY KEY (subject_id, role),
      CHECK ((role IN ('seller', 'manager')) = (dealership_id IS NOT NULL))
    )`)

  yield* sql`
    CREATE TABLE account_links (                    -- One-time links. The token itself is in a mail and nowhere else.
      token_hash bytea       PRIMARY KEY CHECK (octet_length(token_hash) = 32),
      subject_id text        NOT NULL REFERENCES persons,
      issued_at  timestamptz NOT NULL,
      expires_at timestamptz NOT NULL CHECK (expires_at > issued_at),
      used_at    timestamptz,
      voided_at  timestamptz,
      CHECK (used_at IS NULL OR voided_at IS NULL)
    )`
  yield* sql`CREATE UNIQUE INDEX account_links_live ON account_links (subject_id) WHERE used_at IS NULL AND voided_at IS NULL`

  yield* sql.unsafe(`
    CREATE TABLE sessions (
      token_hash    bytea       PRIMARY KEY CHECK (octet_length(token_hash) = 32),
      session_id    text        NOT NULL UNIQUE,
      subject_id    text        NOT NULL,
      role          text        NOT NULL CHECK (role IN (${roles})),
      dealership_id text,                           -- As it was at the sign-in: moved elsewhere, a seller signs in again.
      door          text        NOT NULL CHECK (door IN ('public', 'intranet')),
      created_at    timestamptz NOT NULL,
      last_seen_at  timestamptz NOT NULL,           -- Written at most once a minute.
      idle_seconds  integer     NOT NULL CHECK (idle_seconds > 0),
      expires_at    timestamptz NOT NULL CHECK (expires_at > created_at),
      ended_at      timestamptz,
      FOREIGN KEY (subject_id, role) REFERENCES accounts,
      CHECK ((door = 'public') = (role = 'customer'))
    )`)
  yield* sql`CREATE INDEX sessions_live ON sessions (subject_id) WHERE ended_at IS NULL`

  yield* sql`
    CREATE TABLE sign_in_tries (                    -- Per address, known or not: its index is the keyed hash of persons.email_index.
      address_index bytea       PRIMARY KEY CHECK (octet_length(address_index) = 32),
      tries         smallint    NOT NULL CHECK (tries BETWEEN 0 AND 7),
      since         timestamptz NOT NULL            -- When the window of 15 minutes began.
    )`
  yield* sql`CREATE INDEX sign_in_tries_over ON sign_in_tries (since)`

  yield* sql`
    CREATE TABLE security_log (                     -- Insert-only. Ids and words of ours, never what somebody typed.
      position   bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      at         timestamptz NOT NULL,
      kind       text        NOT NULL CHECK (kind IN (
        'AccountProvisioned', 'LinkIssued', 'LinkRefused', 'PasswordSet', 'SignedIn', 'SignInRefused', 'SignInThrottled', 'SignedOut')),
      subject_id text,                              -- Null where nobody of ours is meant.
      detail     text        NOT NULL CHECK (length(detail) <= 200)
    )`
  yield* sql`CREATE INDEX security_log_by_subject ON security_log (subject_id, at) WHERE subject_id IS NOT NULL`

  yield* sql`
    CREATE TABLE documents (                        -- Insert-only.
      order_id   text        NOT NULL CHECK (order_id ~ '^ord_[A-Za-z0-9-]{1,64}$'),
      kind       text        NOT NULL CHECK (length(kind) BETWEEN 1 AND 64),
      sha256     text        NOT NULL,
      bytes      bytea       NOT NULL CHECK (octet_length(bytes) BETWEEN 1 AND 10485760),
      media_type text        NOT NULL CHECK (media_type IN ('application/pdf', 'image/jpeg', 'image/png')),
      size       integer     NOT NULL CHECK (size = octet_length(bytes)),
      by         text        NOT NULL,
      at         timestamptz NOT NULL,
      PRIMARY KEY (order_id, kind, sha256),
      CHECK (sha256 = encode(sha256(bytes), 'hex'))
    )`
  yield* sql`ALTER TABLE documents ALTER COLUMN bytes SET STORAGE EXTERNAL` // They are compressed already.
})
