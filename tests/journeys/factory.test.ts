/** A factory on its bad days. However it answers, it never has two orders of one sale (SO-08, MF-08). */
import { describe, expect } from "bun:test"
import { day, heardBy, inTheBooksOf, journey, minute, operate, ordered, pays, sold } from "./town.ts"

describe("a factory order", () => {
  journey("is placed once, though the answer got lost and the question too", async (town) => {
    const sale = await sold(town)
    town.world.factory.misbehave({ fault: "dropReply" }, { fault: "error500", on: "GET" })
    await pays(sale, "reservation")
    await sale.customer.sees(sale.orderId, "manufacturing.building")
    expect(inTheBooksOf(town.world.factory, "order", sale.orderId)).toHaveLength(1)
  })

  journey(
    "is asked for every quarter of an hour where nobody knows what became of it",
    async (town) => {
      const sale = await sold(town)
      const { customer, orderId } = sale
      town.world.factory.misbehave({ fault: "error500AfterWork" }, { fault: "down", on: "GET", times: 2 })
      await pays(sale, "reservation")
      await customer.sees(orderId, "reserved.orderUnknown")
      expect(await customer.order(orderId)).toMatchObject({ mustAct: "us" })
      await town.settled()
      await town.pass(16 * minute)
      await town.settled()
      expect(await customer.order(orderId)).toMatchObject({ state: "reserved.orderUnknown" })
      await town.pass(16 * minute)
      await customer.sees(orderId, "manufacturing.building")
      expect(inTheBooksOf(town.world.factory, "order", orderId)).toHaveLength(1)
      await operate(town, "AskFactory", "discard") // Nothing had to wait for an operator, who tidies up.
      await operate(town, "PlaceFactoryOrder", "discard")
    },
    { attempts: 1 }
  )

  journey(
    "is placed again where the factory knows nothing of it",
    async (town) => {
      const sale = await sold(town)
      const { customer, orderId } = sale
      town.world.factory.misbehave({ fault: "loseRequest" }, { fault: "down", on: "GET" })
      await pays(sale, "reservation")
      await customer.sees(orderId, "reserved.orderUnknown")
      await town.settled()
      await town.pass(16 * minute)
      await customer.sees(orderId, "manufacturing.building")
      const heard = await heardBy(town, orderId)
      expect(heard.map(({ type }) => type)).toContain("FactoryKnowsNothing")
      await operate(town, "PlaceFactoryOrder", "retry") // The parked one, sent after all: the same order.
      await town.settled()
      expect(inTheBooksOf(town.world.factory, "order", orderId)).toHaveLength(1)
    },
    { attempts: 1 }
  )

  journey("goes on when reports come twice and in the wrong order", async (town) => {
    const { customer, orderId } = await ordered(town)
    const { factory } = town.world
    factory.misbehave({ fault: "reorder", ms: 5_000 }, { fault: "duplicate", copies: 5 })
    factory.start(orderId)
    factory.finish(orderId)
    await customer.sees(orderId, "manufacturing.awaitingFinalPayment")
    factory.ship(orderId)
    await town.settled()
    const heard = await heardBy(town, orderId)
    expect(heard.filter(({ type }) => type.startsWith("FactoryReported"))).toEqual([
      { type: "FactoryReportedReady", outcome: "handled" },
      { type: "FactoryReportedInProgress", outcome: "recorded: OlderThanKnown" },
      { type: "FactoryReportedShipped", outcome: "handled" }
    ])
    expect(await town.sql`SELECT path FROM actors WHERE type = 'vehicle'`).toHaveLength(1)
  })

  journey("is asked after when the factory falls silent", async (town) => {
    const { customer, orderId } = await ordered(town)
    const { factory } = town.world
    factory.misbehave({ fault: "loseWebhook", times: 2 })
    factory.start(orderId)
    factory.finish(orderId)
    await town.settled()
    expect(await customer.order(orderId)).toMatchObject({ state: "manufacturing.building", vin: null })
    await town.pass(day)
    const { vin } = await customer.sees(orderId, "manufacturing.awaitingFinalPayment")
    expect(vin).toBe(inTheBooksOf(factory, "ready", orderId)[0]!.vin)
    await customer.mailbox.reads(customer.email, "Your car is ready")
  })
})
