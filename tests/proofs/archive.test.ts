/** Everything closed in a town is archived: replay, dedupe, verify and whoever looks say what they said before. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { SQL } from "bun"
import { Order } from "#actors/addresses.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import { partitionOf } from "#actors/system/partition.ts"
import { seenBy } from "#integrations/postgres/seen-by.ts"
import { FactoryReportedInProgress } from "#machines/order-messages.ts"
import { SubjectId } from "#machines/vocabulary.ts"
import { CarOwner } from "#src/demo/car-owner.ts"
import { letClockMove } from "#src/demo/database.ts"
import { startTown } from "#src/demo/town.ts"
import { ledgersOf, type PartnerLedgers } from "#src/verify/partner-ledgers.ts"
import { heardAs } from "#src/views/heard.ts"
import { startEngine } from "#tests/bench/engine.ts"
import { type Database, freshDatabase } from "#tests/database.ts"
import { program } from "#tests/journeys/program.ts"
import { delivered, ordered, sold } from "#tests/journeys/town.ts"
import { look } from "./plants.ts"

const anOperator = { subjectId: SubjectId.make("sub_operator"), role: "operator", dealershipId: null } as const

let database: Database
let sql: SQL
let ledgers: PartnerLedgers
let orders: { readonly delivered: string; readonly cancelled: string; readonly open: string }
const seen: Array<unknown> = [] // By the people, before and after.

/** A car in its owner's hands with a service that was withdrawn, an order that the factory gave up, and one that is still open. */
const tellTown = async () => {
  await letClockMove(database.url)
  const town = await startTown({ databaseUrl: database.url, natsUrl: process.env.NATS_URL!, redisUrl: process.env.REDIS_URL! })
  try {
    const seller = await town.seller("Seller 1")
    town.world.fleet.buildFor("nats")
    const first = await delivered(town, { seller, name: "Customer 1" })
    const owner = new CarOwner(first.customer, first.vin)
    const term = { kind: "temporary", count: 7, unit: "day" }
    const { activationId } = (await owner.buys({ option: "snow-mode", term, paymentMethod: "tok_ok" })).body
    await owner.sees(activationId, "active captured")
    expect(await owner.withdraws(activationId)).toMatchObject({ status: 200 })
    await owner.sees(activationId, "withdrawn refunded")
    const given = await ordered(town, { seller, name: "Customer 2" })
    town.world.factory.cancel(given.orderId, "no_parts")
    await given.customer.sees(given.orderId, "cancelled")
    const open = await sold(town, { seller, name: "Customer 3" })
    await town.settled()
    orders = { delivered: first.orderId, cancelled: given.orderId, open: open.orderId }
    ledgers = await ledgersOf({ ...town.world.env, ...town.world.ledgers })()

    const operator = await town.operator("Operator 1")
    const lookAround = async () => {
      const [actor, journal] = await Promise.all(
        ["", "/journal?limit=100"].map((rest) => operator.does("GET", `/api/operator/actors/order/${first.orderId}${rest}`))
      )
      return {
        order: await first.customer.order(first.orderId),
        service: (await first.customer.ask("GET", `/api/me/vehicles/${first.vin}/activations/${activationId}`)).body,
        sale: await seller.sale(first.orderId),
        actor,
        journal,
        done: (await operator.does("GET", "/api/operator/outbox?state=done&limit=100")).commands,
        discarded: await operator.does("GET", "/api/operator/outbox?state=discarded"),
        retried: (
          await operator.ask("POST", `/api/operator/outbox/order%2F${first.orderId}%231.0/retry`, { body: { reason: "again" } })
        ).body
      }
    }
    seen.push(await lookAround())
    await archived("0d") // The platform is at work meanwhile.
    seen.push(await lookAround())
  } finally {
    await town.stop()
  }
}

const archived = async (closedFor: string, ...more: ReadonlyArray<string>) => {
  const { output, errors, code } = await program(["archive", "--closed-for", closedFor, ...more], { DATABASE_URL: database.url })
  expect({ errors, code }).toEqual({ errors: "", code: 0 })
  return output.trim()
}
const verified = async () => {
  const heard =
    await sql`SELECT path, message_id AS "messageId" FROM whole.journal WHERE message_id LIKE 'sub_%' ORDER BY path, version`
  const history = [...heard].map((act) => ({ ...act, saw: "ok" as const }))
  const report = await look(database.url, { quiet: true, partners: async () => ledgers, history })
  expect(report.invariants.flatMap(({ id, violations }) => violations.map((violation) => `${id} ${violation}`))).toEqual([])
  return report
}
/** Back to where everything lay before anything was archived. */
const unarchived = () =>
  sql.begin(async (tx) => {
    for (const table of ["journal", "outbox"]) {
      await tx.unsafe(`INSERT INTO ${table} SELECT * FROM archive.${table}`)
      await tx.unsafe(`TRUNCATE archive.${table}`)
    }
    await tx.unsafe("UPDATE actors SET archived = false")
  })
