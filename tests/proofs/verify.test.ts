/** Verify finds nothing in a town where all went well, and finds each thing that somebody plants there. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { join } from "node:path"
import { letClockMove } from "#src/demo/database.ts"
import { startTown } from "#src/demo/town.ts"
import type { Report } from "#src/verify/findings.ts"
import { type InvariantId, invariants } from "#src/verify/invariants.ts"
import { ledgersOf } from "#src/verify/partner-ledgers.ts"
import { type Database, freshDatabase } from "#tests/database.ts"
import { built, day, ordered, pays, registered, sold } from "#tests/journeys/town.ts"
import { auditPlants, witnessed } from "./audit-plants.ts"
import { erasurePlants } from "./erasure-plants.ts"
import { invoicePlants } from "./invoice-plants.ts"
import { type GoodOrders, orderPlants } from "./order-plants.ts"
import { isFound, look, violated, withOwner } from "./plants.ts"
import { servicePlants } from "./service-plants.ts"

let database: Database
let good: GoodOrders

/** One order of each kind, told to its end or to where it waits. */
const goodTown = async (): Promise<GoodOrders> => {
  await letClockMove(database.url)
  const town = await startTown({ databaseUrl: database.url, natsUrl: process.env.NATS_URL!, redisUrl: process.env.REDIS_URL! })
  try {
    const seller = await town.seller("Seller 1")
    const first = await registered(town, { seller, name: "Customer 1" })
    town.world.transport.depart(first.orderId)
    town.world.transport.arrive(first.orderId)
    await first.customer.sees(first.orderId, "delivered")

    const returned = await ordered(town, { seller, name: "Customer 2" })
    town.world.factory.cancel(returned.orderId, "no_parts")
    await returned.customer.sees(returned.orderId, "cancelled")

    const lost = await built(town, { seller, name: "Customer 3" })
    const { vin } = await lost.customer.order(lost.orderId)
    for (const card of ["tok_declined_1", "tok_declined_2", "tok_declined_3"]) {
      await pays(lost, "final", card)
      await town.settled()
    }
    await lost.customer.sees(lost.orderId, "forfeited")
    await seller.seesInStock(vin)
    const buyer = town.customer("Customer 4")
    const { orderId: resold } = (await seller.sellFromStock(vin, { customer: buyer.person })).body
    await buyer.comesIn()
    await pays({ ...lost, customer: buyer, orderId: resold }, "reservation")
    await buyer.sees(resold, "manufacturing.awaitingFinalPayment")

    await town.settled()
    await town.pass(8 * day) // The buyer of the stock car is reminded.
    await buyer.mailbox.reads(buyer.email, "Reminder: final payment")
    const moving = await registered(town, { seller, name: "Customer 5" })
    const unpaid = await sold(town, { seller, name: "Customer 6" })
    await town.settled()
    await witnessed(town)

    const heard = await town.sql`SELECT path, message_id AS "messageId" FROM journal WHERE message_id LIKE 'sub_%'`
    const ledgers = await ledgersOf({ ...town.world.env, ...town.world.ledgers })()
    return {
      url: database.url,
      ledgers,
      delivered: first.orderId,
      cancelled: returned.orderId,
      resold,
      inTransit: moving.orderId,
      unpaid: unpaid.orderId,
      options: {
        quiet: true,
        forgeries: ["factory/evt_forged"],
        history: [
          ...heard.map((act: { path: string; messageId: string }) => ({ ...act, saw: "ok" as const })),
          { path: `order/${first.orderId}`, messageId: "sub_nobody/pay/nothing", saw: "fail" },
          { path: `order/${first.orderId}`, messageId: "sub_nobody/pay/unknown", saw: "info" }
        ]
      }
    }
  } finally {
    await town.stop()
  }
}

