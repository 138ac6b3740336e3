/** The actor system alone, on a durable Postgres: no relay, no listeners, so that only turns are measured. */
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import { registry } from "#actors/registry.ts"
import { ActorHost } from "#actors/system/host.ts"
import { InProcessActorSystem } from "#actors/system/in-process.ts"
import { PostgresActorStore } from "#actors/system/postgres.ts"
import { PlatformTimePostgres } from "#integrations/postgres/clock.ts"
import { migrate } from "#integrations/postgres/migrations.ts"
import { Postgres } from "#integrations/postgres/postgres.ts"
import { type Recording, recorded } from "./recording.ts"

export const startEngine = async (url: string, recording?: Recording) => {
  await migrate(url)
  const Database = Postgres({ url: Redacted.make(url), connections: 4 })
  const World = InProcessActorSystem.pipe(
    Layer.provideMerge(ActorHost.layer(registry)),
    Layer.provideMerge(PostgresActorStore(registry)),
    Layer.provideMerge(PlatformTimePostgres),
    Layer.provideMerge(recording === undefined ? Database : recorded(Database, recording))
  )
  const runtime = ManagedRuntime.make(World)
  await runtime.runPromise(Effect.void)
  return runtime
}
export type Engine = Awaited<ReturnType<typeof startEngine>>
