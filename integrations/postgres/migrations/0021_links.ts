/** Two first links side by side: of two sales at once, each mail's works. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`ALTER TABLE account_links ADD COLUMN slot smallint NOT NULL DEFAULT 0 CHECK (slot IN (0, 1))`
  yield* sql`DROP INDEX account_links_live`
  yield* sql`CREATE UNIQUE INDEX account_links_live ON account_links (subject_id, slot) WHERE used_at IS NULL AND voided_at IS NULL`
})
