/** A rehearsal tells of a change before anybody lives it: on the golden lives, in the tables of a platform. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { SQL } from "bun"
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import { Order } from "#actors/addresses.ts"
import { order } from "#actors/order.ts"
import { registry } from "#actors/registry.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import type { AnyBehavior } from "#actors/system/behavior.ts"
import { ActorHost } from "#actors/system/host.ts"
import { InProcessActorSystem } from "#actors/system/in-process.ts"
import { partitionOf } from "#actors/system/partition.ts"
import { PostgresActorStore } from "#actors/system/postgres.ts"
import { statePathOf } from "#actors/system/turn.ts"
import { vehicle } from "#actors/vehicle.ts"
import { Postgres, PostgresOwner } from "#integrations/postgres/postgres.ts"
import { CommandParked } from "#machines/vocabulary.ts"
import type { Life } from "#src/rehearse/life.ts"
import { isFit, type RehearsalOptions, rehearse } from "#src/rehearse/rehearse.ts"
import { MovedTime } from "../actors/house.ts"
import { type Database, freshDatabase } from "../database.ts"
import { program } from "../journeys/program.ts"

const root = join(import.meta.dir, "..", "..")
const golden = join(root, "tests/machines/golden")
let database: Database
let sql: SQL
const lives = new Map<string, Life>()

beforeAll(async () => {
  database = await freshDatabase()
  sql = new SQL(database.url, { max: 1 })
  await sql`SET session_replication_role = replica` // Other actors' rows, which some of theirs refer to, are not among them.
  for (const file of readdirSync(golden))
    for (const line of readFileSync(join(golden, file), "utf8").trim().split("\n")) {
      const life: Life = JSON.parse(line)
      if (lives.has(life.path)) continue // The simulated factory begins with the same car in each town.
      lives.set(life.path, life)
      await keep(life)
    }
})
afterAll(async () => {
  await sql.close()
  await database.drop()
})

/** As the committer would have left it. */
const keep = async ({ path, version, machineVersion, state, stateSince, facets, timers, heard, commands, records }: Life) => {
  const partition = partitionOf(path)
  const rows = (many: ReadonlyArray<object>) => JSON.stringify(many.map((row) => ({ ...row, partition, path })))
  const { closed, country, dealershipId, subjectId, vin } = facets as Record<string, any>
  const due = Object.values(timers).map(({ due }) => due)
  await sql`
    INSERT INTO actors (path, partition, version, epoch, machine_version, state, type, state_path, state_since, next_timer_at, closed, country, dealership_id, subject_id, vin)
    VALUES (${path}, ${partition}, ${version}, 1, ${machineVersion}, ${JSON.stringify(state)}::text::jsonb, ${path.split("/")[0]}, ${statePathOf(state.value)},
      ${new Date(stateSince)}, ${due.length === 0 ? null : new Date(Math.min(...due))}, ${closed}, ${country}, ${dealershipId}, ${subjectId}, ${vin})`
  await sql`
    INSERT INTO journal
    SELECT partition, path, version, "messageId", to_timestamp(at / 1000), type, body, reply, outcome, ${machineVersion}, 1, 'cause', 'correlation'
    FROM jsonb_to_recordset(${rows(heard)}::text::jsonb)
      AS row (partition smallint, path text, version int, "messageId" text, at float8, type text, body jsonb, reply jsonb, outcome text)`
  await sql`
    INSERT INTO outbox (partition, path, version, position, lane, type, body, state, due_at, at, correlation)
    SELECT partition, path, version, position, lane, type, body, 'done', now(), now(), 'correlation'
    FROM jsonb_to_recordset(${rows(commands)}::text::jsonb)
      AS row (partition smallint, path text, version int, position smallint, lane text, type text, body jsonb)`
  const set = Object.entries(timers).map(([timerId, timer]) => ({ timerId, ...timer }))
  await sql`
    INSERT INTO timers
    SELECT partition, path, "timerId", "setVersion", to_timestamp(due / 1000), to_timestamp(due / 1000)
    FROM jsonb_to_recordset(${rows(set)}::text::jsonb) AS row (partition smallint, path text, "timerId" text, "setVersion" int, due float8)`
  for (const { table, columns, ...at } of records) {
    const row = { ...columns, ...at, partition, path, at: new Date(0).toISOString() }
    const names = Object.keys(row).join(", ")
    await sql.unsafe(
      `INSERT INTO ${table} (${names}) SELECT ${names} FROM jsonb_populate_record(NULL::${table}, $1::text::jsonb)`,
      [JSON.stringify(row)]
    )
  }
}

