/** Whether NATS and Redis answer at the moment, for /health/ready and ./caas status. */
import { Effect } from "effect"
import { Nats } from "#integrations/nats/nats.ts"
import { Redis } from "#integrations/redis/redis.ts"

export const reachability = Effect.gen(function* () {
  const nats = yield* Nats
  const redis = yield* Redis
  return () => ({
    nats: Effect.runSync(Effect.isSuccess(nats.connection)),
    redis: redis.status === "ready"
  })
})
