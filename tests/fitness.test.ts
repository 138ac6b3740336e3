/** A program starts only where it can work: each refusal says what is wrong and what to do, and a server that is away is none. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { type AddressInfo, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { SQL } from "bun"
import { Effect, Redacted } from "effect"
import { registry } from "#actors/registry.ts"
import { partitionCount } from "#actors/system/partition.ts"
import { PostgresOwner } from "#integrations/postgres/postgres.ts"
import { ordinaryAccount } from "#src/devstack/account.ts"
import { launch } from "#src/devstack/launch.ts"
import { natsProgram } from "#src/devstack/nats.ts"
import { freePort } from "#src/devstack/port.ts"
import { newKey, vehicleKeys } from "#src/devstack/vehicle-keys.ts"
import { expectFit, keepMachines, postgresFits } from "#src/fitness.ts"
import { startGateway } from "#src/gateway.ts"
import { serve } from "#src/main.ts"
import { listens } from "#src/reachability.ts"
import { startRunner } from "#src/runner.ts"
import { type Database, freshDatabase } from "./database.ts"

let database: Database
let sql: SQL
beforeEach(async () => {
  database = await freshDatabase()
  sql = new SQL(database.url, { max: 1 })
})
afterEach(async () => {
  await sql.close()
  await database.drop()
})

const settings = {
  ...(await vehicleKeys()),
  ...Object.fromEntries(["FACTORY", "PAYMENTS", "TRANSPORT"].map((name) => [`${name}_WEBHOOK_SECRET`, `whsec_${newKey()}`])),
  ...Object.fromEntries(
    ["FACTORY", "PAYMENTS", "REGISTRATION", "TRANSPORT", "WORKSHOPS", "API_IOT", "SMS", "AUDIT_WITNESS"].map((name) => [
      `${name}_URL`,
      "http://127.0.0.1:1"
    ])
  ),
  SMTP_URL: "smtp://127.0.0.1:1",
  PERSONS_KEY: Buffer.alloc(32, 1).toString("base64"),
  VAPID_PRIVATE_KEY: Buffer.alloc(32, 3).toString("base64"),
  INVOICE_SIGNING_KEY: newKey(),
  CALLS_SIGNING_KEY: newKey(),
  PIN_SECRET: "x".repeat(32),
  CLUSTER_SECRET: Buffer.alloc(32, 2).toString("base64")
}
const nats = process.env.NATS_URL!
const fit = (natsUrl = nats) => expectFit({ databaseUrl: Redacted.make(database.url), natsUrl })
const kept = () => Effect.runPromise(Effect.provide(keepMachines, PostgresOwner({ url: Redacted.make(database.url) })))
const ran = async () =>
  [...(await sql`SELECT type, version FROM machines ORDER BY type`)].map(({ type, version }) => [type, version])
const refusal = (asked: Promise<unknown>): Promise<any> =>
  asked.then(
    () => null,
    (error) => error
  )

describe("a start", () => {
  test("goes on where everything is as this program needs it, twice, and leaves word of its machines", async () => {
    await fit()
    expect(await ran()).toEqual([]) // Whoever only looks, or fails before it stands, bars nobody's way back.
    await kept()
    await kept()
    expect(await ran()).toEqual(registry.map(({ type, machineVersion }) => [type.name, machineVersion]).sort())
    await fit()
  })

  test("is refused on a database of another number of partitions", async () => {
    await sql`DELETE FROM partitions WHERE partition = 0`
    const no = await refusal(fit())
    expect(no).toMatchObject({ _tag: "PartitionsDiffer", found: partitionCount - 1 })
    expect(no.message).toContain("DATABASE_URL")
  })

  test("is refused to a program that is older than the newest that ran there: other machines, and actors it never heard of", async () => {
    await kept()
    await sql`INSERT INTO machines VALUES ('vehicle', 99)`
    const no = await refusal(fit())
    expect(no).toMatchObject({ _tag: "ProgramTooOld", machine: "vehicle", found: 99 })
    expect(no.message).toContain("Start a newer program")
    await sql`DELETE FROM machines WHERE version = 99`
    await sql`INSERT INTO machines VALUES ('dealer', 1)`
    expect(await refusal(fit())).toMatchObject({ _tag: "ProgramTooOld", machine: "dealer", known: 0 })
  })

  test.each([
    ["everything in one process", serve],
    ["a gateway", startGateway],
    ["a runner", startRunner]
  ] as const)("as %s asks first", async (_, start) => {
    await sql`INSERT INTO machines VALUES ('vehicle', 99)`
    const port = String(await freePort())
    const env = { ...settings, DATABASE_URL: database.url, NATS_URL: nats, REDIS_URL: process.env.REDIS_URL!, RUNNER_PORT: port }
    expect(await refusal(start(env))).toMatchObject({ _tag: "ProgramTooOld" })
  })

  test.each([
    ["everything in one process", serve, "INTRANET_PORT", (taken: string) => taken],
    ["a gateway", startGateway, "PUBLIC_PORT", (taken: string) => taken],
    ["a gateway", startGateway, "HOST", () => "no-such-host.invalid"],
    ["a runner", startRunner, "RUNNER_LISTEN", () => "203.0.113.1"] // No machine has this address.
  ] as const)("as %s is refused where it cannot listen, and says by which variable", async (_, start, variable, value) => {
    const other = createServer().listen(0, "127.0.0.1")
    await once(other, "listening")
    const free = { PUBLIC_PORT: String(await freePort()), INTRANET_PORT: "0", RUNNER_PORT: String(await freePort()) }
    const servers = { DATABASE_URL: database.url, NATS_URL: nats, REDIS_URL: process.env.REDIS_URL!, BEHIND_TLS: "yes" }
    const wrong = { [variable]: value(String((other.address() as AddressInfo).port)) }
    const no = await refusal(start({ ...settings, ...servers, ...free, ...wrong }))
    expect(no).toMatchObject({ _tag: "AddressUnusable", variables: expect.stringContaining(variable) })
    expect(no.message).toContain(`Set ${no.variables}`)
    expect(await listens("127.0.0.1", Number(free.PUBLIC_PORT))).toBe(false) // Nothing of it is left.
    other.close()
  })

  test("knows what ran before there was a list of it", async () => {
    await sql`INSERT INTO actors (path, partition, version, epoch, machine_version, state, type, state_path, state_since, closed)
      VALUES ('vehicle/V', 1, 1, 1, 7, '{}', 'vehicle', '', now(), false)`
    const machines = (await import("#integrations/postgres/migrations/0014_machines.ts")).default
    await sql`DROP TABLE machines`
    await Effect.runPromise(Effect.provide(machines, PostgresOwner({ url: Redacted.make(database.url) })))
    expect(await ran()).toEqual([["vehicle", 7]])
  })

  test.each(["BYPASSRLS", "SUPERUSER"])(
    "is refused where the role that the platform works under may pass by row security (%s)",
    async (right) => {
      await fit()
      await sql.unsafe(`ALTER ROLE caas_app ${right}`)
      try {
        const no = await refusal(fit())
        expect(no).toMatchObject({ _tag: "RoleTooPowerful", role: "caas_app" })
        expect(no.message).toContain("ALTER ROLE caas_app NOSUPERUSER NOBYPASSRLS")
      } finally {
        await sql.unsafe(`ALTER ROLE caas_app NO${right}`)
      }
      await fit()
    }
  )

  test("is refused on a Postgres that is too old", async () => {
    expect(await Effect.runPromise(Effect.flip(postgresFits(14)))).toMatchObject({
      _tag: "PostgresTooOld",
      message: expect.stringContaining("Upgrade the server")
    })
    await Effect.runPromise(postgresFits(15))
  })

  test("is refused by a NATS without JetStream, and not by one that is away", async () => {
    const port = await freePort()
    await fit(`nats://127.0.0.1:${port}`)

    const folder = mkdtempSync(join(tmpdir(), "caas-nats-"))
    const program = await natsProgram(() => {})
    const plain = await launch(program.file, ["-a", "127.0.0.1", "-p", String(port)], {
      name: "nats-server",
      account: ordinaryAccount(),
      cwd: folder,
      env: program.env,
      ready: (log) => log.includes("Server is ready"),
      stopSignal: "SIGTERM",
      say: () => {}
    })
    try {
      const no = await refusal(fit(`nats://127.0.0.1:${port}`))
      expect(no).toMatchObject({ _tag: "JetStreamMissing", server: `127.0.0.1:${port}` })
      expect(no.message).toContain("-js")
    } finally {
      await plain.stop()
      rmSync(folder, { recursive: true })
    }
  })
})
