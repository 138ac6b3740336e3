/** Actors in module workers: they serve, come again when they crash and say why, and leave within a second when they are told to. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { Effect, ManagedRuntime, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { Order } from "#actors/addresses.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import { partitionCount } from "#actors/system/partition.ts"
import { migrate } from "#integrations/postgres/migrations.ts"
import { PostgresOwner } from "#integrations/postgres/postgres.ts"
import type { Env } from "#src/config.ts"
import { freePort } from "#src/devstack/port.ts"
import { type RunningGateway, startGateway } from "#src/gateway.ts"
import { type Pool, startPool } from "#src/workers/pool.ts"
import { environment, onlyErrors } from "../bench/house.ts"
import { lifeOf, orderOf } from "../bench/order-life.ts"

describe("a pool of two workers behind a gateway", () => {
  let gateway: RunningGateway
  let pool: Pool
  let ports: ReadonlyArray<number>
  const lines: Array<string> = []
  const database = () => ManagedRuntime.make(PostgresOwner({ url: Redacted.make(url) }))
  let url = ""
  let env: Env
  let tables: ReturnType<typeof database>

  beforeAll(async () => {
    const { DATABASE_URL, NATS_URL, REDIS_URL } = process.env
    env = {
      ...(await environment({ DATABASE_URL: DATABASE_URL!, NATS_URL: NATS_URL!, REDIS_URL: REDIS_URL! })),
      PUBLIC_PORT: "0",
      INTRANET_PORT: "0",
      CLUSTER_SECRET: "of these two workers and a gateway alone"
    }
    url = env.DATABASE_URL!
    await migrate(url)
    tables = database()
    ports = [await freePort(), await freePort()]
    pool = await startPool({ env, ports, say: (line) => lines.push(line) })
    gateway = await startGateway(env, { logging: onlyErrors })
  })
  afterAll(async () => {
    await gateway.stop()
    await pool.stop()
    await tables.dispose()
  })

  const owners = () =>
    tables.runPromise(
      SqlClient.SqlClient.use(
        (sql) =>
          sql<{ owner: string; partitions: number }>`SELECT owner, count(*)::int AS partitions FROM partitions GROUP BY owner`
      )
    )
  const until = async (what: string, isSo: () => Promise<boolean> | boolean, withinMillis: number) => {
    const end = performance.now() + withinMillis
    while (!(await isSo())) {
      if (performance.now() > end) throw new Error(`${what} never happened: ${JSON.stringify(pool.standing())}`)
      await Bun.sleep(25)
    }
  }
  /** The first message of so many orders. */
  const register = (from: number, count: number) =>
    gateway.runtime.runPromise(
      Effect.forEach(
        Array.from({ length: count }, (_, n) => from + n),
        (n) => ActorSystem.use((actors) => actors.tell(Order.at(orderOf(n)), lifeOf(n)[0]!, { id: `workers/${n}` })),
        { concurrency: "unbounded" }
      )
    )

  test("divides the partitions, and all of them answer", async () => {
    await until("a division", async () => (await owners()).length === 2, 5_000)
    expect((await owners()).reduce((sum, { partitions }) => sum + partitions, 0)).toBe(partitionCount)
    expect(new Set((await register(0, 300)).map(({ version }) => version))).toEqual(new Set([1]))
  })

  test("starts a worker again that crashed, says so, and nothing told meanwhile is lost", async () => {
    const [port] = ports as [number]
    pool.crash(port)
    const told = await register(1_000, 300)
    expect(told.filter(({ version, duplicate }) => version !== 1 || duplicate)).toEqual([])
    await until("the restart", () => pool.standing().every(({ state }) => state === "serving"), 5_000)
    expect(pool.standing().find((worker) => worker.port === port)).toMatchObject({ crashes: 1, state: "serving" })
    expect(lines).toEqual([expect.stringMatching(new RegExp(`^worker ${port} ended \\(.+\\); it is started again in 250 ms$`))])
  })

  test("does not start where a worker cannot, and says what is wrong", async () => {
    const refused = startPool({ env: { DATABASE_URL: "mysql://nowhere" }, ports: [await freePort()], say: () => {} })
    await expect(refused).rejects.toThrow(/DATABASE_URL must be a URL that begins with postgres/)
  })

  test("leaves an address to whoever answers there already", async () => {
    const refused = startPool({ env, ports: ports.slice(0, 1), say: () => {} })
    await expect(refused).rejects.toThrow(
      `Somebody answers at 127.0.0.1:${ports[0]} already. Give this runner another RUNNER_PORT (or RUNNER_HOST), or stop the other one.`
    )
  })

  test("leaves within a second when it is told to", async () => {
    const begin = performance.now()
    await pool.stop()
    expect(performance.now() - begin).toBeLessThan(1_000)
    expect(pool.standing().map(({ state }) => state)).toEqual(["stopped", "stopped"])
  })
})
