/** Telemetry with Redis, with an empty one, with none, and with no table: shown where it is known, lost where it must be, and nobody waits. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test"
import { chmodSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { SQL } from "bun"
import { type Effect, Layer, ManagedRuntime, Redacted, References } from "effect"
import { Postgres } from "#integrations/postgres/postgres.ts"
import { Redis } from "#integrations/redis/redis.ts"
import { TelemetryStore } from "#integrations/telemetry/store.ts"
import { type HeardSample, Telemetry } from "#integrations/telemetry/telemetry.ts"
import { Vin } from "#machines/vocabulary.ts"
import { redis } from "#src/devstack/redis.ts"
import type { Server } from "#src/devstack/server.ts"
import { type Database, freshDatabase } from "#tests/database.ts"

const withoutRedisMs = 200 + 100 // The promise, and the noise of a busy machine.

const runtimeOn = (urls: { readonly postgres: string; readonly redis: string }) =>
  ManagedRuntime.make(
    TelemetryStore.pipe(
      Layer.provideMerge(Redis.layer({ url: urls.redis })),
      Layer.provide(Postgres({ url: Redacted.make(urls.postgres), connections: 4 })),
      Layer.provideMerge(Layer.succeed(References.MinimumLogLevel, "Error"))
    )
  )

let folder = ""
let server: Server
let database: Database
let owner: SQL
let here: ReturnType<typeof runtimeOn>
const start = async () => {
  server = await redis(join(folder, "redis"), {
    ...(server === undefined ? {} : { port: Number(new URL(server.url).port) }),
    say: () => {}
  })
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "caas-telemetry-"))
  chmodSync(folder, 0o755) // The server may run under another account.
  await start()
  database = await freshDatabase()
  owner = new SQL(database.url, { max: 1 })
  here = runtimeOn({ postgres: database.url, redis: server.url })
})
beforeEach(() => untilReady(here))
afterAll(async () => {
  await here.dispose()
  await owner.close()
  await database.drop()
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

const untilReady = async (runtime: typeof here) => {
  const client = await runtime.runPromise(Redis)
  for (const end = performance.now() + 5_000; client.status !== "ready"; await Bun.sleep(10))
    if (performance.now() > end) throw new Error(`Redis is ${client.status}`)
}

let cars = 0
const newVin = () => Vin.make(`VSSCAASZ1ZZ${String(++cars).padStart(6, "0")}`)
const told = (vin: Vin, minute: number, sample: Partial<HeardSample["sample"]> = {}): HeardSample => ({
  vin,
  heardAt: new Date(Date.parse("2026-03-02T12:00:00.000Z") + minute * 60_000).toISOString(),
  sample: {
    at: "2026-03-02T11:58:00.000Z",
    odometerMetres: 12_345_678,
    chargePercent: 80,
    parked: true,
    cabinCelsius: 21,
    ...sample
  }
})
const use = <A>(asking: (telemetry: Telemetry["Service"]) => Effect.Effect<A>, runtime = here) =>
  runtime.runPromise(Telemetry.use(asking))
const keep = (...batch: ReadonlyArray<HeardSample>) => use((telemetry) => telemetry.keep(batch))
const last = (vin: Vin, runtime = here) => use((telemetry) => telemetry.last(vin), runtime)
const lastSeen = (vin: Vin, runtime = here) => use((telemetry) => telemetry.lastSeen(vin), runtime)
const forget = async () => void (await (await here.runPromise(Redis)).flushall())
const rowsOf = async (vin: Vin) => {
  const [row] = await owner.unsafe("SELECT count(*)::int AS rows FROM telemetry WHERE vin = $1", [vin])
  return row.rows as number
}

describe("a batch of telemetry", () => {
  test("is kept whole, and the newest of each car is told, with and without what Redis remembers", async () => {
    const [one, two] = [newVin(), newVin()]
    const newest = told(one, 2, { odometerMetres: 9_007_199_254_740_991, chargePercent: 0, parked: false, cabinCelsius: -40 })
    const only = told(two, 1)
    await keep(told(one, 0), only, told(one, 1), newest)
    for (const forgotten of [false, true]) {
      if (forgotten) await forget()
      expect(await last(one)).toEqual(newest)
      expect(await last(two)).toEqual(only)
      expect(await lastSeen(one)).toBe(newest.heardAt)
    }
    expect([await rowsOf(one), await rowsOf(two)]).toEqual([3, 1])
  })

  test("is one statement for Redis and one for the table, however large", async () => {
    const client = await here.runPromise(Redis)
    const commands = async () => Number(/cmdstat_eval:calls=(\d+)/.exec(await client.info("commandstats"))?.[1] ?? 0)
    const vin = newVin()
    const before = await commands()
    await keep(...Array.from({ length: 500 }, (_, n) => told(n % 2 === 0 ? vin : newVin(), n)))
    expect((await commands()) - before).toBe(1)
    const [row] = await owner.unsafe("SELECT count(DISTINCT xmin::text)::int AS statements FROM telemetry WHERE vin = $1", [vin])
    expect([row.statements, await rowsOf(vin)]).toEqual([1, 250])
  })

  test("loses the oldest beyond what one statement holds", async () => {
    const [early, late] = [newVin(), newVin()]
    await keep(told(early, 0), ...Array.from({ length: 4_096 }, (_, n) => told(late, n)))
    expect([await rowsOf(early), await rowsOf(late)]).toEqual([0, 4_096])
  })

  test("is not spoiled by a car whose clock is nonsense", async () => {
    const [mad, ancient, sane] = [newVin(), newVin(), newVin()]
    await keep(
      told(mad, 0, { at: "2026-99-99T99:99:99.999Z" }),
      told(ancient, 0, { at: "0001-01-01T00:00:00.000Z" }),
      told(sane, 0)
    )
    expect([await rowsOf(mad), await rowsOf(ancient), await rowsOf(sane)]).toEqual([0, 1, 1])
    expect(await last(mad)).toBeNull()
    await forget()
    expect(await last(ancient)).toMatchObject({ sample: { at: "0001-01-01T00:00:00.000Z" } })
  })

  test("of nobody is nothing", async () => {
    await keep()
    expect(await last(newVin())).toBeNull()
    expect(await lastSeen(newVin())).toBeNull()
  })
})

describe("what Redis remembers", () => {
  test("goes by itself: a car that is silent for a day is looked up in the table", async () => {
    const [one, two] = [newVin(), newVin()]
    await keep(told(one, 0))
    await use((telemetry) => telemetry.seen([two], "2026-03-02T12:00:00.000Z"))
    const client = await here.runPromise(Redis)
    for (const key of [`telemetry:${one}`, `seen:${one}`, `seen:${two}`]) {
      expect(await client.ttl(key)).toBeGreaterThan(0)
      expect(await client.ttl(key)).toBeLessThanOrEqual(24 * 60 * 60)
    }
  })
})

describe("last seen", () => {
  test("is whatever was heard of a car last", async () => {
    const [one, two] = [newVin(), newVin()]
    await use((telemetry) => telemetry.seen([one, two], "2026-03-02T12:00:00.000Z"))
    await use((telemetry) => telemetry.seen([one], "2026-03-02T13:00:00.000Z"))
    await use((telemetry) => telemetry.seen([], "2026-03-02T14:00:00.000Z"))
    expect([await lastSeen(one), await lastSeen(two)]).toEqual(["2026-03-02T13:00:00.000Z", "2026-03-02T12:00:00.000Z"])
    await keep(told(two, 120))
    expect(await lastSeen(two)).toBe("2026-03-02T14:00:00.000Z")
  })

  test("is known by the car's last report that became a turn, when Redis has forgotten", async () => {
    const vin = newVin()
    for (const [version, at] of [
      [3, "2026-03-02T09:00:00.000Z"],
      [12, "2026-03-02T10:00:00.000Z"]
    ])
      await owner.unsafe(
        `INSERT INTO vehicle_reports
           (partition, path, version, position, at, receipt_id, vin, evidence, cfg_version, state_hash, boot_id, counter, bytes)
         VALUES (1, $1, $2, 0, $3, $4, $5, 'signedReceipt', 1, 'hash', 'boot', 1, 'jws')`,
        [`vehicle/${vin}`, version, at, `rep_${version}`, vin]
      )
    await use((telemetry) => telemetry.seen([vin], "2026-03-02T11:00:00.000Z"))
    expect(await lastSeen(vin)).toBe("2026-03-02T11:00:00.000Z")
    await forget()
    expect(await lastSeen(vin)).toBe("2026-03-02T10:00:00.000Z")
    await keep(told(vin, 0))
    await forget()
    expect(await lastSeen(vin)).toBe("2026-03-02T12:00:00.000Z")
  })
})

describe("what Redis holds", () => {
  test("is not believed where it is no sample", async () => {
    const vin = newVin()
    const sample = told(vin, 0)
    await keep(sample)
    const client = await here.runPromise(Redis)
    for (const nonsense of ["", "{", "null", '{"heardAt":"2026-03-02T12:00:00.000Z"}', '{"heardAt":7,"sample":{}}']) {
      await client.set(`telemetry:${vin}`, nonsense)
      expect(await last(vin), nonsense).toEqual(sample)
    }
  })
})

describe("nobody waits", () => {
  test("for a Redis that is gone: the table has it all the same", async () => {
    const vin = newVin()
    await server.stop()
    const begin = performance.now()
    await keep(told(vin, 0))
    await use((telemetry) => telemetry.seen([vin], "2026-03-02T13:00:00.000Z"))
    expect(performance.now() - begin).toBeLessThan(withoutRedisMs)
    expect(await last(vin)).toEqual(told(vin, 0))
    expect(await lastSeen(vin)).toBe("2026-03-02T12:00:00.000Z")
    await start()
    await untilReady(here)
    await keep(told(vin, 1))
    expect(await (await here.runPromise(Redis)).get(`seen:${vin}`)).toBe("2026-03-02T12:01:00.000Z")
  })

  test("for a Redis that hangs", async () => {
    const vin = newVin()
    await (await here.runPromise(Redis)).client("PAUSE", 1_000)
    const begin = performance.now()
    await use((telemetry) => telemetry.seen([vin], "2026-03-02T13:00:00.000Z"))
    expect(performance.now() - begin).toBeLessThan(withoutRedisMs)
    await keep(told(vin, 0))
    expect(await rowsOf(vin)).toBe(1)
  })

  test("for a table that is gone: the newest is in Redis all the same", async () => {
    const lost = await freshDatabase()
    const elsewhere = runtimeOn({ postgres: lost.url, redis: server.url })
    try {
      await untilReady(elsewhere)
      const vin = newVin()
      await use((telemetry) => telemetry.keep([told(vin, 0)]), elsewhere)
      await lost.drop()
      await use((telemetry) => telemetry.keep([told(vin, 1)]), elsewhere)
      expect(await last(vin, elsewhere)).toEqual(told(vin, 1))
      expect(await lastSeen(vin, elsewhere)).toBe("2026-03-02T12:01:00.000Z")
    } finally {
      await elsewhere.dispose()
    }
  })
})
