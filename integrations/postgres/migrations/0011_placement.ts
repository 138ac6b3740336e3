/** Who has which partition, for whoever looks; and the platform's rights on the tables of Effect Cluster, which its own migration made. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

export default Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`ALTER TABLE partitions ADD COLUMN owner text, ADD COLUMN claimed_at timestamptz`
  yield* sql`GRANT SELECT, INSERT, UPDATE, DELETE ON cluster_runners, cluster_locks TO caas_app`
  yield* sql`GRANT USAGE ON SEQUENCE cluster_runners_machine_id_seq TO caas_app`
})
