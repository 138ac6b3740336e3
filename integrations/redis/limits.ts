/** How often somebody may do something. Counted in Redis for all processes together; without Redis in this process alone, with half the points (F30). */
import { Context, Effect, Layer, Schema } from "effect"
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible"
import { Redis } from "./redis.ts"

export class RateLimits extends Context.Service<
  RateLimits,
  {
    /** Uses up one of `points` per `perSeconds` of `key` ("sign-in/…"). Answers within 200 ms, whatever Redis does. */
    readonly consume: (key: string, points: number, perSeconds: number) => Effect.Effect<void, TooManyRequests>
  }
>()("integrations/RateLimits") {}

/** Too often: come back later. Nothing was done. */
export class TooManyRequests extends Schema.TaggedError<TooManyRequests>()("TooManyRequests", {
  retryAfterSeconds: Schema.Natural
}) {}

export const RateLimitsRedis = Layer.effect(
  RateLimits,
  Effect.gen(function* () {
    const storeClient = yield* Redis
    const limiters = new Map<string, RateLimiterRedis>() // One per kind of limit; the kinds are constants of the code, a dozen at most.
    const limiterOf = (points: number, perSeconds: number) => {
      const keyPrefix = `limit:${points}:${perSeconds}`
      const known = limiters.get(keyPrefix)
      if (known !== undefined) return known
      const limiter = new RateLimiterRedis({
        storeClient,
        rejectIfRedisNotReady: true,
        keyPrefix,
        points,
        duration: perSeconds,
        insuranceLimiter: new RateLimiterMemory({ keyPrefix, points: Math.max(1, Math.floor(points / 2)), duration: perSeconds })
      })
      limiters.set(keyPrefix, limiter)
      return limiter
    }
    return RateLimits.of({
      consume: (key, points, perSeconds) =>
        Effect.tryPromise({ try: () => limiterOf(points, perSeconds).consume(key), catch: (no) => no }).pipe(
          Effect.catchIf(
            (no): no is RateLimiterRes => no instanceof RateLimiterRes,
            ({ msBeforeNext }) =>
              Effect.fail(new TooManyRequests({ retryAfterSeconds: Math.max(1, Math.ceil(msBeforeNext / 1000)) })),
            Effect.die // The insurance counts in memory: it has no way to fail.
          ),
          Effect.asVoid
        )
    })
  })
)
