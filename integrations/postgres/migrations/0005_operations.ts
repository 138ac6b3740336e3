/** What operators did to actors, and why. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE operator_acts (                    -- Insert-only.
      id       bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      at       timestamptz NOT NULL,
      by       text        NOT NULL,                -- SubjectId of the operator.
      act      text        NOT NULL,
      target   text        NOT NULL,
      reason   text        NOT NULL CHECK (length(reason) BETWEEN 3 AND 500)
    )`
  yield* sql`CREATE INDEX operator_acts_by_target ON operator_acts (target, at)`
})
