/** Who may sign in, and with what besides a password: three more posts of the staff, second factors, phones that stay signed in. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

const staff = "'seller', 'manager', 'operator', 'support', 'finance', 'auditor', 'administrator'"

const securityEvents = `'AccountProvisioned', 'AccountDisabled', 'AccountEnabled',
  'LinkIssued', 'LinkRefused', 'PasswordSet', 'RecoveryAsked',
  'SignedIn', 'SignInRefused', 'SignInThrottled', 'SignedOut', 'SessionEnded', 'SteppedUp', 'StepUpRefused',
  'FactorAdded', 'FactorRemoved', 'FactorsReset', 'FactorRefused', 'RecoveryCodesIssued', 'RecoveryCodeUsed',
  'RefreshRefused', 'RefreshReused', 'EmailChangeAsked', 'EmailChanged'`

const rights: Record<string, string> = {
  totp_secrets: "SELECT, INSERT, UPDATE, DELETE",
  recovery_codes: "SELECT, INSERT, UPDATE, DELETE",
  passkeys: "SELECT, INSERT, UPDATE, DELETE",
  passkey_challenges: "SELECT, INSERT, UPDATE, DELETE",
  refresh_tokens: "SELECT, INSERT, UPDATE",
  email_changes: "SELECT, INSERT, UPDATE, DELETE"
}

export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  for (const [table, roles] of [
    ["accounts", `'customer', ${staff}`],
    ["sessions", `'customer', ${staff}`],
    ["purchase_file_reads", staff]
  ]) {
    yield* sql.unsafe(`ALTER TABLE ${table} DROP CONSTRAINT ${table}_role_check`)
    yield* sql.unsafe(`ALTER TABLE ${table} ADD CONSTRAINT ${table}_role_check CHECK (role IN (${roles}))`)
  }
  yield* sql`ALTER TABLE security_log DROP CONSTRAINT security_log_kind_check`
  yield* sql.unsafe(`ALTER TABLE security_log ADD CONSTRAINT security_log_kind_check CHECK (kind IN (${securityEvents}))`)

  yield* sql`CREATE INDEX accounts_administrators ON accounts (subject_id) WHERE role = 'administrator' AND disabled_at IS NULL`

  // A phone is a session that lives longer: whatever ends sessions ends phones.
  yield* sql`
    ALTER TABLE sessions
      ADD COLUMN authenticated_at timestamptz,      -- When who it is was shown last, by whatever means.
      ADD COLUMN factor_at        timestamptz,      -- When a second factor was; null where none was.
      ADD COLUMN device_name      text  CHECK (length(device_name) BETWEEN 1 AND 64),
      ADD COLUMN device_key_hash  bytea CHECK (octet_length(device_key_hash) = 32), -- Of what a phone holds besides its tokens; null for a browser.
      ADD CHECK ((device_name IS NULL) = (device_key_hash IS NULL)),
      ADD CHECK (device_name IS NULL OR door = 'public')`
  yield* sql`UPDATE sessions SET authenticated_at = created_at`
  yield* sql`ALTER TABLE sessions ALTER COLUMN authenticated_at SET NOT NULL`

  yield* sql`
    CREATE TABLE totp_secrets (
      subject_id   text        PRIMARY KEY REFERENCES persons,
      wrapped_key  bytea       NOT NULL CHECK (octet_length(wrapped_key) = 60),   -- As in persons.
      nonce        bytea       NOT NULL CHECK (octet_length(nonce) = 12),
      ciphertext   bytea       NOT NULL CHECK (octet_length(ciphertext) > 16),
      last_step    bigint      NOT NULL DEFAULT 0,  -- The newest step of 30 s whose code was used: a code works once (RFC 6238, 5.2).
      created_at   timestamptz NOT NULL,
      confirmed_at timestamptz                      -- Null until a code of it was shown: it counts for nothing before.
    )`
  yield* sql`
    CREATE TABLE recovery_codes (
      code_hash  bytea       PRIMARY KEY CHECK (octet_length(code_hash) = 32),
      subject_id text        NOT NULL REFERENCES persons,
      issued_at  timestamptz NOT NULL,
      used_at    timestamptz,
      voided_at  timestamptz,
      CHECK (used_at IS NULL OR voided_at IS NULL)
    )`
  yield* sql`CREATE INDEX recovery_codes_live ON recovery_codes (subject_id) WHERE used_at IS NULL AND voided_at IS NULL`
  yield* sql`
    CREATE TABLE passkeys (
      credential_id text        PRIMARY KEY CHECK (length(credential_id) BETWEEN 16 AND 1400), -- Base64url, WebAuthn: at most 1,023 bytes.
      subject_id    text        NOT NULL REFERENCES persons,
      door          text        NOT NULL CHECK (door IN ('public', 'intranet')),  -- Each has a host of its own, and a passkey belongs to one.
      public_key    bytea       NOT NULL,           -- COSE.
      counter       bigint      NOT NULL CHECK (counter >= 0),
      name          text        NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
      created_at    timestamptz NOT NULL,
      used_at       timestamptz
    )`
  yield* sql`CREATE INDEX passkeys_by_subject ON passkeys (subject_id, door)`
  yield* sql`
    CREATE TABLE passkey_challenges (               -- Each is good once: whoever uses one deletes it.
      challenge  text        PRIMARY KEY CHECK (length(challenge) BETWEEN 22 AND 128),
      subject_id text        REFERENCES persons,    -- For whom a passkey is made; null where one is shown.
      door       text        NOT NULL CHECK (door IN ('public', 'intranet')),
      expires_at timestamptz NOT NULL
    )`
  yield* sql`CREATE INDEX passkey_challenges_over ON passkey_challenges (expires_at)`
  yield* sql`
    CREATE TABLE refresh_tokens (                   -- Used ones stay, so that a second use is known for what it is (RFC 9700, 4.14.2).
      token_hash bytea       PRIMARY KEY CHECK (octet_length(token_hash) = 32),
      session_id text        NOT NULL REFERENCES sessions (session_id) ON DELETE CASCADE,
      issued_at  timestamptz NOT NULL,
      used_at    timestamptz
    )`
  yield* sql`CREATE UNIQUE INDEX refresh_tokens_live ON refresh_tokens (session_id) WHERE used_at IS NULL`
  yield* sql`CREATE INDEX refresh_tokens_of_session ON refresh_tokens (session_id)` // They go with it.

  yield* sql`
    CREATE TABLE email_changes (
      token_hash  bytea       PRIMARY KEY CHECK (octet_length(token_hash) = 32),
      subject_id  text        NOT NULL REFERENCES persons,
      wrapped_key bytea       NOT NULL CHECK (octet_length(wrapped_key) = 60),    -- The new address, sealed as in persons.
      nonce       bytea       NOT NULL CHECK (octet_length(nonce) = 12),
      ciphertext  bytea       NOT NULL CHECK (octet_length(ciphertext) > 16),
      asked_at    timestamptz NOT NULL,
      expires_at  timestamptz NOT NULL CHECK (expires_at > asked_at),
      used_at     timestamptz
    )`
  yield* sql`CREATE UNIQUE INDEX email_changes_live ON email_changes (subject_id) WHERE used_at IS NULL`
  // The platform's role may not change a person. This takes a new sealed text of somebody who is there, and says whether the address was free.
  yield* sql`
    CREATE FUNCTION change_person(of_subject text, to_index bytea, to_key bytea, to_nonce bytea, to_text bytea) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    BEGIN
      UPDATE persons SET email_index = to_index, wrapped_key = to_key, nonce = to_nonce, ciphertext = to_text
      WHERE subject_id = of_subject AND erased_at IS NULL
        AND NOT EXISTS (SELECT FROM persons AS other WHERE other.email_index = to_index AND other.subject_id <> of_subject);
      RETURN FOUND;
    EXCEPTION WHEN unique_violation THEN
      RETURN false; -- Somebody was kept under it at the same moment.
    END $$`
  yield* sql`REVOKE ALL ON FUNCTION change_person(text, bytea, bytea, bytea, bytea) FROM PUBLIC`
  yield* sql`GRANT EXECUTE ON FUNCTION change_person(text, bytea, bytea, bytea, bytea) TO caas_app`

  for (const [table, right] of Object.entries(rights)) yield* sql.unsafe(`GRANT ${right} ON ${table} TO caas_app`)
})
