/** Verify finds nothing where services were bought, used, withdrawn from and failed in every way that is right, and finds each thing that somebody plants. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import type { Customer } from "#src/demo/customer.ts"
import { letClockMove } from "#src/demo/database.ts"
import { until } from "#src/demo/patience.ts"
import { startTown } from "#src/demo/town.ts"
import type { Report } from "#src/verify/findings.ts"
import { ledgersOf } from "#src/verify/partner-ledgers.ts"
import { type Database, freshDatabase } from "#tests/database.ts"
import { day, hour, minute, registered, type Town } from "#tests/journeys/town.ts"
import { billed, invoicePlants } from "./invoice-plants.ts"
import { isFound, look, violated } from "./plants.ts"
import { type Bought, type GoodServices, servicePlants } from "./service-plants.ts"

let database: Database
let good: GoodServices

/** A car of its own, at the customer's door; the road to it is the broker. */
const delivered = async (town: Town, name: string) => {
  const seller = await town.seller(`Seller of ${name}`)
  const { customer, orderId } = await registered(town, { seller, name })
  town.world.transport.depart(orderId)
  town.world.transport.arrive(orderId)
  await customer.sees(orderId, "delivered")
  const { vin } = await customer.order(orderId)
  await town.settled()
  return { customer, vin: vin as string }
}

const week = { kind: "temporary", count: 7, unit: "day" }

const goodTown = async (): Promise<GoodServices> => {
  await letClockMove(database.url)
  const town = await startTown({ databaseUrl: database.url, natsUrl: process.env.NATS_URL!, redisUrl: process.env.REDIS_URL! })
  let keys = 0
  const buy = async ({ customer, vin }: { customer: Customer; vin: string }, option: string, term: object, card?: string) => {
    const consents = [{ text: "service-terms", edition: 1 }]
    const body = { option, term, consents, ...(card === undefined ? {} : { paymentMethod: card }) }
    const { activationId } = await customer.does("POST", `/api/me/vehicles/${vin}/activations`, { body, key: `purchase-${++keys}` })
    return { activationId, vin } as Bought
  }
  const sees = async (customer: Customer, { vin, activationId }: Bought, ...wanted: ReadonlyArray<string>) => {
    await until(
      `${activationId} ${wanted.join(" or ")}`,
      () => customer.ask("GET", `/api/me/vehicles/${vin}/activations/${activationId}`), // 404 until the car's actor has opened it.
      ({ body: { state, payment } }) => wanted.includes(`${state} ${payment}`)
    )
  }
  try {
    town.world.fleet.buildFor("nats")
    const one = await delivered(town, "Customer 1")
    const cancelled = await buy(one, "climate-ahead", { kind: "recurring" }, "tok_ok")
    await sees(one.customer, cancelled, "active running")
    await town.settled()
    for (const sends of [[], [`/api/me/vehicles/${one.vin}/activations/${cancelled.activationId}/cancellation`]]) {
      for (const path of sends) await one.customer.does("POST", path, { body: {} })
      await town.pass(32 * day)
      await town.settled()
    }
    await sees(one.customer, cancelled, "ended billed")

    const active = await buy(one, "snow-mode", week, "tok_ok")
    await sees(one.customer, active, "active captured")
    const gated = await buy(one, "parking-pilot", { kind: "permanent" }, "tok_sepa")
    await sees(one.customer, gated, "active captured")
    const withdrawn = await buy(one, "concert-audio", week, "tok_ok")
    await sees(one.customer, withdrawn, "active captured")
    await one.customer.does("POST", `/api/me/vehicles/${one.vin}/activations/${withdrawn.activationId}/withdrawal/confirmation`, {
      body: {}
    })
    await sees(one.customer, withdrawn, "withdrawn refunded")
    const trial = await buy(one, "power-start", { kind: "trial", count: 2, unit: "day" })
    await sees(one.customer, trial, "active free")
    const recurring = await buy(one, "streaming", { kind: "recurring" }, "tok_ok")
    await sees(one.customer, recurring, "active running")

    const two = await delivered(town, "Customer 2")
    town.world.fleet.car(two.vin).reach(false, true)
    const escalated = await buy(two, "streaming", { kind: "temporary", count: 1, unit: "month" }, "tok_ok")
    await sees(two.customer, escalated, "pending authorised")
    for (let tries = 0; tries < 5; tries++) {
      await town.settled()
      await town.pass(2 * minute)
      await town.settled()
      await town.pass(2 * hour)
      await town.settled()
    }
    await sees(two.customer, escalated, "escalated voided")

    await billed(town)

    await town.pass(2 * day) // The trial is over, also in the car.
    await sees(one.customer, trial, "ended free")
    await town.settled()

    const heard = await town.sql`SELECT path, message_id AS "messageId" FROM journal WHERE message_id ~ '^(sub_|car/)'`
    return {
      url: database.url,
      ledgers: await ledgersOf({ ...town.world.env, ...town.world.ledgers })(),
      active,
      gated,
      cancelled,
      withdrawn,
      escalated,
      options: {
        quiet: true,
        forgeries: [`car/rep_${"f".repeat(64)}`],
        history: heard.map((act: { path: string; messageId: string }) => ({
          ...act,
          saw: act.messageId.startsWith("car/") ? "info" : "ok" // A car is acknowledged some time later.
        }))
      }
    }
  } finally {
    await town.stop()
  }
}

describe("verify of services", () => {
  let clean: Report
  beforeAll(async () => {
    database = await freshDatabase()
    good = await goodTown()
    clean = await look(good.url, { ...good.options, partners: async () => good.ledgers })
  }, 60_000)
  afterAll(() => database?.drop())

  test("finds nothing where all went well, and has looked at everything", () => {
    expect(clean.invariants.flatMap(({ id, violations }) => violations.map((violation) => `${id} ${violation}`))).toEqual([])
    expect(violated(clean)).toEqual([])
    const blank = clean.invariants.filter(({ checked }) => checked === 0).map(({ id }) => id)
    expect(blank).toEqual(["I14", "I17", "I27", "I65"]) // Nothing was parked or wiped, every settlement was good, and nobody was erased.
  })

  test.each([...servicePlants, ...invoicePlants].map((plant) => [plant.what, plant] as const))("finds %s", (_, plant) =>
    isFound(good, clean, plant)
  )
})
