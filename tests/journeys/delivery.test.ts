/** The last miles: to the door or to the dealership, never into the street (S18, RD-07). */
import { describe, expect } from "bun:test"
import { day, heardBy, inTheBooksOf, journey, registered, type Sale } from "./town.ts"

/** Where the car is, and whose: the first two regions of its chart. */
const custodyOf = async ({ town }: Sale) =>
  (await town.sql`SELECT state_path FROM actors WHERE type = 'vehicle'`)[0].state_path.split("+").slice(0, 2).join("+")
const wrong = (pin: string) => (pin === "000000" ? "000001" : "000000")

describe("a car on its way", () => {
  journey("to the dealership waits there for the customer and the PIN, who is reminded after a week", async (town) => {
    const sale = await registered(town, { delivery: "dealership" })
    const { customer, seller, orderId } = sale
    const { transport } = town.world
    const pin = (await customer.order(orderId)).handoverPin
    expect(await seller.handOver(orderId, pin)).toMatchObject({ status: 409, body: { reason: "NotAtDealershipYet" } })
    expect(await seller.reportAbsent(orderId)).toMatchObject({ status: 409, body: { reason: "NotDeliveredHome" } })
    transport.depart(orderId)
    transport.arrive(orderId)
    await customer.sees(orderId, "registered.awaitingPickup")
    await town.settled()
    expect(await custodyOf(sale)).toBe("custody.atDealership+assignment.assigned")
    await town.pass(7 * day)
    await customer.mailbox.reads(customer.email, "Your car is still waiting")
    expect(await customer.mailbox.pin(customer.email)).toBe(pin)
    expect(await seller.handOver(orderId, pin)).toMatchObject({ status: 200, body: { state: "delivered" } })
    expect(await seller.handOver(orderId, pin)).toMatchObject({ status: 200, body: { state: "delivered" } }) // The same click again.
    await town.settled()
    expect(await custodyOf(sale)).toBe("custody.withCustomer+assignment.owned")
    expect((await heardBy(town, orderId)).filter(({ type }) => type === "ConfirmHandover")).toHaveLength(1)
  })

  journey("returns to the dealership when nobody opens, and is never left unattended", async (town) => {
    const sale = await registered(town)
    const { customer, seller, orderId } = sale
    const { transport } = town.world
    transport.customerAbsent(orderId)
    transport.depart(orderId)
    transport.arrive(orderId)
    await customer.sees(orderId, "registered.returned")
    await customer.mailbox.reads(customer.email, "We did not find you")
    await town.settled()
    expect(await custodyOf(sale)).toBe("custody.withCarrier+assignment.assigned")
    transport.arrive(orderId)
    await customer.sees(orderId, "registered.awaitingPickup")
    const pin = await customer.mailbox.pin(customer.email)
    expect(await seller.handOver(orderId, wrong(pin))).toMatchObject({ status: 409, body: { reason: "WrongPin" } })
    expect(await customer.order(orderId)).toMatchObject({ state: "registered.awaitingPickup" })
    expect(await seller.handOver(orderId, pin)).toMatchObject({ status: 200, body: { state: "delivered" } })
  })

  journey("may be reported by the dealer, where the carrier only telephones", async (town) => {
    const sale = await registered(town)
    const { customer, seller, orderId } = sale
    const { transport } = town.world
    transport.misbehave({ fault: "loseWebhook", times: 2 })
    transport.customerAbsent(orderId)
    transport.depart(orderId)
    transport.arrive(orderId)
    expect(await seller.reportAbsent(orderId)).toMatchObject({ status: 200, body: { state: "registered.returned" } })
    await town.settled()
    expect(await custodyOf(sale)).toBe("custody.withCarrier+assignment.assigned") // Whoever says a word of it has it.
    transport.arrive(orderId)
    await customer.sees(orderId, "registered.awaitingPickup")
  })

  journey("is confirmed at the door by the PIN or by the carrier's signature, whichever is told first", async (town) => {
    const { customer, seller, orderId } = await registered(town)
    const { transport } = town.world
    transport.depart(orderId)
    await customer.mailbox.reads(customer.email, "Your car is on its way")
    expect(await seller.handOver(orderId, await customer.mailbox.pin(customer.email), "delivered")).toMatchObject({ status: 200 })
    transport.arrive(orderId)
    await town.settled()
    expect((await heardBy(town, orderId)).filter(({ type }) => type === "TransportDelivered")).toEqual([
      { type: "TransportDelivered", outcome: "recorded: AlreadyDelivered" }
    ])
    expect(await customer.order(orderId)).toMatchObject({ state: "delivered", handoverPin: null })
  })

  journey("is booked once, though the carrier's answer got lost", async (town) => {
    town.world.transport.misbehave({ fault: "dropReply" })
    const { customer, orderId } = await registered(town)
    expect(inTheBooksOf(town.world.transport, "booking", orderId)).toHaveLength(1)
    town.world.transport.depart(orderId)
    town.world.transport.arrive(orderId)
    await customer.sees(orderId, "delivered")
  })
})
