/** Effect Cluster: each object is an entity with persisted messages and a row; its follow-up is a persisted message to another entity. */
import { NodeClusterSocket } from "@effect/platform-node"
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, ManagedRuntime, Option, Redacted, Schedule, Schema } from "effect"
import { ClusterSchema, Entity, RunnerAddress } from "effect/cluster"
import { Rpc } from "effect/rpc"
import { SqlClient } from "effect/sql"
import { freePort } from "#src/devstack/port.ts"
import { onlyErrors } from "../house.ts"
import { objects, type Peer, race } from "./race.ts"

/** Heard once, and the row, the follow-up and the reply are written in one transaction: what the library offers for exactly this. */
const Count = Rpc.make("Count", {
  payload: { id: Schema.String, amount: Schema.Int },
  primaryKey: ({ id }) => id,
  success: Schema.Int
})
  .annotate(ClusterSchema.Persisted, true)
  .annotate(ClusterSchema.WithTransaction, true)
const Announce = Rpc.make("Announce", {
  payload: { id: Schema.String, total: Schema.Int },
  primaryKey: ({ id }) => id
}).annotate(ClusterSchema.Persisted, true)

const Counter = Entity.make("Counter", [Count])
const World = Entity.make("World", [Announce])

const Counters = Counter.toLayer(
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const worldOf = yield* World.client
    const { entityId } = yield* Entity.CurrentAddress
    return Counter.of({
      Count: ({ payload: { id, amount } }) =>
        Effect.gen(function* () {
          const [row] = yield* sql<{ total: number }>`
            UPDATE counters SET total = total + ${amount} WHERE id = ${entityId} RETURNING total`
          yield* worldOf(entityId).Announce({ id, total: row!.total }, { discard: true })
          return row!.total
        }).pipe(Effect.orDie)
    })
  })
)

let performed = 0
const Worlds = World.toLayer(World.of({ Announce: () => Effect.sync(() => void performed++) }))

const open = async (): Promise<Peer> => {
  const port = await freePort()
  const runtime = ManagedRuntime.make(
    Layer.mergeAll(Counters, Worlds).pipe(
      Layer.provideMerge(
        NodeClusterSocket.layer({
          storage: "sql",
          shardingConfig: {
            runnerAddress: Option.some(RunnerAddress.make("127.0.0.1", port)),
            simulateRemoteSerialization: false // On by default, to find mistakes in tests; production needs none of it.
          }
        })
      ),
      Layer.provideMerge(PgClient.layer({ url: Redacted.make(process.env.DATABASE_URL!) })),
      Layer.provideMerge(onlyErrors)
    )
  )
  const sql = await runtime.runPromise(SqlClient.SqlClient)
  await runtime.runPromise(
    Effect.andThen(
      sql`CREATE TABLE counters (id text PRIMARY KEY, total int NOT NULL DEFAULT 0) WITH (fillfactor = 50)`,
      sql`INSERT INTO counters (id) SELECT 'counter-' || n FROM generate_series(0, ${objects - 1}) AS n`
    )
  )
  const counterOf = await runtime.runPromise(Counter.client)
  return {
    change: (object, id) => runtime.runPromise(counterOf(`counter-${object}`).Count({ id, amount: 1 })),
    performed: () => performed,
    stored: () =>
      runtime.runPromise(
        Effect.gen(function* () {
          const [waiting] = yield* sql<{ rows: number }>`SELECT count(*)::int AS rows FROM cluster_messages WHERE NOT processed`
          if (waiting!.rows > 0) return yield* Effect.fail("under way")
          const [stored] = yield* sql<{ changes: number; followUps: number }>`
            SELECT (SELECT sum(total)::int FROM counters) AS changes,
                   (SELECT count(*)::int FROM cluster_messages WHERE entity_type = 'World' AND processed) AS "followUps"`
          return stored!
        }).pipe(Effect.retry(Schedule.spaced("100 millis").pipe(Schedule.upTo({ times: 50 }))))
      ),
    close: () => runtime.dispose()
  }
}

await race(open)
