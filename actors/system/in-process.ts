/** The actor system of one process: it owns every partition, and nobody else may. */
import { Effect, Layer } from "effect"
import { ActorSystem } from "./actor-system.ts"
import { ActorHost } from "./host.ts"
import { spoken } from "./letter.ts"
import { partitionCount } from "./partition.ts"

export const InProcessActorSystem = Layer.effect(
  ActorSystem,
  Effect.gen(function* () {
    const host = yield* ActorHost
    yield* Effect.orDie(host.open(Array.from({ length: partitionCount }, (_, partition) => partition)))
    return ActorSystem.of({
      tell: ({ path }, message, { id, cause = id, correlation = cause, traceId = null, sender }) =>
        Effect.flatMap(
          host.deliver({ path, id, message, cause, correlation, traceId, sender: sender ?? null, timer: null }),
          spoken
        )
    })
  })
)
