/** The contract of the payments port: the live client and the simulated gateway sit the same exam, and the gateway's own ledger is the judge. */
import { describe, expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Schema } from "effect"
import { PaymentsHttp } from "#integrations/payments/http.ts"
import {
  GatewayPayment,
  PaymentRefused,
  Payments,
  PaymentsUnreachable,
  RefundRefused,
  Settlement
} from "#integrations/payments/payments.ts"
import type { PaymentsSimulator } from "#integrations/payments/simulator.ts"
import { type Money, PaymentId, SubjectId } from "#machines/vocabulary.ts"
import { gateways } from "./gateways.ts"
import { patienceMillis, type SpoiledAnswer, spoiledAnswers } from "./spoiled-answers.ts"
import { WebhookReceiver } from "./webhook-receiver.ts"

const reference = PaymentId.make("pay_7-reservation-1")
const customer = SubjectId.make("sub_1")
const amount: Money = { amountMinor: 100_000, currency: "EUR" }
const id = "order/ord_7#1.0"
const refundId = "order/ord_7#9.0"

const open = gateways()
type Url = { readonly url: string }
const via = <A, E>(gateway: Url, effect: Effect.Effect<A, E, Payments>) =>
  Effect.runPromise(Effect.provide(effect, PaymentsHttp({ url: gateway.url, timeoutMillis: patienceMillis })))
const charging = (method: string, key: string, money = amount) =>
  Payments.use((payments) => payments.charge({ reference, amount: money, method, customer }, key))
const refunding = (money = amount, key = refundId) => Payments.use((payments) => payments.refund({ reference, amount: money }, key))
const charge = (gateway: Url, method = "tok_ok", key = id) => via(gateway, charging(method, key))
const noToCharge = (gateway: Url, method = "tok_ok", key = id) => via(gateway, Effect.flip(charging(method, key)))
const refund = (gateway: Url, money = amount, key = refundId) => via(gateway, refunding(money, key))
const noToRefund = (gateway: Url, money = amount, key = refundId) => via(gateway, Effect.flip(refunding(money, key)))
const find = (gateway: Url) =>
  via(
    gateway,
    Payments.use((payments) => payments.find(reference))
  )
const kinds = (gateway: PaymentsSimulator) => gateway.ledger().map((entry) => entry.kind)
const sum = (gateway: PaymentsSimulator, kind: string) =>
  gateway.ledger().reduce((total, entry) => total + (entry.kind === kind ? entry.amountMinor : 0), 0)

const wrongAmount: SpoiledAnswer = { called: "another amount", fault: { fault: "wrongAmount" }, done: true, why: "notOurs" }
const spoiled = [...spoiledAnswers("http://127.0.0.1:9/"), wrongAmount]

