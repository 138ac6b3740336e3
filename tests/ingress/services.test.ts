/** What the gateway announces of a service's payment reaches the activation it was for, by the payment's name; an order's payments go to orders, as ever. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { ActorNotFound } from "#actors/system/letter.ts"
import { handled, settled, type Told, type WebhookWorld, webhookWorld } from "./world.ts"

const vin = "VSSZZZ5FZJR000001"
const reference = `pay_${vin}-7f00aa-service-1`
const path = `activation/${vin}/act_7f00aa`
const amount = { amountMinor: 4_900, currency: "EUR" }
const captureBefore = "2026-03-09T09:00:00.000Z"
const announced = { ...settled(1), reference, amountMinor: 4_900 }

let world: WebhookWorld
let kept = 0
beforeAll(async () => {
  world = await webhookWorld({ natsUrl: process.env.NATS_URL! })
})
afterAll(() => world.close())

const ending = async (id: string, body: object, answer = 202) => {
  expect((await world.send({ source: "payments", id, body })).status).toBe(answer)
  const row = (await world.untilClosed(++kept)).find(({ webhook_id }) => webhook_id === id)!
  return { row, told: world.told.filter((told) => told.id === `payments/${id}`) }
}

describe("a payment's webhook", () => {
  test.each([
    ["settled", {}, { type: "PaymentSettled", paymentId: reference, amount }],
    [
      "failed",
      { reason: "charged_back" },
      { type: "PaymentSettlementFailed", paymentId: reference, amount, reason: "charged_back" }
    ],
    [
      "authorised",
      { captureBefore },
      { type: "PaymentAuthorised", paymentId: reference, amount, gatewayId: "gw_1", captureBefore }
    ],
    [
      "disputed",
      { disputeId: "dp_1", reason: "service_not_received" },
      { type: "PaymentDisputed", paymentId: reference, amount, disputeId: "dp_1", reason: "service_not_received" }
    ],
    [
      "dispute_won",
      { disputeId: "dp_1" },
      { type: "DisputeClosed", paymentId: reference, amount, disputeId: "dp_1", outcome: "won" }
    ],
    [
      "dispute_lost",
      { disputeId: "dp_1" },
      { type: "DisputeClosed", paymentId: reference, amount, disputeId: "dp_1", outcome: "lost" }
    ],
    [
      "refund_failed",
      { refundId: "re_1", refundReference: "x", reason: "account_closed" },
      { type: "RefundFailed", paymentId: reference, amount, refundId: "re_1", reason: "account_closed" }
    ],
    ["captured", {}, { type: "PaymentCaptured", paymentId: reference, amount, gatewayId: "gw_1" }],
    [
      "declined",
      { reason: "ask Canary Surname" }, // Free text may hold a name, and no message does.
      { type: "PaymentDeclined", paymentId: reference, reason: "unspecified" }
    ]
  ])("that says %s is told to the service's activation", async (status, more, message) => {
    const { row, told } = await ending(`service_${status}`, { ...announced, ...more, status })
    expect(row).toMatchObject({ state: "applied", outcome: "handled" })
    const id = `payments/service_${status}`
    expect(told).toEqual([{ path, id, cause: id, correlation: id, message } as Told])
  })

  test("of an order goes to its order still, and is never a hold", async () => {
    const { told } = await ending("order_settled", settled(1))
    expect(told).toMatchObject([{ path: "order/ord_1", message: { type: "PaymentSettled", kind: "final" } }])
    const captured = await ending("order_captured", { ...settled(1), status: "captured" })
    expect(captured.told).toMatchObject([{ path: "order/ord_1", message: { type: "PaymentSucceeded", gatewayId: "gw_1" } }])
    const ofDispute = { ...settled(1), disputeId: "dp_1", reason: "fraud" }
    for (const [status, type] of [
      ["disputed", "PaymentDisputed"],
      ["dispute_won", "DisputeClosed"],
      ["dispute_lost", "DisputeClosed"]
    ])
      expect((await ending(`order_${status}`, { ...ofDispute, status })).told).toMatchObject([
        { path: "order/ord_1", message: { type, kind: "final", disputeId: "dp_1" } }
      ])
    const undone = await ending("order_refund_failed", { ...settled(1), status: "refund_failed", refundId: "re_1" })
    expect(undone.told).toMatchObject([{ path: "order/ord_1", message: { type: "RefundFailed", kind: "final", refundId: "re_1" } }])
    const declined = await ending("order_declined", { ...settled(1), status: "declined", reason: "authentication_failed" })
    expect(declined.told).toMatchObject([
      { path: "order/ord_1", message: { type: "PaymentDeclined", kind: "final", reason: "authentication_failed" } }
    ])
    expect(await ending("order_held", { ...settled(1), status: "authorised", captureBefore }, 422)).toMatchObject({
      row: { state: "rejected", outcome: "rejected: an order's payment is captured at once, never held" },
      told: []
    })
  })

  test.each([
    ["a dispute without a name", { ...announced, status: "disputed" }, "disputed without a dispute"],
    ["a failed refund without a name", { ...announced, status: "refund_failed" }, "refund_failed without a refund"],
    ["another currency", { ...announced, currency: "USD" }, expect.stringContaining("currency")],
    ["a hold without an end", { ...announced, status: "authorised" }, "authorised without captureBefore"],
    ["a car that cannot be", { ...announced, reference: "pay_VIN-7f00aa-service-1" }, "the reference is not one of our payments"],
    ["a try that never was", { ...announced, reference: `pay_${vin}-7f00aa-service-0` }, "the reference is not one of our payments"]
  ])("of %s is rejected with the reason", async (name, body, reason) => {
    const { row, told } = await ending(name.replaceAll(" ", "_"), body, 422)
    expect(row).toMatchObject({ state: "rejected", outcome: typeof reason === "string" ? `rejected: ${reason}` : reason })
    expect(told).toEqual([])
  })

  test("of a service that nobody bought is rejected, and the others go on", async () => {
    world.orders.answer = (told) => Effect.fail(new ActorNotFound({ path: told.path }))
    expect((await ending("nobody", announced)).row).toMatchObject({ state: "rejected", outcome: "rejected: unknown activation" })
    world.orders.answer = handled
    expect((await ending("after", announced)).row).toMatchObject({ state: "applied" })
  })
})
