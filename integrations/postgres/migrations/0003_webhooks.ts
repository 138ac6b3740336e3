/** What partners told us: kept before they get their 2xx, kept for good, so that nothing is heard twice and nothing is forgotten. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient

  yield* sql`
    CREATE TABLE webhooks (
      source       text        NOT NULL CHECK (source IN ('factory', 'payments', 'transport')),
      webhook_id   text        NOT NULL CHECK (length(webhook_id) BETWEEN 1 AND 128),
      received_at  timestamptz NOT NULL,            -- Platform time.
      body         bytea       NOT NULL CHECK (octet_length(body) <= 65536), -- The bytes that were signed.
      body_sha256  bytea       NOT NULL CHECK (octet_length(body_sha256) = 32),
      state        text        NOT NULL DEFAULT 'received' CHECK (state IN ('received', 'applied', 'rejected')),
      outcome      text,                            -- 'handled', 'recorded: …', 'rejected: …'; while received: what it waits for.
      applied_at   timestamptz,                     -- Platform time.
      published_at timestamptz,                     -- Database time, as due_at: how often NATS is told is no business matter.
      due_at       timestamptz NOT NULL DEFAULT now() + interval '5 seconds', -- Published again from here on, if still received.
      tries        integer     NOT NULL DEFAULT 0,  -- Times it was published again.
      PRIMARY KEY (source, webhook_id),
      CHECK ((state = 'received') = (applied_at IS NULL)),
      CHECK (state = 'received' OR outcome IS NOT NULL)
    )`
  yield* sql`CREATE INDEX webhooks_due ON webhooks (due_at) WHERE state = 'received'`
  yield* sql`CREATE INDEX webhooks_rejected ON webhooks (received_at) WHERE state = 'rejected'`

  yield* sql`
    CREATE TABLE webhook_conflicts (                -- Insert-only, for the security log: one id, validly signed over other bytes.
      source       text        NOT NULL,
      webhook_id   text        NOT NULL,
      body_sha256  bytea       NOT NULL CHECK (octet_length(body_sha256) = 32),
      at           timestamptz NOT NULL,            -- Platform time, of the first time.
      PRIMARY KEY (source, webhook_id, body_sha256),
      FOREIGN KEY (source, webhook_id) REFERENCES webhooks
    )`
})