describe("a charge", () => {
  test("takes the money at once, and is found by our reference", async () => {
    const gateway = await open()
    const payment = await charge(gateway)
    expect(payment).toMatchObject({
      id: "gw_1",
      reference,
      status: "captured",
      amountMinor: 100_000,
      capturedMinor: 100_000,
      refundedMinor: 0
    })
    expect(await find(gateway)).toMatchObject(payment)
    expect(gateway.ledger()).toMatchObject([{ kind: "charge", reference, amountMinor: 100_000, currency: "EUR", customer }])
  })

  test("asked for twenty times in parallel takes the money once", async () => {
    const gateway = await open()
    const answers = await Promise.all(Array.from({ length: 20 }, () => charge(gateway)))
    for (const answer of answers) expect(answer).toMatchObject({ id: "gw_1", capturedMinor: 100_000 })
    expect(kinds(gateway)).toEqual(["charge"])
  })

  test("repeated weeks later, when the gateway has forgotten the key, is answered without a second POST", async () => {
    const gateway = await open()
    await charge(gateway)
    gateway.misbehave({ fault: "error500", on: "POST" }) // Whoever posts now is caught.
    expect(await charge(gateway, "tok_ok", "order/ord_7#another-key")).toMatchObject({ id: "gw_1" })
    expect(kinds(gateway)).toEqual(["charge"])
  })

  test("is refused by the bank, and stays refused", async () => {
    const gateway = await open()
    expect(await noToCharge(gateway, "tok_declined_1")).toEqual(new PaymentRefused({ reason: "insufficient_funds" }))
    expect(await noToCharge(gateway, "tok_declined_1")).toEqual(new PaymentRefused({ reason: "insufficient_funds" }))
    expect(kinds(gateway)).toEqual(["decline"])
  })

  test("is refused on request", async () => {
    const gateway = await open()
    gateway.misbehave({ fault: "decline", reason: "card_expired" })
    expect(await noToCharge(gateway)).toEqual(new PaymentRefused({ reason: "card_expired" }))
    expect(sum(gateway, "charge")).toBe(0)
  })

  test("may wait for the customer's bank, and is found captured afterwards", async () => {
    const gateway = await open()
    expect(await charge(gateway, "tok_requires_action")).toMatchObject({ status: "requires_action", capturedMinor: 0 })
    gateway.confirm(reference)
    expect(await charge(gateway, "tok_requires_action")).toMatchObject({ status: "captured", capturedMinor: 100_000 })
    expect(kinds(gateway)).toEqual(["await", "charge"])
  })

  test("of another amount under the same reference is not believed", async () => {
    const gateway = await open()
    await charge(gateway)
    const error = await via(gateway, Effect.flip(charging("tok_ok", id, { amountMinor: 100_001, currency: "EUR" })))
    expect(error).toMatchObject({ _tag: "PaymentsUnreachable", cause: { why: "notOurs", detail: "amountMinor" } })
    expect(sum(gateway, "charge")).toBe(100_000)
  })

  for (const { called, fault, done } of spoiled) {
    test(`${called}: we ask by reference, and ${done ? "find the money" : "know that we do not know"}`, async () => {
      const gateway = await open()
      gateway.misbehave(fault)
      if (done) expect(await charge(gateway)).toMatchObject({ status: "captured" })
      else expect(await noToCharge(gateway)).toBeInstanceOf(PaymentsUnreachable)
      expect(sum(gateway, "charge")).toBe(done ? 100_000 : 0)
    })
  }

  test("with a spoiled answer from every side is unknown, with its cause, and takes the money once when repeated", async () => {
    for (const { called, fault, why } of spoiled) {
      const gateway = await open()
      gateway.misbehave(fault, { fault: "error500", on: "GET", skip: 1 })
      const error = await noToCharge(gateway)
      expect(error, called).toMatchObject({ _tag: "PaymentsUnreachable", cause: { why } })
      gateway.behave()
      expect(await charge(gateway), called).toMatchObject({ status: "captured", capturedMinor: 100_000 })
      expect(kinds(gateway), called).toEqual(["charge"])
    }
  })

  test("posts nothing while the question by reference is not answered", async () => {
    for (const { called, fault, why } of spoiled) {
      // A question does no work, and in an empty list no reference, amount or type can be wrong.
      if (["error500AfterWork", "wrongReference", "wrongAmount"].includes(fault.fault) || fault.form === "wrongTypes") continue
      const gateway = await open()
      gateway.misbehave({ ...fault, on: "GET", times: 2 }) // Bun repeats a GET by itself when a kept connection breaks; never a POST.
      const error = await noToCharge(gateway)
      expect(error, called).toMatchObject({ _tag: "PaymentsUnreachable", cause: { why } })
      expect(kinds(gateway), called).toEqual([])
    }
  })

  test("is not believed where it is only held, half captured, or in another currency", async () => {
    const told = {
      id: "gw_1",
      reference,
      status: "captured",
      ...amount,
      capturedMinor: 100_000,
      refundedMinor: 0,
      reason: null,
      refunds: []
    }
    for (const lie of [
      { status: "authorised", capturedMinor: 0 },
      { capturedMinor: 50_000 },
      { currency: "USD" },
      { amountMinor: 100_000.5 }
    ]) {
      using server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => Response.json({ payments: [{ ...told, ...lie }] }) })
      expect(await noToCharge({ url: `http://127.0.0.1:${server.port}` }), JSON.stringify(lie)).toBeInstanceOf(PaymentsUnreachable)
    }
    using twice = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: () => Response.json({ payments: [told, { ...told, id: "gw_2" }] })
    })
    expect(await noToCharge({ url: `http://127.0.0.1:${twice.port}` })).toBeInstanceOf(PaymentsUnreachable)
  })

  test("is unknown to a gateway that never heard of it, and unreachable where there is none", async () => {
    const gateway = await open()
    expect(await find(gateway)).toBeNull()
    await gateway.stop()
    expect(await noToCharge(gateway)).toMatchObject({ _tag: "PaymentsUnreachable", cause: { why: "unreachable" } })
  })
})

