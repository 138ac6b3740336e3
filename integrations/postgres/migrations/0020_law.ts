/** Withdrawals that were refused as late, so that their lateness can be checked. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE refused_withdrawals (              -- Insert-only: a refusal leaves no other trace.
      activation_id text        NOT NULL CHECK (activation_id ~ '^act_[A-Za-z0-9]{1,32}$'),
      vin           text        NOT NULL,
      subject_id    text        NOT NULL CHECK (subject_id ~ '^sub_[A-Za-z0-9-]{1,64}$'),
      step          text        NOT NULL CHECK (step IN ('look', 'confirmation')),
      submitted_at  timestamptz NOT NULL,           -- At the edge, or by a receipt.
      refused_at    timestamptz NOT NULL,
      PRIMARY KEY (activation_id, submitted_at)
    )`
  yield* sql`GRANT SELECT, INSERT ON refused_withdrawals TO caas_app`
})
