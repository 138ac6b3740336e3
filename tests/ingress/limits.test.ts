/** Limits with Redis, with a Redis that was emptied, with one that hangs, and with none: nobody waits, and nobody gets through for ever. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test"
import { chmodSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Layer, ManagedRuntime, References } from "effect"
import { RateLimits, RateLimitsRedis, TooManyRequests } from "#integrations/redis/limits.ts"
import { Redis } from "#integrations/redis/redis.ts"
import { redis } from "#src/devstack/redis.ts"
import type { Server } from "#src/devstack/server.ts"

const answerWithinMs = 200 + 50 // The promise, and the noise of a busy machine.

let folder = ""
let server: Server
const start = async () => {
  server = await redis(join(folder, "redis"), {
    ...(server === undefined ? {} : { port: Number(new URL(server.url).port) }),
    say: () => {}
  })
}
const runner = () =>
  ManagedRuntime.make(
    RateLimitsRedis.pipe(
      Layer.provideMerge(Redis.layer({ url: server.url })),
      Layer.provideMerge(Layer.succeed(References.MinimumLogLevel, "Error"))
    )
  )
let here: ReturnType<typeof runner>

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "caas-limits-"))
  chmodSync(folder, 0o755) // The server may run under another account.
  await start()
  here = runner()
})
beforeEach(() => untilReady())
afterAll(async () => {
  await here.dispose()
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

const untilReady = async () => {
  const client = await here.runPromise(Redis)
  for (const end = performance.now() + 5_000; client.status !== "ready"; await Bun.sleep(10))
    if (performance.now() > end) throw new Error(`Redis is ${client.status}`)
}
/** How many of `tries` got through, and the longest wait, in milliseconds. */
const hammer = async (key: string, options: { points: number; seconds: number; tries: number }) => {
  let through = 0
  let longest = 0
  for (let i = 0; i < options.tries; i++) {
    const begin = performance.now()
    const result = await here.runPromise(
      Effect.result(RateLimits.use((limits) => limits.consume(key, options.points, options.seconds)))
    )
    longest = Math.max(longest, performance.now() - begin)
    if (result._tag === "Success") through++
    else expect(result.failure).toBeInstanceOf(TooManyRequests)
  }
  return { through, longest }
}

describe("a limit", () => {
  test("lets so many through in so many seconds, then says when to come back, and forgets", async () => {
    expect(await hammer("a", { points: 4, seconds: 1, tries: 10 })).toMatchObject({ through: 4 })
    const no = await here.runPromise(Effect.flip(RateLimits.use((limits) => limits.consume("a", 4, 1))))
    expect(no.retryAfterSeconds).toBe(1)
    expect(await hammer("b", { points: 4, seconds: 1, tries: 1 })).toMatchObject({ through: 1 }) // Somebody else's.
    await Bun.sleep(1_100)
    expect(await hammer("a", { points: 4, seconds: 1, tries: 1 })).toMatchObject({ through: 1 })
  })

  test("counts for all processes together", async () => {
    const first = here
    const second = runner()
    try {
      expect(await hammer("together", { points: 4, seconds: 60, tries: 3 })).toMatchObject({ through: 3 })
      here = second
      await untilReady()
      expect(await hammer("together", { points: 4, seconds: 60, tries: 3 })).toMatchObject({ through: 1 })
    } finally {
      here = first
      await second.dispose()
    }
  })

  test("begins anew when Redis is emptied", async () => {
    expect(await hammer("flushed", { points: 4, seconds: 60, tries: 6 })).toMatchObject({ through: 4 })
    await here.runPromise(Redis.use((client) => Effect.promise(() => client.flushall())))
    expect(await hammer("flushed", { points: 4, seconds: 60, tries: 6 })).toMatchObject({ through: 4 })
  })

  test("holds with half the points while Redis is gone, and nobody waits; then Redis counts again", async () => {
    await server.kill()
    const without = await hammer("gone", { points: 4, seconds: 60, tries: 20 })
    expect(without.through).toBe(2)
    expect(without.longest).toBeLessThan(answerWithinMs)
    await start()
    await untilReady()
    expect(await hammer("gone", { points: 4, seconds: 60, tries: 6 })).toMatchObject({ through: 4 })
  })

  test("holds while Redis hangs, and nobody waits longer than 200 ms", async () => {
    process.kill(server.pid, "SIGSTOP")
    try {
      const hanging = await hammer("hanging", { points: 4, seconds: 60, tries: 5 })
      expect(hanging.through).toBe(2)
      expect(hanging.longest).toBeLessThan(answerWithinMs)
    } finally {
      process.kill(server.pid, "SIGCONT")
    }
  })

  test("stands at the start without a Redis", async () => {
    await server.kill()
    const first = here
    here = runner()
    try {
      const alone = await hammer("alone", { points: 4, seconds: 60, tries: 6 })
      expect(alone.through).toBe(2)
      expect(alone.longest).toBeLessThan(answerWithinMs)
    } finally {
      await here.dispose()
      here = first
      await start()
    }
  })
})
