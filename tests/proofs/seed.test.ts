/** A seeded database is one that the platform could have left: every invariant holds on it, and the platform goes on from there. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { SQL } from "bun"
import { Effect, Layer, ManagedRuntime, Redacted, References } from "effect"
import { Order } from "#actors/addresses.ts"
import { registry } from "#actors/registry.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import { ActorHost } from "#actors/system/host.ts"
import { InProcessActorSystem } from "#actors/system/in-process.ts"
import { partitionOf } from "#actors/system/partition.ts"
import { PostgresActorStore } from "#actors/system/postgres.ts"
import { Persons } from "#integrations/persons/persons.ts"
import { PersonsPostgres } from "#integrations/persons/postgres.ts"
import { PlatformTimePostgres } from "#integrations/postgres/clock.ts"
import { Postgres, PostgresOwner } from "#integrations/postgres/postgres.ts"
import { signingKeyOf } from "#integrations/vehicle-trust/keys.ts"
import { VehicleTrustPostgres } from "#integrations/vehicle-trust/postgres.ts"
import { VehicleTrust } from "#integrations/vehicle-trust/vehicle-trust.ts"
import { PayFinalAmount } from "#machines/order.ts"
import { OrderId, SubjectId, Vin } from "#machines/vocabulary.ts"
import { run } from "#src/commands/seed.ts"
import { isFit, rehearse } from "#src/rehearse/rehearse.ts"
import { carKey } from "#src/seed/car-key.ts"
import { plateOf } from "#src/seed/plates.ts"
import { lineOf, progressBar } from "#src/seed/progress.ts"
import { lives, writeCars } from "#src/seed/seed.ts"
import { verify } from "#src/verify/verify.ts"
import { type Database, freshDatabase } from "#tests/database.ts"

const personsKey = Redacted.make(new Uint8Array(32).fill(7))
const vehicles = 240

let database: Database
let owner: SQL
const told: Array<number> = []
let kinds: Awaited<ReturnType<typeof lives>>
const seed = (vehicles: number) =>
  writeCars({ url: database.url, vehicles, seed: "a", personsKey, progress: (n) => told.push(n) }, kinds)

beforeAll(async () => {
  database = await freshDatabase()
  owner = new SQL(database.url, { max: 2 })
  kinds = await lives({ url: database.url, personsKey })
  await seed(vehicles)
})
afterAll(async () => {
  await owner.close()
  await database.drop()
})

const count = async (from: string) => (await owner.unsafe(`SELECT count(*)::int AS n FROM ${from}`))[0].n as number
const violations = async () =>
  (
    await verify({ quiet: true }).pipe(Effect.provide(PostgresOwner({ url: Redacted.make(database.url) })), Effect.runPromise)
  ).invariants
    .filter(({ violations }) => violations.length > 0)
    .map(({ id, violations }) => [id, violations[0]])

const platform = () => {
  const signingKey = Redacted.make(signingKeyOf(Buffer.alloc(32, 1).toString("base64"))!)
  const Ground = Layer.provideMerge(PlatformTimePostgres, Postgres({ url: Redacted.make(database.url), connections: 4 }))
  return ManagedRuntime.make(
    InProcessActorSystem.pipe(
      Layer.provideMerge(ActorHost.layer(registry)),
      Layer.provideMerge(
        Layer.mergeAll(
          PostgresActorStore(registry),
          PersonsPostgres({ key: personsKey }),
          VehicleTrustPostgres({ signingKey, catalogue: "" })
        )
      ),
      Layer.provideMerge(Ground),
      Layer.provideMerge(Layer.succeed(References.MinimumLogLevel, "Error"))
    )
  )
}

describe("a seeded database", () => {
  test("holds what it was asked for: each car with its order and its owner, some with services, all in their partitions", async () => {
    expect(told.at(-1)).toBe(vehicles)
    expect(await count("actors WHERE type = 'vehicle'")).toBe(vehicles)
    expect(await count("actors WHERE type = 'order'")).toBe(vehicles)
    expect(await count("actors WHERE type = 'activation'")).toBeGreaterThan(vehicles / 5)
    expect(await count("persons")).toBe(vehicles + 6) // A seller at each dealership.
    expect(await count("outbox WHERE state <> 'done'")).toBe(0)
    const states = await owner.unsafe("SELECT DISTINCT state_path FROM actors WHERE type = 'order'")
    expect(states.map(({ state_path }: { state_path: string }) => state_path).sort()).toEqual([
      "delivered",
      "forfeited",
      "manufacturing.awaitingFinalPayment",
      "registered.inTransit"
    ])
    for (const { path, partition } of await owner.unsafe("SELECT path, partition FROM actors"))
      expect(partition).toBe(partitionOf(path))
    expect(await count("actors WHERE to_jsonb(actors)::text ~ 'SAMPLE|key-of|plate of'")).toBe(0)
    expect(await count("journal WHERE to_jsonb(journal)::text ~ 'SAMPLE|key-of|plate of'")).toBe(0)
  })

  test("takes more cars, which get numbers of their own", async () => {
    await seed(60)
    expect(await count("actors WHERE type = 'vehicle'")).toBe(vehicles + 60)
    expect((await owner.unsafe("SELECT max(vin) AS vin FROM actors"))[0].vin).toBe("VSSSEED1000000300")
    expect(await count("persons")).toBe(vehicles + 60 + 6)
  })

  test("contradicts itself nowhere: every journal replays to its snapshot, rows and timers, every signature is its car's", async () =>
    expect(await violations()).toEqual([]))

  test("is what the code at hand would have made of the same words", async () => {
    const rehearsed = await rehearse().pipe(Effect.provide(PostgresOwner({ url: Redacted.make(database.url) })), Effect.runPromise)
    expect(isFit(rehearsed)).toBe(true)
    expect(rehearsed.reduce((sum, { identical }) => sum + identical, 0)).toBe(await count("actors"))
  })

  test("is where the platform goes on: it knows what was heard, who owns a car, and which car speaks", async () => {
    const runtime = platform()
    try {
      const [waiting] = await owner.unsafe(`
        SELECT state -> 'context' ->> 'orderId' AS "orderId", subject_id AS "subjectId", version
        FROM actors
        WHERE state_path = 'manufacturing.awaitingFinalPayment'
        LIMIT 1`)
      const [to, customerId] = [Order.at(OrderId.make(waiting.orderId)), SubjectId.make(waiting.subjectId)]
      const pay = (key: string) =>
        runtime.runPromise(
          ActorSystem.use((actors) =>
            actors.tell(to, PayFinalAmount.make({ customerId, paymentMethod: "tok_ok" }), {
              id: `${customerId}/pay/${waiting.orderId}/${key}`
            })
          )
        )
      expect(await pay("deposit")).toMatchObject({ duplicate: true, version: 2 })
      expect(await pay("final")).toMatchObject({ duplicate: false, version: waiting.version + 1, outcome: "handled" })

      const person = await runtime.runPromise(Persons.use((persons) => persons.read(customerId)))
      const serial = customerId.slice("sub_seed-".length)
      expect(person).toMatchObject({ name: `Customer ${serial}`, email: `customer.${serial}@seed.example` })
      expect(await runtime.runPromise(Persons.use((persons) => persons.findByEmail(person.email)))).toBe(customerId)

      const [said] = await owner.unsafe(`
        SELECT vin, bytes, receipt_id AS "receiptId", public_key AS "publicKey" FROM vehicle_reports JOIN vehicle_keys USING (vin) LIMIT 1`)
      const believed = await runtime.runPromise(VehicleTrust.use((trust) => trust.read(Vin.make(said.vin), said.bytes)))
      expect(believed).toMatchObject({ receiptId: said.receiptId, report: { vin: said.vin } })
      expect(carKey("a", said.vin.slice(-9)).publicKey).toBe(said.publicKey) // The same seed, the same cars.
    } finally {
      await runtime.dispose()
    }
  })
})

describe("seeding", () => {
  const saying = async (args: string[], env: Record<string, string>) => {
    const before = { ...process.env }
    const lines: Array<string> = []
    const error = console.error
    console.error = (line: string) => void lines.push(line)
    try {
      Object.assign(process.env, { PERSONS_KEY: Buffer.alloc(32, 7).toString("base64"), ...env })
      return { code: await run(args), said: lines.join("\n") }
    } finally {
      console.error = error
      Object.assign(process.env, before)
    }
  }
  test("leaves alone what is not on this machine, and what is in use, unless it is told twice", async () => {
    expect(await saying([], { DATABASE_URL: "postgres://u:p@db.example.com/caas" })).toMatchObject({
      code: 1,
      said: expect.stringContaining("not on this machine")
    })
    expect(await saying([], { DATABASE_URL: database.url })).toMatchObject({
      code: 1,
      said: expect.stringMatching(/has [\d,]+ actors already/)
    })
    expect((await saying([], { DATABASE_URL: "" })).code).toBe(1)
    for (const args of [
      ["--vehicles", "0"],
      ["--vehicles", "many"],
      ["--vehicles", "6000000"],
      ["--cars", "3"]
    ])
      expect((await saying(args, { DATABASE_URL: database.url })).code).toBe(2)
  })

  test("begins on no database that the platform would not start on", async () => {
    const other = await freshDatabase()
    const sql = new SQL(other.url, { max: 1 })
    try {
      await sql`DELETE FROM partitions WHERE partition = 5`
      await expect(saying(["--vehicles", "1"], { DATABASE_URL: other.url })).rejects.toThrow("This database has 63 partitions")
      expect((await sql`SELECT count(*)::int AS n FROM actors`)[0].n).toBe(0)
    } finally {
      await sql.close()
      await other.drop()
    }
  })

  test("says how far it has come, how fast, and how long it will take", () => {
    expect(lineOf(250_000, 1_000_000, 100)).toBe("[########----------------------] 250,000 of 1,000,000  2,500/s  5 min 0 s left")
    expect(lineOf(1_000_000, 1_000_000, 400)).toEndWith("2,500/s  in 6 min 40 s")
    let now = 0
    const shown: Array<string> = []
    const progress = progressBar(100, { isTTY: false, write: (text) => shown.push(text) }, () => now)
    for (let done = 1; done <= 100; done++, now += 250) progress(done)
    expect(shown).toHaveLength(4) // A line every ten seconds, and the last.
    expect(shown.at(-1)).toContain("100 of 100")
  })

  test("gives no plate twice", () => {
    for (const country of ["ES", "DE", "FR", "PT", "IT"] as const) {
      const plates = [0, 1, 9, 10, 17, 18, 179, 180, 999, 4_999_999, 5_000_000].map((n) => plateOf(country, n))
      expect(new Set(plates).size).toBe(plates.length)
    }
    expect(plateOf("ES", 1)).toMatch(/^\d{4} [B-Z]{3}$/)
    expect(() => plateOf("DE", 60_000_000)).toThrow("no plate left")
  })
})
