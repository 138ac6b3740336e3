/** Telemetry by the day: slices made ahead, filled after a jump, moved from before, dropped when they are old, and never asked for by a sample. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { SQL } from "bun"
import { Effect, Layer, ManagedRuntime, Redacted, References } from "effect"
import { SqlClient } from "effect/sql"
import telemetryByDay from "#integrations/postgres/migrations/0013_telemetry.ts"
import { Postgres, PostgresOwner } from "#integrations/postgres/postgres.ts"
import { Redis } from "#integrations/redis/redis.ts"
import { TelemetrySlices } from "#integrations/telemetry/slices.ts"
import { TelemetryStore } from "#integrations/telemetry/store.ts"
import { Telemetry } from "#integrations/telemetry/telemetry.ts"
import { Vin } from "#machines/vocabulary.ts"
import { type Database, freshDatabase } from "#tests/database.ts"

const day = 24 * 60 * 60_000
const vin = Vin.make("VSSCAASZ1ZZ000001")

let database: Database
let owner: SQL
beforeAll(async () => {
  database = await freshDatabase()
  owner = new SQL(database.url, { max: 1 })
  await owner.unsafe("UPDATE clock SET movable = true")
})
afterAll(async () => {
  await owner.close()
  await database.drop()
})

const platformNow = async () =>
  Number((await owner.unsafe("SELECT extract(epoch FROM now()) * 1000 + offset_ms AS now FROM clock"))[0].now)
const jump = (days: number) => owner.unsafe("UPDATE clock SET offset_ms = offset_ms + $1::bigint", [days * day])
const sliceOf = (at: number) => `telemetry_${new Date(at).toISOString().slice(0, 10).replaceAll("-", "")}`
const slices = async (): Promise<Array<string>> =>
  (
    await owner.unsafe(
      "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'telemetry'::regclass ORDER BY 1"
    )
  ).map(({ name }: { name: string }) => name)
const whereIs = async (): Promise<Record<string, number>> =>
  Object.fromEntries(
    (await owner.unsafe("SELECT tableoid::regclass::text AS slice, count(*)::int AS rows FROM telemetry GROUP BY 1")).map(
      ({ slice, rows }: { slice: string; rows: number }) => [slice, rows]
    )
  )

const restricted = () => Postgres({ url: Redacted.make(database.url), connections: 2 })
const quiet = Layer.succeed(References.MinimumLogLevel, "Error" as const)
/** What a runner does at its start: one look, before anything else. */
const look = (days = 30) =>
  Effect.runPromise(Effect.scoped(Layer.build(TelemetrySlices({ days }).pipe(Layer.provide(restricted()), Layer.provide(quiet)))))
const hear = (at: number, metres = 1) =>
  Effect.runPromise(
    Telemetry.use((telemetry) =>
      telemetry.keep([
        {
          vin,
          heardAt: new Date(at).toISOString(),
          sample: { at: new Date(at).toISOString(), odometerMetres: metres, chargePercent: 50, parked: true, cabinCelsius: 20 }
        }
      ])
    ).pipe(
      Effect.provide(TelemetryStore.pipe(Layer.provide(Redis.layer({ url: "redis://127.0.0.1:9" })), Layer.provide(restricted()))),
      Effect.provide(quiet)
    )
  )

describe("a day of telemetry", () => {
  test("has its slice before its first sample, from the migration on, and two more wait", async () => {
    const now = await platformNow()
    expect(await slices()).toEqual([0, 1, 2].map((ahead) => sliceOf(now + ahead * day)).concat("telemetry_unsliced"))
    await hear(now)
    expect(await whereIs()).toEqual({ [sliceOf(now)]: 1 })
  })

  test("that nobody has seen coming keeps its samples all the same, and gets its slice with the next look", async () => {
    await jump(400)
    const now = await platformNow()
    await hear(now, 7)
    expect((await whereIs()).telemetry_unsliced).toBe(1)
    await look(1_000)
    expect((await whereIs())[sliceOf(now)]).toBe(1)
    expect((await whereIs()).telemetry_unsliced).toBeUndefined()
    expect(await slices()).toContain(sliceOf(now + 2 * day))
  })

  test("goes as a whole when it is older than is kept, and only then", async () => {
    const now = await platformNow()
    for (const ago of [29, 30, 31]) await hear(now - ago * day)
    await look(30) // Its samples move first, then the old go: what was heard late is no exception.
    const left = await slices()
    expect(left).toContain(sliceOf(now - 29 * day))
    expect(left).toContain(sliceOf(now - 30 * day))
    expect(left).not.toContain(sliceOf(now - 31 * day))
    expect(left.filter((name) => name < sliceOf(now - 30 * day))).toEqual([])
    expect(left).toContain("telemetry_unsliced")
  })

  test("is looked after by several runners at once", async () => {
    await jump(3)
    await Promise.all([look(), look(), look()])
    const now = await platformNow()
    expect((await slices()).filter((name) => name === sliceOf(now + 2 * day))).toHaveLength(1)
  })
})

