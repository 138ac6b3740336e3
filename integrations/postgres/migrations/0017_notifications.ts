/** What customers are told, by which channel it went, what they want, where they cannot be reached, and their devices. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

const subject = "subject_id text NOT NULL CHECK (subject_id ~ '^sub_[A-Za-z0-9-]{1,64}$')"
const channels = "'mail', 'push', 'sms', 'display'"
const classes = "'legal', 'contract', 'service', 'progress'"

export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient

  yield* sql.unsafe(`
    CREATE TABLE notifications (                    -- Insert-only: occasions and their facts, no word of them and no name. Read, they are worded anew.
      notice_id     text        PRIMARY KEY CHECK (length(notice_id) <= 200),   -- The command's id.
      ${subject},
      occasion      text        NOT NULL,
      class         text        NOT NULL CHECK (class IN (${classes})),
      card          text        NOT NULL,
      facts         jsonb       NOT NULL,
      order_id      text,
      activation_id text,
      vin           text,
      at            timestamptz NOT NULL
    )`)
  yield* sql`CREATE INDEX notifications_by_subject ON notifications (subject_id, at, notice_id)`
  yield* sql`CREATE INDEX notifications_by_card ON notifications (subject_id, card, at)`

  yield* sql.unsafe(`
    CREATE TABLE notification_deliveries (
      notice_id   text        NOT NULL REFERENCES notifications,
      channel     text        NOT NULL CHECK (channel IN (${channels})),
      message_id  text        NOT NULL UNIQUE,      -- By which whoever receives it tells a repeat from a second one.
      state       text        NOT NULL CHECK (state IN ('sending', 'waiting', 'sent', 'bounced', 'replaced')),
      due_at      timestamptz NOT NULL,
      attempts    integer     NOT NULL DEFAULT 0,
      cause       text        CHECK (length(cause) <= 200),
      finished_at timestamptz,
      PRIMARY KEY (notice_id, channel),             -- At most one message per fact and channel.
      CHECK ((finished_at IS NULL) = (state IN ('sending', 'waiting')))
    )`)
  yield* sql`CREATE INDEX notification_deliveries_due ON notification_deliveries (due_at) WHERE state = 'waiting'`

  yield* sql.unsafe(`
    CREATE TABLE notification_preferences (
      ${subject},
      class       text        NOT NULL CHECK (class IN (${classes})),
      channels    text[]      NOT NULL CHECK (channels <@ ARRAY[${channels}] AND (class <> 'legal' OR 'mail' = ANY (channels))),
      changed_at  timestamptz NOT NULL,
      PRIMARY KEY (subject_id, class)
    )`)
  yield* sql.unsafe(`
    CREATE TABLE notification_bounces (             -- Whom a channel does not reach. By the person, never by the address.
      ${subject},
      channel     text        NOT NULL CHECK (channel IN ('mail', 'sms')),
      cause       text        NOT NULL CHECK (length(cause) <= 200),
      at          timestamptz NOT NULL,
      PRIMARY KEY (subject_id, channel)
    )`)
  yield* sql.unsafe(`
    CREATE TABLE push_subscriptions (               -- Sealed like people's data: an endpoint is an address.
      subscription_id text        PRIMARY KEY CHECK (subscription_id ~ '^push_[0-9a-f]{32}$'),  -- By the endpoint: a device is one person's.
      ${subject},
      wrapped_key     bytea       NOT NULL,
      nonce           bytea       NOT NULL,
      ciphertext      bytea       NOT NULL,
      created_at      timestamptz NOT NULL
    )`)
  yield* sql`CREATE INDEX push_subscriptions_by_subject ON push_subscriptions (subject_id)`

  yield* sql`GRANT SELECT, INSERT ON notifications TO caas_app`
  yield* sql`GRANT SELECT, INSERT, UPDATE ON notification_deliveries, notification_preferences TO caas_app`
  yield* sql`GRANT SELECT, INSERT, UPDATE, DELETE ON notification_bounces, push_subscriptions TO caas_app`
})
