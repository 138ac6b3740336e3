/** Which versions of which machines have ever run here: an older program than the newest of them does not start. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    CREATE TABLE machines (                         -- Insert-only: a row per actor type and version, from its first start on.
      type     text        NOT NULL,
      version  integer     NOT NULL CHECK (version > 0),
      first_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (type, version)
    )`
  yield* sql`INSERT INTO machines (type, version) SELECT DISTINCT type, machine_version FROM actors`
  yield* sql`GRANT SELECT, INSERT ON machines TO caas_app`
})
