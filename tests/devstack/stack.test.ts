/** The three servers: that they are the real ones, and that nothing of them stays. */
import { afterAll, describe, expect, test } from "bun:test"
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { SQL } from "bun"
import Redis from "ioredis"
import { connect } from "nats"
import { connectOptionsOf } from "#integrations/nats/nats.ts"
import { FolderInUse } from "#src/devstack/lock.ts"
import { clearStack, dataFolder, lockName, stack } from "#src/devstack/stack.ts"
import { throwAwayStack } from "#src/devstack/throw-away.ts"
import { alive, survivors } from "./processes.ts"

const quiet = { say: () => {} }
const temporary = mkdtempSync(join(tmpdir(), "caas-devstack-"))
chmodSync(temporary, 0o711) // As a checkout is: others may pass through.
afterAll(() => rmSync(temporary, { recursive: true, force: true }))

describe("a stack", () => {
  test("is Postgres 18, NATS with JetStream and Redis, and keeps its data over a restart", async () => {
    const folder = join(temporary, "kept")
    const first = await stack(folder, { fast: false, settings: { application_name: "asked-for" }, ...quiet })
    const pids = Object.values(first.servers).map((server) => server.pid)
    expect(pids).toHaveLength(3)

    const sql = new SQL(first.env.DATABASE_URL!, { max: 1 })
    const [{ version, fsync, setting }] = await sql`
      SELECT current_setting('server_version_num')::int / 10000 AS version, current_setting('fsync') AS fsync,
             current_setting('application_name') AS setting`
    expect({ version, fsync }).toEqual({ version: 18, fsync: "on" })
    expect(setting).toBe("asked-for")
    await sql`CREATE TABLE cars AS SELECT 1 AS wheels`
    await sql.close()

    const nats = await connect(connectOptionsOf(first.env.NATS_URL!))
    await (await nats.jetstreamManager()).streams.add({ name: "cars", subjects: ["cars.>"] })
    expect((await nats.jetstream().publish("cars.one", "hello")).seq).toBe(1)
    await nats.close()

    const redis = new Redis(first.env.REDIS_URL!, { lazyConnect: true })
    await redis.connect()
    expect(await redis.ping()).toBe("PONG")
    redis.disconnect()

    await expect(stack(folder, { fast: true, ...quiet })).rejects.toThrow(FolderInUse)
    await first.stop()
    expect(pids.filter(alive)).toEqual([])
    expect(existsSync(join(folder, lockName))).toBe(false)

    const second = await stack(folder, { fast: false, ...quiet })
    const again = new SQL(second.env.DATABASE_URL!, { max: 1 })
    expect(await again`SELECT wheels FROM cars`).toEqual([{ wheels: 1 }])
    await again.close()
    const natsAgain = await connect(connectOptionsOf(second.env.NATS_URL!))
    expect((await (await natsAgain.jetstreamManager()).streams.info("cars")).state.messages).toBe(1)
    await natsAgain.close()
    await second.stop()
  })

  test("lets nobody into Postgres without the password", async () => {
    const servers = await throwAwayStack({ fast: true, ...quiet })
    const url = new URL(servers.env.DATABASE_URL!)
    url.password = "guess"
    const sql = new SQL(url.href, { max: 1 })
    await expect(Promise.resolve(sql`SELECT 1`)).rejects.toThrow(/password authentication failed/)
    await sql.close()
    await servers.stop()
    expect(existsSync(servers.folder)).toBe(false)
  })

  test("does not outlive a parent that was killed, and frees its folder for the next", async () => {
    const folder = join(temporary, "killed")
    const parent = Bun.spawn([process.execPath, "--no-orphans", join(import.meta.dir, "lending.ts"), folder], {
      stdio: ["ignore", "pipe", "inherit"]
    })
    const line = await parent.stdout.getReader().read()
    const pids = JSON.parse(new TextDecoder().decode(line.value)) as number[]
    expect(pids).toHaveLength(3)
    expect(pids.filter(alive)).toEqual(pids)

    parent.kill("SIGKILL")
    await parent.exited
    expect(await survivors(pids, 5000)).toEqual([])

    const next = await stack(folder, { fast: false, ...quiet }) // The dead one's locks are still there.
    await next.stop()
  })

  test("also serves a folder its servers' account cannot reach, and leaves nothing of it either", async () => {
    const home = mkdtempSync(join(temporary, "closed-")) // For its owner alone, as a home often is.
    const folder = join(home, "checkout")
    const servers = await stack(folder, { fast: true, ...quiet })
    const data = dataFolder(folder)
    expect(existsSync(join(data, "pg-18", "PG_VERSION"))).toBe(true)
    expect(data === folder).toBe(process.getuid?.() !== 0)
    await servers.stop()
    clearStack(folder)
    expect([data, folder].filter((place) => existsSync(place))).toEqual([])
  })

  test("uses a server that is given by URL and starts only the others", async () => {
    const before = { ...process.env }
    process.env.CAAS_EMBEDDED = ""
    process.env.DATABASE_URL = "postgres://somebody@else.invalid/theirs"
    process.env.NATS_URL = "nats://else.invalid"
    delete process.env.REDIS_URL
    try {
      const servers = await throwAwayStack({ fast: true, ...quiet })
      expect(Object.keys(servers.servers)).toEqual(["redis"])
      expect(servers.env).toMatchObject({
        DATABASE_URL: process.env.DATABASE_URL,
        NATS_URL: process.env.NATS_URL,
        CAAS_EMBEDDED: "REDIS_URL"
      })
      await servers.stop()
    } finally {
      for (const name of ["CAAS_EMBEDDED", "DATABASE_URL", "NATS_URL", "REDIS_URL"]) {
        if (before[name] === undefined) delete process.env[name]
        else process.env[name] = before[name]
      }
    }
  })

  test("that was thrown away by a kill is cleared away by the next", async () => {
    const script = `
      import { throwAwayStack } from "#src/devstack/throw-away.ts"
      console.log((await throwAwayStack({ fast: true, say: () => {} })).folder)
      setInterval(() => {}, 1000)`
    const parent = Bun.spawn([process.execPath, "--no-orphans", "-e", script], {
      cwd: join(import.meta.dir, "..", ".."),
      stdio: ["ignore", "pipe", "inherit"]
    })
    const line = await parent.stdout.getReader().read()
    const folder = new TextDecoder().decode(line.value).trim()
    expect(readdirSync(folder)).toContain(lockName)
    parent.kill("SIGKILL")
    await parent.exited
    const next = await throwAwayStack({ fast: true, ...quiet })
    expect(existsSync(folder)).toBe(false)
    await next.stop()
  })
})