describe("verify", () => {
  let clean: Report
  beforeAll(async () => {
    database = await freshDatabase()
    good = await goodTown()
    clean = await look(good.url, { ...good.options, partners: async () => good.ledgers })
  }, 60_000)
  afterAll(() => database?.drop())

  test("finds nothing where all went well, and has looked at everything", () => {
    expect(clean.invariants.flatMap(({ id, violations }) => violations.map((violation) => `${id} ${violation}`))).toEqual([])
    const blank = clean.invariants.filter(({ checked }) => checked === 0).map(({ id }) => id)
    // Nothing was parked, nothing was wiped, no service was bought, and nobody was erased.
    expect(blank).toEqual([
      "I14",
      "I17",
      "I21",
      "I22",
      "I23",
      "I25",
      "I26",
      "I27",
      "I30",
      "I40",
      "I41",
      "I43",
      "I46",
      "I47",
      "I49",
      "I51",
      "I65",
      "I66"
    ])
  })

  test("says what it could not look at, where no partner tells and nothing is known to be quiet", async () => {
    const alone = await look(good.url, {})
    expect(violated(alone)).toEqual([])
    const skipped = alone.invariants.filter(({ skipped }) => skipped !== undefined).map(({ id }) => id)
    expect(skipped.filter((id) => id < "I20")).toEqual(["I04", "I06", "I09", "I10", "I11", "I12", "I13", "I16", "I17"])
    expect(skipped.filter((id) => id > "I20")).toEqual([
      "I21",
      "I22",
      "I23",
      "I24",
      "I25",
      "I28",
      "I40",
      "I41",
      "I42",
      "I43",
      "I49",
      "I50"
    ])
  })

  test.each([...orderPlants, ...auditPlants].map((plant) => [plant.what, plant] as const))("finds %s", (_, plant) =>
    isFound(good, clean, plant)
  )

  test("is a command: a table or one JSON object, and an exit code that says whether all holds", async () => {
    const cli = async (url: string, ...flags: ReadonlyArray<string>) => {
      const program = Bun.spawn([process.execPath, join(import.meta.dir, "..", "..", "src", "cli.ts"), "verify", ...flags], {
        env: { ...process.env, DATABASE_URL: url },
        stdio: ["ignore", "pipe", "pipe"]
      })
      return { said: await new Response(program.stdout).text(), code: await program.exited }
    }
    const fine = await cli(good.url, "--json", "--quiet-period")
    expect(fine.code).toBe(0)
    const { checked, violated: wrong, invariants: all } = JSON.parse(fine.said) as Report
    expect([checked > 10, wrong, all.map(({ id }) => id)]).toEqual([true, 0, Object.keys(invariants) as Array<InvariantId>])

    expect((await cli("postgres://nobody:secret@127.0.0.1:9/none")).code).toBe(2) // It could not look: that is no violation.

    const spoiled = await freshDatabase()
    try {
      await withOwner(spoiled.url, (owner) => owner.unsafe("DELETE FROM partitions WHERE partition = 5"))
      const { said, code } = await cli(spoiled.url)
      expect(code).toBe(1)
      expect(said).toContain("I15  violated")
      expect(said).toContain("✗ There are 63 partitions, not 64")
      expect(said.trim()).toEndWith("1 violated")
    } finally {
      await spoiled.drop()
    }
    expect((await cli(good.url, "--nonsense")).code).toBe(2)
  })

  test("has something planted for every invariant, and most of it is found by that one alone", () => {
    const plants = [...orderPlants, ...servicePlants, ...invoicePlants, ...auditPlants, ...erasurePlants]
    const found = new Set(plants.flatMap(({ reportedBy }) => reportedBy))
    expect([...found].sort()).toEqual(Object.keys(invariants) as Array<InvariantId>)
    const alone = new Set(plants.flatMap(({ reportedBy }) => (reportedBy.length === 1 ? reportedBy : [])))
    // What is written nowhere but where a replay looks too.
    const seenTwice = ["I22", "I27", "I29", "I30", "I40", "I46", "I47", "I49", "I51", "I66"]
    expect(Object.keys(invariants).filter((id) => !alone.has(id as InvariantId))).toEqual(seenTwice)
  })
})