const rehearsed = (options: RehearsalOptions = {}) =>
  Effect.runPromise(Effect.provide(rehearse(options), PostgresOwner({ url: Redacted.make(database.url) })))
const countOf = (type: string, isSo: (life: Life) => boolean) =>
  [...lives.values()].filter((life) => life.path.startsWith(`${type}/`) && isSo(life)).length
const versionOf = (path: string) => registry.find(({ type }) => path.startsWith(`${type.name}/`))!.machineVersion
const command = (...args: ReadonlyArray<string>) => program(["rehearse", ...args], { DATABASE_URL: database.url })

describe("a rehearsal", () => {
  test("finds what is alive identical, or that it would migrate; exit code 0", async () => {
    const { code, output } = await command("--json")
    const { fit, machines } = JSON.parse(output)
    expect([code, fit]).toEqual([0, true])
    for (const { type, machineVersion } of registry) {
      const identical = countOf(type.name, (life) => life.machineVersion === machineVersion)
      const migrates = countOf(type.name, (life) => life.machineVersion < machineVersion)
      expect(identical).toBeGreaterThan(0)
      expect(machines).toContainEqual(
        expect.objectContaining({ type: type.name, identical, migrates, diverged: 0, unrestorable: 0, unperformed: 0 })
      )
    }
    expect(countOf("vehicle", (life) => life.machineVersion === 1)).toBeGreaterThan(0)
  })

  test("names the first event that would be answered otherwise, and the field", async () => {
    const changed: AnyBehavior = { ...order, lane: (one) => (one.type === "MoveVehicle" ? "lorry" : order.lane(one)) }
    const [said] = await rehearsed({ registry: [changed] })
    const moved = [...lives.values()].filter(
      ({ path, machineVersion, commands }) =>
        path.startsWith("order/") && machineVersion === order.machineVersion && commands.some(({ type }) => type === "MoveVehicle")
    )
    expect(moved.length).toBeGreaterThan(0)
    expect(said!.diverged).toBe(moved.length)
    for (const { path, commands } of moved) {
      const { version, position, lane } = commands.find(({ type }) => type === "MoveVehicle")!
      expect(said!.findings).toContainEqual(
        expect.objectContaining({ path, version, field: `commands[${position}].lane`, was: lane, wouldBe: "lorry" })
      )
    }
    expect(isFit([said!])).toBe(false)
  })

  test("sees another snapshot, another wait and a message that would be refused now", async () => {
    const facets: AnyBehavior = { ...vehicle, facets: (state) => ({ ...vehicle.facets(state), closed: true }) }
    const [said] = await rehearsed({ registry: [facets] })
    expect(said!.findings[0]).toMatchObject({ _tag: "diverged", field: "facets.closed", was: false, wouldBe: true })

    const strict: AnyBehavior = { ...order, machine: order.machine.provide({ guards: { askedByAStranger: () => true } }) }
    const [refused] = await rehearsed({ registry: [strict] })
    expect(refused!.findings).toContainEqual(
      expect.objectContaining({
        type: "PayReservation",
        field: "outcome",
        was: "handled",
        wouldBe: expect.stringContaining("refused as NotYourOrder")
      })
    )
    const waiting = [...lives.values()].find(
      ({ path, machineVersion, timers }) => machineVersion === versionOf(path) && Object.keys(timers).length > 0
    )!
    const [timerId] = Object.keys(waiting.timers)
    const kind = registry.find(({ type }) => waiting.path.startsWith(`${type.name}/`))!
    const hasty: AnyBehavior = {
      ...(kind as AnyBehavior),
      machine: kind.machine.provide({ delays: { [timerId!.split(".")[2]!]: 1 } } as any)
    }
    const [sooner] = await rehearsed({ registry: [hasty] })
    expect(sooner!.findings).toContainEqual(expect.objectContaining({ path: waiting.path, field: `timers.${timerId}.due` }))

    const nothing: AnyBehavior = { ...order, machine: vehicle.machine }
    const [none] = await rehearsed({ registry: [nothing] })
    expect(none!.unrestorable).toBe(none!.actors)
    expect(none!.findings[0]).toMatchObject({ _tag: "unrestorable", why: expect.stringContaining("vehicle") })
  })

  test("finds that no way leads to the new version, that one is newer than this code, and a command that nobody would perform", async () => {
    const next: AnyBehavior = { ...order, machineVersion: order.machineVersion + 1 }
    const [said] = await rehearsed({ registry: [next] })
    expect(said).toMatchObject({ identical: 0, unrestorable: said!.actors })
    expect(said!.findings[0]).toMatchObject({ why: expect.stringMatching(/no migration from version [123]/) })
    const [ways] = await rehearsed({
      registry: [{ ...next, migrations: { ...order.migrations, [order.machineVersion]: (left) => left } }]
    })
    expect(ways).toMatchObject({ migrates: ways!.actors, unrestorable: 0 })
    const [older] = await rehearsed({ registry: [{ ...order, machineVersion: 1 }] })
    expect(older!.unrestorable).toBe(countOf("order", ({ machineVersion }) => machineVersion > 1))

    const without = await rehearsed({ registry: registry.filter(({ type }) => type.name !== "activation") })
    const forgotten = countOf("activation", () => true)
    expect(without).toContainEqual(expect.objectContaining({ type: "activation", actors: forgotten, unrestorable: forgotten }))
    expect(isFit(without)).toBe(false)

    await sql`UPDATE outbox SET state = 'waiting' WHERE type = 'MoveVehicle'`
    const { MoveVehicle: _, ...perform } = order.perform
    const [deaf] = await rehearsed({ registry: [{ ...order, perform } as AnyBehavior] })
    expect(deaf!.unperformed).toBeGreaterThan(0)
    expect(isFit([deaf!])).toBe(false)
    await sql`UPDATE outbox SET state = 'done'`
  })

  test("of a sample looks at so many, of a kind at that kind, and writes what a release keeps", async () => {
    const [vehicles, ...others] = await rehearsed({ types: new Set(["vehicle"]), sample: 2 })
    expect([vehicles!.actors, others]).toEqual([2, []])

    const folder = mkdtempSync(join(tmpdir(), "caas-golden-"))
    try {
      const { code, errors } = await command("--golden", folder)
      expect([code, errors]).toEqual([0, expect.stringContaining(`order-${order.machineVersion}.jsonl`)])
      expect(readdirSync(folder).sort()).toEqual(readdirSync(golden).sort())
      for (const file of readdirSync(folder))
        for (const line of readFileSync(join(folder, file), "utf8").trim().split("\n")) {
          const life: Life = JSON.parse(line)
          expect(life).toMatchObject({ ...lives.get(life.path)! })
        }
      expect((await command("--golden", folder)).errors).not.toContain("written") // What is released stays as it was.
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test("finds everybody identical who has taken one more turn, those of older releases included: replays begin where they were migrated", async () => {
    const runtime = ManagedRuntime.make(
      InProcessActorSystem.pipe(
        Layer.provideMerge(ActorHost.layer(registry)),
        Layer.provideMerge(PostgresActorStore(registry)),
        Layer.provideMerge(Postgres({ url: Redacted.make(database.url), connections: 4 })),
        Layer.provideMerge(new MovedTime().layer)
      )
    )
    const parked = CommandParked.make({ commandId: "none", command: "Notify", cause: "a test" })
    const told = await runtime.runPromise(
      ActorSystem.use((actors) =>
        Effect.forEach([...lives.keys()], (path) => actors.tell({ type: Order as any, path }, parked, { id: "test/parked" }), {
          concurrency: "unbounded"
        })
      )
    )
    await runtime.dispose()
    expect(told.length).toBe(lives.size)
    const all = await rehearsed()
    expect(isFit(all)).toBe(true)
    for (const { actors, identical } of all) expect(identical).toBe(actors)
    const [{ migrations }] = (await sql`SELECT count(*)::int AS migrations FROM journal WHERE type = 'Migrated'`) as any
    expect(migrations).toBe([...lives.values()].filter(({ path, machineVersion }) => machineVersion < versionOf(path)).length)
    const [{ skipped }] = (await sql`
      SELECT count(*)::int AS skipped FROM actors a WHERE version <> (SELECT count(*) FROM journal j WHERE j.path = a.path)`) as any
    expect(skipped).toBe(0)
  })

  test("ends with exit code 1 and the sentence where something diverged; 2 where it is called wrongly", async () => {
    const [path] = [...lives].find(
      ([path, { machineVersion }]) => path.startsWith("order/") && machineVersion === order.machineVersion
    )!
    await sql`UPDATE actors SET state = jsonb_set(state, '{context,country}', '"XX"') WHERE path = ${path}`
    const { code, output } = await command("--type", "order")
    expect(code).toBe(1)
    expect(output).toContain(`${path} diverges at event ${lives.get(path)!.version + 1} or before`)
    expect(output).toContain('snapshot.context.country was "XX"')
    expect((await command("--type", "lorry")).code).toBe(2)
  })
})
