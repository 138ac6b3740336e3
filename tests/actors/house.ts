/** The lamps' house, on either memory or across a cluster: real relays, hands that obey the test, and a clock that the test moves. */
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { ClusterClient, ClusterRunner } from "#actors/system/cluster.ts"
import { GatewayActorSystem, RunnerActorSystem } from "#actors/system/clustered.ts"
import { ActorHost } from "#actors/system/host.ts"
import { InProcessActorSystem } from "#actors/system/in-process.ts"
import { Memory, MemoryActorStore } from "#actors/system/memory.ts"
import { OutboxRelay } from "#actors/system/outbox.ts"
import { PartitionLive } from "#actors/system/partition-entity.ts"
import { PostgresActorStore } from "#actors/system/postgres.ts"
import { PostgresRelay } from "#actors/system/postgres-relay.ts"
import { TimerRelay } from "#actors/system/timers.ts"
import { ClusterSecret } from "#actors/system/wire.ts"
import { Postgres, PostgresOwner } from "#integrations/postgres/postgres.ts"
import { PlatformTime } from "#integrations/postgres/time.ts"
import { freePort } from "#src/devstack/port.ts"
import { freshDatabase } from "../database.ts"
import { Hands, lampBehavior } from "./lamp.ts"

/** Real time plus what the test adds. */
export class MovedTime {
  offset = 0
  readonly layer = Layer.succeed(PlatformTime, {
    now: () => Date.now() + this.offset,
    advance: (millis: number) => Effect.sync(() => void (this.offset += millis))
  })
}

export interface Seen {
  readonly actors: ReadonlyArray<{ path: string; version: number; epoch?: number; state: any }>
  readonly turns: ReadonlyArray<{ path: string; version: number; messageId: string; outcome: string; type: string }>
  readonly outbox: ReadonlyArray<{ path: string; version: number; position: number; type: string; state: string; lane: string }>
  readonly timers: ReadonlyArray<{ path: string; timerId: string; setVersion: number }>
  readonly tallies: ReadonlyArray<{ path: string; version: number; amount: number; word: string }>
}

/** `cluster`: the lamps live in a runner with a port of its own, and the test speaks to them through a gateway. */
export const house = async (
  memory: "memory" | "postgres" | "cluster",
  options: { readonly relays: boolean } = { relays: true }
) => {
  const time = new MovedTime()
  const hands: { perform: (typeof Hands)["Service"]["perform"] } = { perform: () => Effect.void }
  const Relays = Layer.provide(TimerRelay, OutboxRelay([lampBehavior], { attempts: 2 }))
  const database = memory === "memory" ? null : await freshDatabase()
  if (database !== null)
    await Effect.runPromise(
      Effect.provide(
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          yield* sql`
            CREATE TABLE tallies (partition smallint, path text, version int, position smallint, at timestamptz, amount_minor bigint CHECK (amount_minor > 0), word text)`
          yield* sql`GRANT SELECT, INSERT ON tallies TO caas_app`
        }),
        PostgresOwner({ url: Redacted.make(database.url) })
      )
    )
  const Store =
    database === null
      ? MemoryActorStore
      : Layer.mergeAll(PostgresActorStore([lampBehavior]), PostgresRelay).pipe(
          Layer.provideMerge(Postgres({ url: Redacted.make(database.url), connections: 6 })),
          Layer.provideMerge(Layer.succeed(Memory, undefined as never))
        )
  const Ground = Store.pipe(
    Layer.provideMerge(Layer.succeed(Hands, { perform: (type, order) => hands.perform(type, order) })),
    Layer.provideMerge(time.layer)
  )
  const Hosting = ActorHost.layer([lampBehavior]).pipe(Layer.provideMerge(Ground))
  const relays = options.relays ? Relays : Layer.empty
  const world = () => relays.pipe(Layer.provideMerge(InProcessActorSystem), Layer.provideMerge(Hosting))
  type World = Layer.Success<ReturnType<typeof world>>
  /** Of the cluster: a pool of its own, and what its members alone know. */
  const member = <A, E, R>(layer: Layer.Layer<A, E, R>) =>
    layer.pipe(
      Layer.provide(Postgres({ url: Redacted.make(database?.url ?? ""), connections: 3 })),
      Layer.merge(Layer.succeed(ClusterSecret, Redacted.make("of the lamps alone")))
    )
  const runner = (port: number) =>
    Layer.mergeAll(relays, PartitionLive).pipe(
      Layer.provideMerge(RunnerActorSystem),
      Layer.provide(member(ClusterRunner({ host: "127.0.0.1", port }))),
      Layer.provideMerge(Hosting)
    )
  const gateway = () => GatewayActorSystem.pipe(Layer.provide(member(ClusterClient)), Layer.provideMerge(Ground))
  const runners = memory === "cluster" ? [ManagedRuntime.make(runner(await freePort()) as Layer.Layer<World, never>)] : []
  const runtime = ManagedRuntime.make(
    (memory === "cluster" ? gateway() : world()) as Layer.Layer<World | SqlClient.SqlClient, never>
  )
  // Claims its partitions now, not when somebody looks.
  for (const one of [...runners, runtime]) await one.runPromise(Effect.void)
  const run = <A, E>(effect: Effect.Effect<A, E, World | SqlClient.SqlClient>) => runtime.runPromise(effect)

  const look = (): Promise<Seen> => run(database === null ? Effect.map(Memory, fromMemory) : fromPostgres)
  /** Looks again until it is so; what it saw last is in the error. */
  const until = async (what: string, isSo: (seen: Seen) => boolean, withinMillis = 5000): Promise<Seen> => {
    const end = performance.now() + withinMillis
    for (;;) {
      const seen = await look()
      if (isSo(seen)) return seen
      if (performance.now() > end) throw new Error(`${what} never happened; last seen: ${JSON.stringify(seen, null, 1)}`)
      await Bun.sleep(20)
    }
  }
  const close = async () => {
    for (const one of [runtime, ...runners]) await one.dispose()
    await database?.drop()
  }
  return { run, look, until, hands, time, close, database }
}

const fromMemory = (memory: (typeof Memory)["Service"]): Seen => ({
  actors: [...memory.actors].map(([path, { version, state }]) => ({ path, version, state })),
  turns: memory.turns.map(({ path, version, messageId, outcome, type }) => ({ path, version, messageId, outcome, type })),
  outbox: memory.outbox.map(({ entry: { path, version, position, type }, state, lane }) => ({
    path,
    version,
    position,
    type,
    state,
    lane
  })),
  timers: memory.timers.map(({ path, timerId, setVersion }) => ({ path, timerId, setVersion })),
  tallies: memory.records.map((row: any) => ({
    path: row.path,
    version: row.version,
    amount: row.amountMinor,
    word: row.nested.word
  }))
})

const fromPostgres: Effect.Effect<Seen, never, SqlClient.SqlClient> = Effect.orDie(
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    return {
      actors: yield* sql<any>`SELECT path, version, epoch, state FROM actors`,
      turns: yield* sql<any>`SELECT path, version, message_id AS "messageId", outcome, type FROM journal ORDER BY path, version`,
      outbox: yield* sql<any>`SELECT path, version, position, type, state, lane FROM outbox ORDER BY path, version, position`,
      timers: yield* sql<any>`SELECT path, timer_id AS "timerId", set_version AS "setVersion" FROM timers`,
      tallies: yield* sql<any>`SELECT path, version, amount_minor::int AS amount, word FROM tallies`
    }
  })
)
