/** Whoever starts beside a Postgres that is away waits for it, whatever kind of process it is; whatever else Postgres says is a no, at once. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { SQL } from "bun"
import { Effect, Fiber, Layer, Logger, Redacted, References } from "effect"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import { besidePostgres } from "#integrations/postgres/absence.ts"
import { PostgresOwner } from "#integrations/postgres/postgres.ts"
import { type Env, runnerSettingsOf } from "#src/config.ts"
import { beginning } from "#src/devstack/beginning.ts"
import { freePort } from "#src/devstack/port.ts"
import { postgres } from "#src/devstack/postgres.ts"
import type { Server } from "#src/devstack/server.ts"
import { dataFolder } from "#src/devstack/stack.ts"
import { erect } from "#src/erect.ts"
import { startGateway } from "#src/gateway.ts"
import { serve } from "#src/main.ts"
import { startRunner } from "#src/runner.ts"
import { startPool } from "#src/workers/pool.ts"
import { environment } from "./bench/house.ts"

type Stopping = { readonly stop: () => Promise<void> }
/** A worker says it to the standard output of whoever started it. */
const kinds: Readonly<Record<string, (env: Env, logging: Layer.Layer<never>) => Promise<Stopping>>> = {
  "everything in one process": (env, logging) => serve(env, { logging }),
  "a gateway": (env, logging) => startGateway(env, { logging }),
  "a runner": (env, logging) => startRunner(env, { logging }),
  "a worker": async (env) => startPool({ env, ports: [await freePort()], say: () => {} })
}

/** What is logged of a server that is not there. */
const hearing = () => {
  const heard: Array<string> = []
  const logger = Logger.make(({ message, fiber }) => {
    const sentence = [message].flat().join(" ")
    if (sentence.includes("is not there yet"))
      heard.push(`${sentence}; ${JSON.stringify(fiber.getRef(References.CurrentLogAnnotations))}`)
  })
  return { heard, logging: Layer.mergeAll(Logger.layer([logger]), Layer.succeed(References.MinimumLogLevel, "Warn")) }
}

let folder: string
let server: Server
const envs = new Map<string, Env>()
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "caas-late-"))
  chmodSync(folder, 0o711)
  server = await postgres(dataFolder(folder), { fast: false, say: () => {} })
  const { NATS_URL, REDIS_URL } = process.env
  for (const kind of Object.keys(kinds)) {
    const env = await environment({ DATABASE_URL: server.url, NATS_URL: NATS_URL!, REDIS_URL: REDIS_URL! })
    const ports = { PUBLIC_PORT: "0", INTRANET_PORT: "0", RUNNER_PORT: String(await freePort()) }
    envs.set(kind, { ...env, ...ports, CLUSTER_SECRET: "a secret of this test and nobody else" })
  }
})
afterAll(async () => {
  await server?.stop()
  for (const place of new Set([folder, dataFolder(folder)])) rmSync(place, { recursive: true, force: true })
})

