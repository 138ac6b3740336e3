/** A payment gateway on its bad days: the customer is charged once, and never for nothing (PB-02). */
import { describe, expect } from "bun:test"
import type { Fault } from "#integrations/http/faults.ts"
import { day, entriesOf, heardBy, inTheBooksOf, journey, minute, operate, ordered, pays, sold } from "./town.ts"

/** `skip: 1` lets the question pass that comes before the charge, and spoils the one after it. */
const badDays: Readonly<Record<string, { readonly faults: ReadonlyArray<Fault>; readonly tries: number }>> = {
  "drops the reply": { faults: [{ fault: "dropReply" }], tries: 1 },
  "drops the reply, and the answer to our question": {
    faults: [{ fault: "dropReply" }, { fault: "error500", on: "GET", skip: 1 }],
    tries: 2
  },
  "answers 200 and a page of HTML": { faults: [{ fault: "garbage", form: "html" }], tries: 1 },
  "answers half a JSON, and then nonsense": {
    faults: [
      { fault: "garbage", form: "truncated" },
      { fault: "garbage", form: "wrongTypes", on: "GET", skip: 1 }
    ],
    tries: 2
  },
  "answers 500 before it worked": { faults: [{ fault: "error500" }], tries: 2 },
  "answers 500 after it worked": { faults: [{ fault: "error500AfterWork" }, { fault: "error500", on: "GET", skip: 1 }], tries: 2 },
  "tells another amount": { faults: [{ fault: "wrongAmount" }], tries: 1 },
  "tells another reference": { faults: [{ fault: "wrongReference" }], tries: 1 },
  "is down for a moment": { faults: [{ fault: "down", on: "any" }], tries: 2 }
}

describe("a gateway", () => {
  for (const [what, { faults, tries }] of Object.entries(badDays))
    journey(`that ${what} has charged once`, async (town) => {
      const sale = await sold(town)
      town.world.payments.misbehave(...faults)
      await pays(sale, "reservation")
      const { money } = await sale.customer.sees(sale.orderId, "manufacturing.building")
      expect(money).toMatchObject({ receivedMinor: 1_000_00, returnedMinor: 0 })
      expect(inTheBooksOf(town.world.payments, "charge", sale.orderId)).toHaveLength(1)
      const [charge] = await town.sql`SELECT attempts FROM outbox WHERE type = 'ChargePayment'`
      expect(charge.attempts).toBe(tries)
    })

  journey(
    "that never answers leaves no second charge possible, until somebody has looked",
    async (town) => {
      const sale = await sold(town)
      const { customer, orderId } = sale
      town.world.payments.misbehave({ fault: "dropReply" }, { fault: "down", on: "GET", skip: 1 })
      await pays(sale, "reservation")
      await town.settled()
      const second = await customer.pay(orderId, "reservation", "tok_ok")
      expect(second).toMatchObject({ status: 409, body: { reason: "PaymentOutcomeUnknown" } })
      await operate(town, "ChargePayment", "retry")
      await customer.sees(orderId, "manufacturing.building")
      expect(inTheBooksOf(town.world.payments, "charge", orderId)).toHaveLength(1)
    },
    { attempts: 1 }
  )

  journey("whose webhooks never come is asked a quarter of an hour later what became of the money", async (town) => {
    const sale = await sold(town)
    const { payments } = town.world
    payments.misbehave({ fault: "loseWebhook", times: 1_000 })
    await pays(sale, "reservation", "tok_requires_action")
    await town.settled()
    payments.confirm(inTheBooksOf(payments, "await", sale.orderId)[0]!.reference)
    payments.settle(inTheBooksOf(payments, "charge", sale.orderId)[0]!.reference)
    await town.pass(16 * minute)
    await sale.customer.sees(sale.orderId, "manufacturing.building")
    const heard = (await heardBy(town, sale.orderId)).map(({ type }) => type)
    expect(heard.filter((type) => type === "PaymentSucceeded" || type === "PaymentSettled")).toEqual([
      "PaymentSucceeded",
      "PaymentSettled"
    ])
  })

  journey("whose settlement fails after all undoes nothing, and is written down", async (town) => {
    const sale = await sold(town)
    await pays(sale, "reservation", "tok_settlement_fails")
    await sale.customer.sees(sale.orderId, "manufacturing.building")
    town.world.payments.settle(inTheBooksOf(town.world.payments, "charge", sale.orderId)[0]!.reference)
    await town.settled()
    expect(await sale.customer.order(sale.orderId)).toMatchObject({ state: "manufacturing.building" })
    const [order] = await town.sql`SELECT state -> 'context' -> 'charges' AS charges FROM actors WHERE type = 'order'`
    expect(Object.values(order.charges)).toEqual([
      { kind: "reservation", status: "received", settlement: "failed", dispute: "none" }
    ])
    const [risk] = await town.sql`SELECT kind, amount_minor::int AS minor FROM risk_cases`
    expect(risk).toEqual({ kind: "settlementFailed", minor: 1_000_00 })
  })
})

describe("a deposit", () => {
  journey("that arrives after its window goes back in full", async (town) => {
    const sale = await sold(town)
    const { customer, orderId } = sale
    const { payments } = town.world
    await town.settled()
    payments.misbehave({ fault: "down", on: "any", times: 2 })
    await pays(sale, "reservation")
    await customer.mailbox.reads(customer.email, "Your access to CaaS")
    payments.misbehave({ fault: "down", on: "any", times: 1_000 })
    await town.pass(7 * day)
    await customer.sees(orderId, "cancelled")
    payments.behave()
    await town.pass(day) // Its next try comes due.
    await customer.mailbox.reads(customer.email, "We returned your deposit")
    await town.settled()
    expect(await entriesOf(town, orderId)).toEqual({ latePaymentReceived: 1_000_00, paymentReturned: 1_000_00 })
    expect(inTheBooksOf(payments, "charge", orderId)).toHaveLength(1)
    expect(inTheBooksOf(payments, "refund", orderId)).toHaveLength(1)
    expect(inTheBooksOf(town.world.factory, "order", orderId)).toHaveLength(0)
  })

  journey("may be tried as often as the customer likes, and is taken once", async (town) => {
    const sale = await sold(town)
    for (const method of ["tok_declined", "tok_declined_again", "tok_nonsense"]) {
      await pays(sale, "reservation", method)
      await town.settled()
    }
    const { orderId } = await ordered(town, { seller: sale.seller, name: "Customer 2" })
    await pays(sale, "reservation")
    await sale.customer.sees(sale.orderId, "manufacturing.building")
    expect(inTheBooksOf(town.world.payments, "decline", sale.orderId)).toHaveLength(3)
    expect(inTheBooksOf(town.world.payments, "charge", sale.orderId)).toHaveLength(1)
    expect(inTheBooksOf(town.world.payments, "charge", orderId)).toHaveLength(1)
    expect(await sale.customer.pay(sale.orderId, "reservation", "tok_ok")).toMatchObject({
      status: 409,
      body: { reason: "AlreadyPaid" }
    })
  })
})
