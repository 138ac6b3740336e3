/** The limit: the statements and parameters of a real run, sent again to an empty database by loops that do nothing else. */
import { Effect, ManagedRuntime, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { partitionOf } from "#actors/system/partition.ts"
import { migrate } from "#integrations/postgres/migrations.ts"
import { Postgres } from "#integrations/postgres/postgres.ts"
import { type Recording, turnsOf } from "./recording.ts"

const lanes = 4 // As many in flight as the actor system has.
const pathsParameter = 3 // Of the commit: the draft's paths. Of the others the first array of texts.

/** Turns per second without actors: only Postgres, the driver and the wire. */
export const bareLoop = async (url: string, recording: Recording): Promise<number> => {
  await migrate(url)
  const runtime = ManagedRuntime.make(Postgres({ url: Redacted.make(url), connections: 4 }))
  const queues: Array<Recording> = Array.from({ length: lanes }, () => [])
  let turns = 0
  for (const statement of turnsOf(recording)) {
    const arrays = statement.parameters.map((parameter) => (parameter as { value?: unknown }).value)
    const isCommit = statement.text.includes("WITH owned")
    const paths = (
      isCommit ? arrays[pathsParameter] : arrays.find((value) => Array.isArray(value) && String(value[0]).includes("/"))
    ) as Array<string>
    if (paths.length === 0) continue
    queues[partitionOf(paths[0]!) % lanes]!.push(statement)
    if (isCommit) turns += (arrays[18] as Array<string>).length
  }
  const seconds = await runtime.runPromise(
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`UPDATE partitions SET epoch = 1`
      const begin = performance.now()
      yield* Effect.forEach(
        queues,
        (queue) => Effect.forEach(queue, ({ text, parameters }) => sql.unsafe(text, parameters as any), { discard: true }),
        {
          concurrency: lanes,
          discard: true
        }
      )
      const elapsed = (performance.now() - begin) / 1000
      const [stored] = yield* sql<{ turns: number }>`SELECT count(*)::int AS turns FROM journal`
      if (stored!.turns !== turns) return yield* Effect.die(new Error(`The bare loop stored ${stored!.turns} turns of ${turns}`))
      return elapsed
    })
  )
  await runtime.dispose()
  return turns / seconds
}
