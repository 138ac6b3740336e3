/** A runner of the real actors without relays, in a module worker: only turns are measured. */
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import { registry } from "#actors/registry.ts"
import { ClusterRunner } from "#actors/system/cluster.ts"
import { RunnerActorSystem } from "#actors/system/clustered.ts"
import { ActorHost } from "#actors/system/host.ts"
import { PartitionLive } from "#actors/system/partition-entity.ts"
import { PostgresActorStore } from "#actors/system/postgres.ts"
import { ClusterSecret } from "#actors/system/wire.ts"
import { PlatformTimePostgres } from "#integrations/postgres/clock.ts"
import { Postgres } from "#integrations/postgres/postgres.ts"

declare const self: Worker

const url = Redacted.make(process.env.DATABASE_URL!)
const World = PartitionLive.pipe(
  Layer.provideMerge(RunnerActorSystem),
  Layer.provide(ClusterRunner({ host: "127.0.0.1", port: Number(process.env.RUNNER_PORT) })),
  Layer.provide(Layer.succeed(ClusterSecret, Redacted.make("of one bench"))),
  Layer.provideMerge(ActorHost.layer(registry)),
  Layer.provideMerge(PostgresActorStore(registry)),
  Layer.provideMerge(PlatformTimePostgres),
  Layer.provideMerge(Postgres({ url, connections: 7 }))
)
const runtime = ManagedRuntime.make(World)
self.onmessage = async ({ data }) => {
  if (data === "stop") {
    await runtime.dispose()
    self.postMessage("stopped")
  }
}
await runtime.runPromise(Effect.void)
self.postMessage("serving")