const counts = async () => ({
  ...(
    await sql`
      SELECT (SELECT count(*)::int FROM journal) AS turns, (SELECT count(*)::int FROM outbox) AS commands,
             (SELECT count(*)::int FROM archive.journal) AS "oldTurns", (SELECT count(*)::int FROM archive.outbox) AS "oldCommands",
             (SELECT count(*)::int FROM actors WHERE closed) AS closed, (SELECT count(*)::int FROM actors WHERE archived) AS archived`
  )[0]
})

describe("a town whose closed actors are archived", () => {
  beforeAll(async () => {
    database = await freshDatabase()
    sql = new SQL(database.url, { max: 2 })
    await tellTown()
  }, 60_000)
  afterAll(async () => {
    await sql?.close()
    await database?.drop()
  })

  test("looks the same to its customers, its dealers and its operators", () => {
    const [before, after] = seen as [any, any]
    expect(after).toEqual(before)
    expect(before.journal.entries.length).toBeGreaterThan(8)
    expect(before.actor.outbox.length).toBeGreaterThan(4)
    expect(before.retried.reason).toBe("NotParked")
    expect(before.order.timeline.length).toBeGreaterThan(4)
  })

  test("has its open actors where they were, and its closed ones whole in the archive", async () => {
    const { turns, commands, oldTurns, oldCommands, closed, archived } = await counts()
    expect([closed, archived]).toEqual([3, 3])
    expect(oldTurns).toBeGreaterThan(20)
    expect(oldCommands).toBeGreaterThan(15)
    expect(turns).toBeGreaterThan(5)
    expect(commands).toBeGreaterThan(0)
    const left = await sql`
      SELECT path FROM actors WHERE archived AND (path IN (SELECT path FROM journal) OR path IN (SELECT path FROM outbox))`
    expect([...left]).toEqual([])
  })

  test("verifies to the very same report, before, after, and moved in ever so small steps", async () => {
    const after = await verified()
    const all = await counts()
    await unarchived()
    expect(await verified()).toEqual(after)
    expect(await archived("1d", "--dry-run")).toBe("0 actors would move, with 0 turns and 0 commands.")
    expect(await archived("0d", "--dry-run")).toBe(
      `3 actors would move, with ${all.oldTurns} turns and ${all.oldCommands} commands.`
    )
    expect(await counts()).toMatchObject({ archived: 0, oldTurns: 0 })
    expect(await archived("0d", "--limit", "1")).toMatch(/^1 actors moved/)
    expect(await counts()).toMatchObject({ archived: 1 })
    expect(await verified()).toEqual(after)
    expect(await archived("0d")).toMatch(/^2 actors moved/)
    expect(await counts()).toEqual(all)
    expect(await verified()).toEqual(after)
  })

  test("answers duplicates as before and hears what comes late, once, with nobody in memory", async () => {
    const path = `order/${orders.cancelled}`
    const before = await verified()
    const old = await sql`
      SELECT message_id AS id, type, body::text, version, reply::text, outcome FROM archive.journal WHERE path = ${path} ORDER BY version`
    expect(old.length).toBeGreaterThan(3)
    const late = FactoryReportedInProgress.make({ factoryOrderId: "fo_late" })
    const [person] = await sql`SELECT subject_id AS id FROM persons LIMIT 1`
    const lateId = `${person.id}/late/1` // Somebody has to have caused it, by a request that is in the audit.
    const correlation = `req_${crypto.randomUUID()}`
    await sql`
      INSERT INTO audit (at, request_id, session_id, subject_id, role, method, route, objects)
      VALUES (now(), ${correlation}, 'ses_late', ${person.id}, 'customer', 'POST', '/late', '{}')`

    const engine = await startEngine(database.url)
    try {
      const tell = (message: any, id: string) =>
        engine.runPromise(ActorSystem.use((actors) => actors.tell(Order.at(orders.cancelled), message, { id, correlation })))
      for (const { id, type, body, version, reply, outcome } of old)
        if (!type.startsWith("xstate."))
          expect(await tell({ type, ...JSON.parse(body) }, id)).toEqual({
            _tag: "Standing",
            version,
            state: JSON.parse(reply),
            outcome,
            duplicate: true
          })
      const heard = await tell(late, lateId)
      expect(heard).toMatchObject({ version: old.at(-1).version + 1, state: "cancelled", duplicate: false })
      expect(await tell(late, lateId)).toEqual({ ...heard, duplicate: true })
      const same = await engine.runPromise(seenBy(anOperator)(heardAs(path, old[0].id)))
      expect(same).toMatchObject({ type: "RegisterSale" })
    } finally {
      await engine.dispose()
    }
    const rows = await sql`SELECT message_id AS id FROM journal WHERE partition = ${partitionOf(path)} AND path = ${path}`
    expect([...rows]).toEqual([{ id: lateId }])
    const after = await verified()
    expect(after.invariants.find(({ id }) => id === "I01")).toEqual(before.invariants.find(({ id }) => id === "I01"))
    expect(await archived("0d")).toBe("1 actors moved, with 1 turns and 0 commands.")
    expect(await verified()).toEqual(after)
  })

  test("is refused by the command where it is called wrongly", async () => {
    for (const args of [["--closed-for", "soon"], ["--limit", "0"], ["--limit", "many"], ["everything"]])
      expect([args, (await program(["archive", ...args], { DATABASE_URL: database.url })).code]).toEqual([args, 2])
  })
})