describe("a refund", () => {
  test("goes back once, however often it is asked for", async () => {
    const gateway = await open()
    await charge(gateway)
    const answers = await Promise.all(Array.from({ length: 20 }, () => refund(gateway)))
    for (const answer of answers)
      expect(answer).toMatchObject({ id: "re_gw_1_1", amountMinor: 100_000, currency: "EUR", status: "succeeded" })
    expect(sum(gateway, "refund")).toBe(100_000)
    expect(await find(gateway)).toMatchObject({ refundedMinor: 100_000 })
  })

  test("in parts never exceeds what was taken", async () => {
    const gateway = await open()
    await charge(gateway)
    const part: Money = { amountMinor: 60_000, currency: "EUR" }
    await refund(gateway, part, "order/ord_7#9.0")
    expect(await noToRefund(gateway, part, "order/ord_7#9.1")).toEqual(new RefundRefused({ reason: "more_than_captured" }))
    expect(sum(gateway, "refund")).toBe(60_000)
  })

  test("of what was never taken is refused", async () => {
    const gateway = await open()
    expect(await noToRefund(gateway)).toEqual(new RefundRefused({ reason: "unknown_payment" }))
    await noToCharge(gateway, "tok_declined")
    expect(await noToRefund(gateway)).toEqual(new RefundRefused({ reason: "more_than_captured" }))
    expect(sum(gateway, "refund")).toBe(0)
  })

  test("of another amount under the same id is not believed", async () => {
    const gateway = await open()
    await charge(gateway)
    await refund(gateway, { amountMinor: 40_000, currency: "EUR" })
    expect(await noToRefund(gateway, { amountMinor: 50_000, currency: "EUR" })).toMatchObject({
      cause: { why: "notOurs", detail: "amountMinor" }
    })
    expect(sum(gateway, "refund")).toBe(40_000)
  })

  test("that failed gave nothing back, whether that is answered or found by our reference", async () => {
    const failed = { id: "re_1", reference: refundId, ...amount, status: "failed" }
    const paid = { id: "gw_1", reference, status: "captured", ...amount, capturedMinor: 100_000, refundedMinor: 0, reason: null }
    for (const refunds of [[], [failed]]) {
      using server = Bun.serve({
        hostname: "127.0.0.1",
        port: 0,
        fetch: ({ method }) => Response.json(method === "POST" ? failed : { payments: [{ ...paid, refunds }] })
      })
      expect(await noToRefund({ url: `http://127.0.0.1:${server.port}` })).toEqual(new RefundRefused({ reason: "failed" }))
    }
  })

  for (const { called, fault, done } of spoiled) {
    test(`${called}: we ask by reference, and the money goes back once`, async () => {
      const gateway = await open()
      await charge(gateway)
      gateway.misbehave(fault)
      if (done) expect(await refund(gateway)).toMatchObject({ amountMinor: 100_000 })
      else expect(await noToRefund(gateway)).toBeInstanceOf(PaymentsUnreachable)
      gateway.behave()
      expect(await refund(gateway)).toMatchObject({ amountMinor: 100_000 })
      expect(sum(gateway, "refund")).toBe(100_000)
    })
  }
})

