/** The final payment that never comes: the deposit is lost, the car is stock sin asignar and sold again (S18). */
import { describe, expect } from "bun:test"
import { built, day, entriesOf, inTheBooksOf, journey, pays, type Sale, sold } from "./town.ts"

/** Sold from stock by `seller`, and paid by the customer to the last cent. */
const resold = async ({ town, seller }: Sale, vin: string, name: string) => {
  const customer = town.customer(name)
  const answer = await seller.sellFromStock(vin, { customer: customer.person })
  expect(answer.status).toBe(201)
  await customer.comesIn()
  return { town, seller, customer, orderId: answer.body.orderId as string, country: "ES" as const }
}

describe("an order whose final payment fails", () => {
  journey("loses its deposit when the window is over, and its car is sold again by one of two sellers", async (town) => {
    const sale = await built(town)
    const { customer, seller, orderId } = sale
    const { vin } = await customer.order(orderId)
    const rival = await town.seller("Seller 2")
    await town.settled()
    await town.pass(8 * day)
    await customer.mailbox.reads(customer.email, "Reminder: final payment")
    await town.settled()
    await town.pass(7 * day)
    expect(await customer.sees(orderId, "forfeited")).toMatchObject({ money: { forfeitedMinor: 1_000_00 } })
    expect(await entriesOf(town, orderId)).toEqual({ depositReceived: 1_000_00, depositForfeited: 1_000_00 })
    expect(await customer.pay(orderId, "final", "tok_ok")).toMatchObject({ status: 409, body: { reason: "OrderClosed" } })

    expect(await seller.seesInStock(vin)).toMatchObject({
      custody: "atFactory",
      lineage: [{ orderId, reason: "FinalPaymentOverdue" }]
    })
    const deal = { customer: town.customer("Customer 2").person }
    await rival.stock()
    const answers = await Promise.all([seller.sellFromStock(vin, deal), rival.sellFromStock(vin, deal)])
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409])
    expect(answers.find(({ status }) => status === 409)!.body.reason).toBe("AlreadyAssigned")

    const second = town.customer("Customer 2")
    const again = { ...sale, customer: second, orderId: answers.find(({ status }) => status === 201)!.body.orderId as string }
    await second.comesIn()
    await pays(again, "reservation")
    expect(await second.sees(again.orderId, "manufacturing.awaitingFinalPayment")).toMatchObject({ vin })
    expect(inTheBooksOf(town.world.factory, "order", again.orderId)).toHaveLength(0)
    expect(await seller.stock()).toHaveLength(0)
  })

  journey("is told by the bank three times, and then closed", async (town) => {
    const sale = await built(town)
    const { customer, orderId, seller } = sale
    for (const attempt of [1, 2, 3]) {
      await pays(sale, "final", "tok_declined")
      await town.settled()
      const { state } = await customer.order(orderId)
      expect(state).toBe(attempt < 3 ? "manufacturing.awaitingFinalPayment" : "forfeited")
    }
    expect(inTheBooksOf(town.world.payments, "decline", orderId)).toHaveLength(3)
    expect(await seller.stock()).toHaveLength(1)
  })

  journey("hands its car on twice, and the lineage remembers both", async (town) => {
    const first = await built(town)
    const { vin } = await first.customer.order(first.orderId)
    expect(await first.customer.cancel(first.orderId)).toMatchObject({ status: 200, body: { state: "forfeited" } })
    await first.seller.seesInStock(vin)
    const second = await resold(first, vin, "Customer 2")
    expect(await second.customer.cancel(second.orderId)).toMatchObject({ status: 200, body: { state: "cancelled" } })
    const { lineage } = await first.seller.seesInStock(vin)
    expect(lineage).toEqual([
      { orderId: first.orderId, reason: "CancelledByCustomer" },
      { orderId: second.orderId, reason: "CancelledByCustomer" }
    ])
    const third = await resold(first, vin, "Customer 3")
    await pays(third, "reservation")
    await third.customer.sees(third.orderId, "manufacturing.awaitingFinalPayment")
  })
})

describe("a customer who leaves", () => {
  journey("pays nothing before the deposit, and loses the deposit after it", async (town) => {
    const early = await sold(town)
    expect(await early.customer.cancel(early.orderId)).toMatchObject({ status: 200, body: { state: "cancelled" } })
    expect(await entriesOf(town, early.orderId)).toEqual({})

    const late = await built(town, { name: "Customer 2", seller: early.seller })
    expect(await late.customer.cancel(late.orderId)).toMatchObject({ status: 200, body: { state: "forfeited" } })
    expect(await entriesOf(town, late.orderId)).toEqual({ depositReceived: 1_000_00, depositForfeited: 1_000_00 })
    expect(await late.customer.cancel(late.orderId)).toMatchObject({ status: 200 }) // The same click again: the same answer.
  })

  journey("without a word is let go when the window for the deposit is over", async (town) => {
    const { customer, orderId } = await sold(town)
    await town.settled()
    await town.pass(7 * day)
    await customer.sees(orderId, "cancelled")
    await customer.mailbox.reads(customer.email, "Your order is cancelled")
    expect(await customer.pay(orderId, "reservation", "tok_ok")).toMatchObject({ status: 409, body: { reason: "OrderClosed" } })
    expect(town.world.payments.ledger()).toHaveLength(0)
  })
})
