/** Platform time is the database's: what this machine takes the date for does not matter. */
import { afterEach, describe, expect, setSystemTime, test } from "bun:test"
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { PlatformTimePostgres } from "#integrations/postgres/clock.ts"
import { PostgresOwner } from "#integrations/postgres/postgres.ts"
import { PlatformTime } from "#integrations/postgres/time.ts"
import { freshDatabase } from "../database.ts"

const day = 24 * 60 * 60 * 1000

describe("platform time", () => {
  afterEach(() => void setSystemTime())

  test("is the database's, and stays so when this machine's date is set to another one", async () => {
    const database = await freshDatabase()
    const runtime = ManagedRuntime.make(
      PlatformTimePostgres.pipe(Layer.provideMerge(PostgresOwner({ url: Redacted.make(database.url) })))
    )
    const now = () => runtime.runPromise(PlatformTime.useSync((time) => time.now()))
    const truth = () =>
      runtime.runPromise(
        Effect.map(
          SqlClient.SqlClient.use(
            (sql) => sql<{ now: number }>`SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now`
          ),
          ([row]) => row!.now
        )
      )
    try {
      expect(Math.abs((await now()) - (await truth()))).toBeLessThan(1_000)
      expect(Number.isInteger(await now())).toBe(true)
      for (const jump of [3 * day, -3 * day]) {
        setSystemTime(new Date(Date.now() + jump))
        expect(Math.abs((await now()) - (await truth()))).toBeLessThan(1_000)
        setSystemTime()
      }
      const before = await now()
      // It never runs backwards: corrected by a slow round trip, it waits for a moment.
      for (const end = performance.now() + 5_000; (await now()) <= before && performance.now() < end; ) await Bun.sleep(30)
      expect(await now()).toBeGreaterThan(before)
    } finally {
      await runtime.dispose()
      await database.drop()
    }
  })

  test("is moved by those who may only, and never back", async () => {
    const database = await freshDatabase()
    const runtime = ManagedRuntime.make(
      PlatformTimePostgres.pipe(Layer.provideMerge(PostgresOwner({ url: Redacted.make(database.url) })))
    )
    try {
      const exit = await runtime.runPromise(Effect.exit(PlatformTime.use((time) => time.advance(day))))
      expect(String(exit)).toContain("clock.movable is false")
      await runtime.runPromise(SqlClient.SqlClient.use((sql) => sql`UPDATE clock SET movable = true`))
      const before = await runtime.runPromise(PlatformTime.useSync((time) => time.now()))
      await runtime.runPromise(PlatformTime.use((time) => time.advance(day)))
      expect((await runtime.runPromise(PlatformTime.useSync((time) => time.now()))) - before).toBeGreaterThanOrEqual(day)
    } finally {
      await runtime.dispose()
      await database.drop()
    }
  })
})