describe("the newest sample of a car", () => {
  test("is found by an index in each slice, without a look at any table", async () => {
    const now = await platformNow()
    await hear(now, 42)
    await owner.unsafe(`
      INSERT INTO telemetry (vin, heard_at, car_at, odometer_metres, charge_percent, parked, cabin_celsius)
      SELECT 'VSSCAASZ1ZZ' || lpad((100000 + n)::text, 6, '0'), to_timestamp(${now} / 1000.0) - (n % 20) * interval '1 day', now(), n, 1, true, 1
      FROM generate_series(1, 20000) n`)
    await look()
    await owner.unsafe("ANALYZE telemetry")
    const plan = (await owner.unsafe(`EXPLAIN SELECT * FROM telemetry WHERE vin = '${vin}' ORDER BY heard_at DESC LIMIT 1`)).map(
      (row: Record<string, string>) => row["QUERY PLAN"]
    )
    expect(plan.join("\n")).not.toContain("Seq Scan on telemetry_2")
    expect(plan.filter((line: string) => /Index Scan/.test(line)).length).toBeGreaterThan(20)
    const [row] = await owner.unsafe(
      `SELECT odometer_metres::int AS metres FROM telemetry WHERE vin = '${vin}' ORDER BY heard_at DESC LIMIT 1`
    )
    expect(row.metres).toBe(42)
  })
})

describe("the platform's role", () => {
  const asRole = async (statement: string) => {
    const runtime = ManagedRuntime.make(restricted())
    try {
      return await runtime.runPromise(
        Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe(statement)).pipe(
          Effect.as("done"),
          Effect.catch((error) => Effect.succeed(String((error.reason.cause as { code?: unknown }).code)))
        )
      )
    } finally {
      await runtime.dispose()
    }
  }
  test("makes and drops slices by two functions that take no name, and no other way", async () => {
    const denied = "42501"
    const slice = sliceOf(await platformNow())
    expect(await asRole("SELECT make_telemetry_slices()")).toBe("done")
    expect(await asRole("SELECT drop_telemetry_slices(30)")).toBe("done")
    expect(await asRole("SELECT drop_telemetry_slices(0)")).toBe("P0001") // Not even today's.
    expect(await asRole("CREATE TABLE telemetry_19990101 ()")).toBe(denied)
    expect(await asRole(`DROP TABLE ${slice}`)).toBe(denied)
    expect(await asRole(`INSERT INTO ${slice} SELECT * FROM telemetry`)).toBe(denied) // By the whole alone.
    expect(await asRole("DELETE FROM telemetry")).toBe(denied)
    expect(await asRole("UPDATE telemetry SET vin = ''")).toBe(denied)
  })
})

describe("a database from before", () => {
  test("keeps its rows: each moves into its day", async () => {
    const now = await platformNow()
    const [today, yesterday, lastMonth] = [now, now - day, now - 35 * day]
    await owner.unsafe("DROP TABLE telemetry")
    await owner.unsafe("DROP FUNCTION make_telemetry_slices(), drop_telemetry_slices(integer)")
    await owner.unsafe(`
      CREATE TABLE telemetry (
        vin text NOT NULL, heard_at timestamptz NOT NULL, car_at timestamptz NOT NULL, odometer_metres bigint NOT NULL,
        charge_percent smallint NOT NULL, parked boolean NOT NULL, cabin_celsius smallint NOT NULL
      )`)
    await owner.unsafe("CREATE INDEX telemetry_by_vin ON telemetry (vin, heard_at)")
    await owner.unsafe("GRANT SELECT, INSERT ON telemetry TO caas_app")
    for (const at of [today, yesterday, yesterday, lastMonth])
      await owner.unsafe("INSERT INTO telemetry VALUES ($1, to_timestamp($2::float8 / 1000), now(), 5, 5, true, 5)", [vin, at])
    await Effect.runPromise(telemetryByDay.pipe(Effect.provide(PostgresOwner({ url: Redacted.make(database.url) }))))
    expect(await whereIs()).toEqual({ [sliceOf(today)]: 1, [sliceOf(yesterday)]: 2, [sliceOf(lastMonth)]: 1 })
    await hear(now)
    expect((await whereIs())[sliceOf(today)]).toBe(2)
    await look(30)
    expect((await whereIs())[sliceOf(lastMonth)]).toBeUndefined()
  })
})
