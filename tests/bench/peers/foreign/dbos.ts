/** DBOS: each change is a workflow of two steps, one that adds to the object's row and one that follows up, each checkpointed in Postgres. */
import { DBOS } from "@dbos-inc/dbos-sdk"
import { SQL } from "bun"
import { objects, type Peer, race } from "../race.ts"

const url = process.env.DATABASE_URL!
const sql = new SQL(url) // Ten connections unless told otherwise, as DBOS's own pool.

let performed = 0
const add = async (object: number, amount: number): Promise<number> => {
  const [row] = await sql`UPDATE counters SET total = total + ${amount} WHERE id = ${object} RETURNING total`
  return row.total
}
const count = DBOS.registerWorkflow(
  async (object: number, amount: number) => {
    const total = await DBOS.runStep(() => add(object, amount), { name: "add" })
    await DBOS.runStep(async () => void performed++, { name: "announce" })
    return total
  },
  { name: "count" }
)

const open = async (): Promise<Peer> => {
  await sql`CREATE TABLE counters (id int PRIMARY KEY, total int NOT NULL DEFAULT 0) WITH (fillfactor = 50)`
  await sql`INSERT INTO counters (id) SELECT generate_series(0, ${objects}::int - 1)`
  DBOS.setConfig({ name: "caas-peers", systemDatabaseUrl: url, logLevel: "error" })
  await DBOS.launch()
  return {
    change: (object, id) => DBOS.withNextWorkflowID(id, () => count(object, 1)),
    performed: () => performed,
    stored: async () => {
      const [stored] = await sql`
        SELECT (SELECT sum(total)::int FROM counters) AS changes,
               (SELECT count(*)::int FROM dbos.workflow_status JOIN dbos.operation_outputs USING (workflow_uuid)
                WHERE status = 'SUCCESS' AND function_name = 'announce') AS "followUps"`
      return stored
    },
    close: async () => {
      await DBOS.shutdown()
      await sql.close()
    }
  }
}

await race(open)