describe("a start beside a Postgres that is away", () => {
  test("waits while it shuts down, while nobody is there and while it recovers, begins again, and says so once", async () => {
    const port = Number(new URL(server.url).port)
    const guest = new SQL(server.url, { max: 1 })
    await guest`SELECT 1`
    process.kill(server.pid, "SIGTERM") // It stays until its last guest leaves, and lets nobody in.
    const met = new Set<string>()
    const meet = async () => {
      const other = new SQL(server.url, { max: 1, connectionTimeout: 1 })
      await other`SELECT 1`.catch((error: Error & { errno?: string }) => met.add(error.errno ?? error.message))
      await other.close()
    }
    while (met.size === 0) await meet()
    expect([...met]).toEqual(["57P03"])

    const begun = Object.entries(kinds).map(([kind, start]) => {
      const { heard, logging } = hearing()
      return { kind, heard, standing: start(envs.get(kind)!, logging) }
    })
    const speaking = begun.filter(({ kind }) => kind !== "a worker")
    while (!speaking.every(({ heard }) => heard.length > 0)) await Bun.sleep(10)
    await guest.close()
    while (beginning(server.pid) !== undefined) await Bun.sleep(10)
    await meet()
    expect(met.size).toBe(2) // Nobody listens.

    // It reads its log to the end before it lets anybody in, and asks for more of it, slowly.
    const [data] = new Bun.Glob("pg-*").scanSync({ cwd: dataFolder(folder), absolute: true, onlyFiles: false })
    writeFileSync(join(data!, "recovery.signal"), "")
    const settings = { restore_command: "sleep 0.5; false", hot_standby: "off" }
    const back = postgres(dataFolder(folder), { fast: false, port, settings, say: () => {} })
    met.clear()
    while (!met.has("57P03")) await meet()
    server = await back

    const stood = await Promise.all(begun.map(({ standing }) => standing))
    for (const { kind, heard } of speaking) {
      expect([kind, heard.length]).toEqual([kind, 1])
      expect(heard[0]).toStartWith("Postgres (DATABASE_URL) is not there yet; this start waits for it, 60 s at most; ")
      expect(heard[0]).toContain('"said":"the database system is shutting down"')
    }
    await Promise.all(stood.map(({ stop }) => stop()))
  })

  test("begins again from the beginning where it loses it half-way, and leaves nothing of the first try", async () => {
    let begun = 0
    let standing = 0
    const { heard, logging } = hearing()
    const settings = runnerSettingsOf(envs.get("a runner")!)
    const floor = Layer.effectDiscard(
      Effect.acquireRelease(
        Effect.sync(() => standing++),
        () => Effect.sync(() => standing--)
      )
    )
    const building = Layer.merge(floor, PostgresOwner({ url: settings.databaseUrl }))
    const ended = SqlClient.SqlClient.use((sql) => sql`SELECT pg_terminate_backend(pg_backend_pid())`)
    const once = Effect.suspend(() => (++begun === 1 ? Effect.orDie(Effect.asVoid(ended)) : Effect.void))
    const runtime = await erect(settings, building, once, { logging })
    expect([begun, standing, heard.length]).toEqual([2, 1, 1])
    await runtime.dispose()
  })

  test("gives up after a minute, and says what to do", async () => {
    let tries = 0
    const away = async () => {
      tries++
      throw Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:1"), { code: "ECONNREFUSED" })
    }
    const url = Redacted.make("postgres://caas:secret@127.0.0.1:1/caas")
    const { heard, logging } = hearing()
    const waited = Effect.gen(function* () {
      const giving = yield* Effect.forkChild(Effect.flip(besidePostgres(url, away)))
      let seconds = 0
      while (giving.pollUnsafe() === undefined) {
        yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
        yield* TestClock.adjust("100 millis")
        seconds += 0.1
      }
      return { seconds, error: yield* Fiber.join(giving) }
    })
    const { seconds, error } = await Effect.runPromise(waited.pipe(Effect.provide([TestClock.layer(), logging])))
    expect(error).toMatchObject({
      _tag: "PostgresAway",
      message:
        "Postgres at 127.0.0.1:1 was not there for 60 s (connect ECONNREFUSED 127.0.0.1:1). Start it, or name another one in DATABASE_URL."
    })
    expect(seconds).toBeGreaterThan(55)
    expect(seconds).toBeLessThan(65)
    expect([tries > 15, tries < 40, heard.length]).toEqual([true, true, 1])
  })
})

const changed = (change: (url: URL) => void) => (env: Env) => {
  const url = new URL(env.DATABASE_URL!)
  change(url)
  return { ...env, DATABASE_URL: url.href }
}
describe.each(Object.entries(kinds))("the start of %s", (kind, start) => {
  test.each([
    ["a wrong password", changed((url) => (url.password = "wrong"))],
    ["a database that is not there", changed((url) => (url.pathname = "/nowhere"))],
    ["a server that is no Postgres", changed((url) => (url.port = new URL(process.env.NATS_URL!).port))]
  ] as const)("is refused at once by %s", async (_, wrong) => {
    const { heard, logging } = hearing()
    const begin = performance.now()
    await expect(start(wrong(envs.get(kind)!), logging)).rejects.toThrow()
    expect(performance.now() - begin).toBeLessThan(10_000)
    expect(heard).toEqual([])
  })
})
