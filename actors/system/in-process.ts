/** The actor system of one process: it owns every partition, and nobody else may. */
import { hostname } from "node:os"
import { Effect, Layer } from "effect"
import { speaking } from "./delivery.ts"
import { ActorHost } from "./host.ts"
import { partitions } from "./partition.ts"

export const InProcessActorSystem = Layer.effectContext(
  Effect.gen(function* () {
    const host = yield* ActorHost
    yield* Effect.orDie(host.open(partitions, `${hostname()}, process ${process.pid}`))
    return speaking(host.deliver)
  })
)
