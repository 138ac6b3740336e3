/** We cannot deliver: the deposit goes back, once or twice as the plan says (D-9). */
import { describe, expect } from "bun:test"
import { entriesOf, inTheBooksOf, journey, ordered, pays, sold, type Town } from "./town.ts"

const payoutsOf = async ({ sql }: Town, orderId: string): Promise<ReadonlyArray<{ minor: number; reason: string }>> =>
  sql`SELECT amount_minor::float8 AS minor, reason FROM payouts WHERE order_id = ${orderId}`

describe("a factory that cancels", () => {
  journey("gives a confirmatory deposit back once, and a penitential one with as much again by bank transfer", async (town) => {
    const base = await ordered(town, { plan: "base" })
    const plus = await ordered(town, { plan: "plus", name: "Customer 2", seller: base.seller })
    for (const { customer, orderId } of [base, plus]) {
      town.world.factory.start(orderId)
      town.world.factory.cancel(orderId, "line_stopped")
      await customer.sees(orderId, "cancelled")
      await customer.mailbox.reads(customer.email, "We returned your deposit")
    }
    const returned = { depositReceived: 1_000_00, depositReturnOrdered: 1_000_00, paymentReturned: 1_000_00 }
    expect(await entriesOf(town, base.orderId)).toEqual(returned)
    expect(await payoutsOf(town, base.orderId)).toEqual([])
    expect(await entriesOf(town, plus.orderId)).toEqual({
      depositReceived: 2_000_00,
      depositReturnOrdered: 2_000_00,
      depositPenaltyOrdered: 2_000_00,
      paymentReturned: 2_000_00
    })
    expect(await payoutsOf(town, plus.orderId)).toEqual([{ minor: 2_000_00, reason: "DoubleReturn" }])
    for (const { orderId } of [base, plus]) expect(inTheBooksOf(town.world.payments, "refund", orderId)).toHaveLength(1)
  })

  journey("gives it back once, though the gateway drops its answers", async (town) => {
    const { customer, orderId } = await ordered(town)
    town.world.payments.misbehave({ fault: "dropReply" }, { fault: "error500", on: "GET", skip: 1 })
    town.world.factory.cancel(orderId, "line_stopped")
    await customer.sees(orderId, "cancelled")
    await customer.mailbox.reads(customer.email, "We returned your deposit")
    expect(inTheBooksOf(town.world.payments, "refund", orderId)).toHaveLength(1)
    expect(await entriesOf(town, orderId)).toMatchObject({ paymentReturned: 1_000_00 })
  })
})

describe("a factory that refuses the order", () => {
  for (const plan of ["base", "plus"] as const)
    journey(`gives the deposit of the ${plan} plan back`, async (town) => {
      const sale = await sold(town, { plan })
      town.world.factory.misbehave({ fault: "decline", reason: "unknown_model" })
      await pays(sale, "reservation")
      await sale.customer.sees(sale.orderId, "cancelled")
      await sale.customer.mailbox.reads(sale.customer.email, "We returned your deposit")
      expect(inTheBooksOf(town.world.factory, "order", sale.orderId)).toHaveLength(0)
      expect(inTheBooksOf(town.world.payments, "refund", sale.orderId)).toHaveLength(1)
      expect(await payoutsOf(town, sale.orderId)).toHaveLength(plan === "plus" ? 1 : 0)
    })
})