describe("a simulated gateway", () => {
  test("settles later, signed, and duplicates bear one webhook-id", async () => {
    using receiver = new WebhookReceiver()
    const gateway = await open({ pace: 10, webhook: receiver.target })
    gateway.misbehave({ fault: "duplicate", copies: 3 })
    await charge(gateway)
    await receiver.count(3)
    expect(receiver.forged).toEqual([])
    expect(new Set(receiver.received.map((one) => one.id))).toEqual(new Set(["evt_payments_1"]))
    const settlement = Schema.decodeUnknownSync(Settlement)(receiver.received[0]!.event)
    expect(settlement).toMatchObject({ reference, paymentId: "gw_1", status: "settled", ...amount, reason: null })
    expect(kinds(gateway)).toEqual(["charge", "settle"])
  })

  test("fails a settlement, and takes long over another, by the token's name", async () => {
    using receiver = new WebhookReceiver()
    const failing = await open({ pace: 5, webhook: receiver.target })
    await charge(failing, "tok_settlement_fails")
    await receiver.count(1)
    expect(receiver.received[0]!.event).toMatchObject({ status: "failed", reason: "account_closed" })
    const slow = await open({ pace: 10, webhook: receiver.target })
    await charge(slow, "tok_slow")
    await Bun.sleep(100)
    expect(receiver.received.length).toBe(1)
    await receiver.count(2)
    expect(receiver.received[1]!.event).toMatchObject({ status: "settled" })
  })

  test("holds money until it is captured or voided, never both", async () => {
    const gateway = await open()
    const post = async (path: string, key: string, body: unknown = {}) => {
      const headers = { "content-type": "application/json", "idempotency-key": key }
      const response = await fetch(`${gateway.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) })
      return { status: response.status, body: (await response.json()) as any }
    }
    const held = await post("/payments", "k1", { reference, ...amount, method: "tok_ok", customer, capture: "manual" })
    expect(Schema.decodeUnknownSync(GatewayPayment)(held.body)).toMatchObject({ status: "authorised", capturedMinor: 0 })
    expect((await post("/payments/gw_1/capture", "k2")).body).toMatchObject({ status: "captured", capturedMinor: 100_000 })
    expect((await post("/payments/gw_1/capture", "k3")).status).toBe(200)
    expect(await post("/payments/gw_1/void", "k4")).toMatchObject({ status: 422, body: { reason: "not_authorised" } })
    const other = await post("/payments", "k5", { reference: "pay_8", ...amount, method: "tok_ok", customer, capture: "manual" })
    expect((await post(`/payments/${other.body.id}/void`, "k6")).body).toMatchObject({ status: "voided" })
    expect(await post(`/payments/${other.body.id}/capture`, "k7")).toMatchObject({ status: 422 })
    expect(kinds(gateway)).toEqual(["authorise", "capture", "authorise", "void"])
    expect(await post("/payments/gw_1/void", "k2")).toMatchObject({ status: 422, body: { error: "idempotency key reused" } })
  })

  test("remembers money, refunds and unsettled payments over a restart", async () => {
    const folder = mkdtempSync(join(tmpdir(), "payments-"))
    try {
      const file = join(folder, "payments.jsonl")
      const before = await open({ manual: true, file })
      await charge(before)
      await refund(before, { amountMinor: 10_000, currency: "EUR" })
      await before.stop()
      using receiver = new WebhookReceiver()
      const after = await open({ pace: 10, file, webhook: receiver.target })
      await receiver.count(1)
      expect(await charge(after)).toMatchObject({ id: "gw_1", refundedMinor: 10_000 })
      await refund(after, { amountMinor: 10_000, currency: "EUR" })
      expect(kinds(after)).toEqual(["charge", "refund", "settle"])
      await after.stop()
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
