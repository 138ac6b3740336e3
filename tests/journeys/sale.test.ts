/** The sale as everybody hopes it goes, told from outside. */
import { describe, expect } from "bun:test"
import { entriesOf, inTheBooksOf, journey, papersOf, pays, registered, sold } from "./town.ts"

describe("a sale", () => {
  journey("goes from the dealer's desk to the customer's door, every step by a real message", async (town) => {
    const sale = await sold(town, { carries: "cookie" })
    const { customer, seller, orderId } = sale
    const { factory, payments, transport } = town.world
    expect(await customer.order(orderId)).toMatchObject({ state: "reserved.awaitingDeposit", mustAct: "customer", plate: null })

    await pays(sale, "reservation")
    await customer.sees(orderId, "manufacturing.building")
    expect(inTheBooksOf(factory, "order", orderId)).toHaveLength(1)
    factory.start(orderId)
    factory.finish(orderId)
    const ready = await customer.sees(orderId, "manufacturing.awaitingFinalPayment")
    expect(ready).toMatchObject({ vin: expect.any(String), due: { kind: "final" } })
    await customer.mailbox.reads(customer.email, "Your car is ready")

    await seller.supplies(orderId, ...papersOf("ES"))
    await pays(sale, "final")
    const { plate } = await customer.sees(orderId, "registered.inTransit")
    expect(plate).toBe(inTheBooksOf(town.world.registration, "registration", orderId)[0]!.plate)

    await town.settled()
    factory.ship(orderId)
    transport.depart(orderId)
    await customer.mailbox.reads(customer.email, "Your car is on its way")
    expect(await customer.mailbox.pin(customer.email)).toBe((await customer.order(orderId)).handoverPin)
    transport.arrive(orderId)
    const { money, price, timeline } = await customer.sees(orderId, "delivered")
    expect(money).toMatchObject({ receivedMinor: price.amountMinor, returnedMinor: 0 })
    expect(timeline.map(({ type }: { type: string }) => type)).toContain("TransportDelivered")
    await customer.mailbox.reads(customer.email, "Enjoy your car")

    for (const { kind, reference } of payments.ledger()) if (kind === "charge") payments.settle(reference)
    await town.settled()
    expect(await entriesOf(town, orderId)).toEqual({
      depositReceived: 1_000_00,
      finalPaymentReceived: 30_900_00,
      depositApplied: 1_000_00,
      finalPaymentApplied: 30_900_00,
      paymentSettled: 31_900_00
    })
    const [car] = await town.sql`SELECT state_path FROM actors WHERE type = 'vehicle'`
    expect(car.state_path).toStartWith("custody.withCustomer+assignment.owned+")
  })

  journey("is one sale and one charge, however often the same request comes", async (town) => {
    const { customer, seller, orderId } = await sold(town)
    const body = { customer: customer.person, model: "Modelo Uno", plan: "base", delivery: { kind: "home" }, consents: [] }
    const again = await Promise.all(
      Array.from({ length: 5 }, () =>
        seller.ask("POST", "/api/dealer/sales", { body: { ...body, confirmDuplicate: true }, key: "the-same-key" })
      )
    )
    expect(new Set(again.map(({ status }) => status))).toEqual(new Set([201]))
    expect(new Set(again.map((answer) => answer.body.orderId)).size).toBe(1)
    expect(again[0]!.body.orderId).not.toBe(orderId) // Another key, another sale.

    const paid = await Promise.all(Array.from({ length: 5 }, () => customer.pay(orderId, "reservation", "tok_ok", "one-payment")))
    expect(new Set(paid.map(({ status }) => status))).toEqual(new Set([202]))
    await customer.sees(orderId, "manufacturing.building")
    expect(inTheBooksOf(town.world.payments, "charge", orderId)).toHaveLength(1)
    const other = await customer.pay(orderId, "reservation", "tok_ok_other", "one-payment")
    expect(other).toMatchObject({ status: 422, body: { reason: "IdempotencyKeyReused" } })
  })

  journey("is nobody else's: another dealership and another customer find nothing", async (town) => {
    const { orderId, customer } = await registered(town)
    const berlin = await town.seller("Seller DE", "dea_berlin")
    const stranger = await sold(town, { name: "Customer 2", seller: berlin, country: "DE" })
    expect(await berlin.ask("GET", `/api/dealer/sales/${orderId}`)).toMatchObject({ status: 404 })
    expect(await berlin.handOver(orderId, (await customer.order(orderId)).handoverPin)).toMatchObject({ status: 404 })
    expect(await stranger.customer.ask("GET", `/api/me/orders/${orderId}`)).toMatchObject({ status: 404 })
    expect(await stranger.customer.pay(orderId, "final", "tok_ok")).toMatchObject({ status: 404 })
    expect(await stranger.customer.cancel(orderId)).toMatchObject({ status: 404 })
  })
})
