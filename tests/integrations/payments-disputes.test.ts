/** The third part of the payments contract: what becomes of money afterwards, and the list it is told in. The bank's own ledger is the judge. */
import { describe, expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Schema } from "effect"
import type { SimulatorOptions } from "#integrations/http/simulated-partner.ts"
import { PaymentsHttp } from "#integrations/payments/http.ts"
import {
  type DisputeDocument,
  EvidenceRefused,
  type ListedPayment,
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

const reference = PaymentId.make("pay_VSSCAASZ1ZZ000001-a1-service-1")
const customer = SubjectId.make("sub_1")
const amount: Money = { amountMinor: 12_90, currency: "EUR" }
const disputeId = "dp_gw_1"
const id = "activation/VSSCAASZ1ZZ000001/act_a1#9.0"
const monday = "2026-03-02T12:00:00.000Z"
const documents: ReadonlyArray<DisputeDocument> = [{ kind: "vehicleReport", name: "rep_1", content: "the car's own words" }]

const open = gateways()
type Url = { readonly url: string }
const via = <A, E>(gateway: Url, asking: (payments: Payments["Service"]) => Effect.Effect<A, E>) =>
  Effect.runPromise(Effect.provide(Payments.use(asking), PaymentsHttp({ url: gateway.url, timeoutMillis: patienceMillis })))
const no = (gateway: Url, asking: (payments: Payments["Service"]) => Effect.Effect<unknown, unknown>) =>
  via(gateway, (payments) => Effect.flip(asking(payments)))

const charge = (gateway: Url, method = "tok_ok", pays: PaymentId = reference) =>
  via(gateway, (payments) => payments.charge({ reference: pays, amount, method, customer }, `charge/${pays}`))
const refund = (gateway: Url, key = "refund/1", money = amount) =>
  via(gateway, (payments) => payments.refund({ reference, amount: money }, key))
const answering =
  (key = id, dispute = disputeId) =>
  (payments: Payments["Service"]) =>
    payments.submitEvidence({ reference, disputeId: dispute, documents }, key)
const look = (gateway: Url) => via(gateway, (payments) => payments.look(reference))
const kinds = (gateway: PaymentsSimulator) => gateway.ledger().map((entry) => entry.kind)
const settlementOf = ({ event }: { readonly event: unknown }) => Schema.decodeUnknownSync(Settlement)(event)

/** Charged, settled, disputed. */
const disputed = async (options?: SimulatorOptions) => {
  const gateway = await open(options)
  await charge(gateway)
  gateway.settle(reference)
  gateway.dispute(reference)
  return gateway
}

describe("a dispute", () => {
  test("is announced with what is taken back, and with how it ends", async () => {
    using receiver = new WebhookReceiver()
    const gateway = await disputed({ manual: true, webhook: receiver.target })
    gateway.dispute(reference)
    gateway.decideDispute(reference, "lost")
    gateway.decideDispute(reference, "won")
    await receiver.count(3)
    expect(receiver.received.map(settlementOf)).toMatchObject([
      { status: "settled", ...amount },
      { status: "disputed", ...amount, disputeId, reason: "service_not_received" },
      { status: "dispute_lost", ...amount, disputeId, reason: null }
    ])
    expect(kinds(gateway)).toEqual(["charge", "settle", "dispute", "dispute_lost"])
  })

  test("of what came back in part is about the rest; of what never was, about nothing", async () => {
    const gateway = await open()
    gateway.dispute(reference)
    await charge(gateway)
    await refund(gateway, "refund/1", { amountMinor: 2_90, currency: "EUR" })
    gateway.dispute(reference)
    expect(await look(gateway)).toMatchObject({ disputes: [{ id: disputeId, status: "open", amountMinor: 10_00 }] })
  })

  test("keeps us from giving back what was taken back already", async () => {
    const gateway = await disputed()
    const asking = (payments: Payments["Service"]) => payments.refund({ reference, amount }, "refund/1")
    expect(await no(gateway, asking)).toEqual(new RefundRefused({ reason: "disputed" }))
    gateway.decideDispute(reference, "won")
    expect(await refund(gateway, "refund/2")).toMatchObject({ status: "succeeded" })
  })

  test("is answered once, however often we say it, and by whoever says it first", async () => {
    const gateway = await disputed()
    const answers = await Promise.all(Array.from({ length: 20 }, () => via(gateway, answering())))
    for (const answer of answers) expect(answer).toMatchObject({ id: disputeId, status: "open", evidenceReference: id })
    expect(await no(gateway, answering("another reference"))).toEqual(new EvidenceRefused({ reason: "evidence_given" }))
    expect(gateway.ledger().filter(({ kind }) => kind === "evidence")).toMatchObject([{ evidence: { reference: id, documents } }])
  })

  test("that is decided, that is another, or of another payment takes no evidence", async () => {
    const gateway = await disputed()
    expect(await no(gateway, answering(id, "dp_other"))).toEqual(new EvidenceRefused({ reason: "no_dispute" }))
    gateway.decideDispute(reference, "lost")
    expect(await no(gateway, answering())).toEqual(new EvidenceRefused({ reason: "dispute_closed" }))
    expect(await no(await open(), answering())).toEqual(new EvidenceRefused({ reason: "unknown_payment" }))
    expect(kinds(gateway)).not.toContain("evidence")
  })

  const wrongReference: SpoiledAnswer["fault"]["fault"] = "wrongReference"
  for (const { called, fault, done } of spoiledAnswers("http://127.0.0.1:9/").filter(
    (one) => one.fault.fault !== wrongReference // The answer to a dispute names no payment: the dispute's id is what counts.
  ))
    test(`${called}: we ask what is known of our evidence, and it is given once`, async () => {
      const gateway = await disputed()
      gateway.misbehave(fault)
      if (done) expect(await via(gateway, answering())).toMatchObject({ evidenceReference: id })
      else expect(await no(gateway, answering())).toBeInstanceOf(PaymentsUnreachable)
      gateway.behave()
      expect(await via(gateway, answering())).toMatchObject({ evidenceReference: id })
      expect(kinds(gateway).filter((kind) => kind === "evidence")).toEqual(["evidence"])
    })

  test("may be told by the token's name, down to its end", async () => {
    using receiver = new WebhookReceiver()
    const gateway = await open({ pace: 5, webhook: receiver.target })
    await charge(gateway, "tok_disputed_won")
    await receiver.count(2)
    await via(gateway, answering())
    await receiver.count(3)
    expect(receiver.statuses).toEqual(["settled", "disputed", "dispute_won"])
  })
})

describe("a refund that was accepted", () => {
  test("may fail later: announced by its names, and what came back counts no more", async () => {
    using receiver = new WebhookReceiver()
    const gateway = await open({ manual: true, webhook: receiver.target })
    await charge(gateway, "tok_refund_fails")
    const { id: refundId } = await refund(gateway)
    gateway.failRefund(reference)
    gateway.failRefund(reference)
    await receiver.count(1)
    expect(settlementOf(receiver.received[0]!)).toMatchObject({
      status: "refund_failed",
      ...amount,
      refundId,
      refundReference: "refund/1",
      reason: "account_closed"
    })
    expect(await look(gateway)).toMatchObject({ refundedMinor: 0, refunds: [{ status: "failed", reason: "account_closed" }] })
    expect(await no(gateway, (payments) => payments.refund({ reference, amount }, "refund/1"))).toEqual(
      new RefundRefused({ reason: "failed" })
    )
    expect(await refund(gateway, "refund/2")).toMatchObject({ id: "re_gw_1_2", status: "succeeded" }) // By another way, and anew.
    expect(kinds(gateway)).toEqual(["charge", "refund", "refund_failed", "refund"])
  })

  test("fails by the token's name, in a restarted bank as well", async () => {
    const folder = mkdtempSync(join(tmpdir(), "payments-"))
    try {
      const file = join(folder, "payments.jsonl")
      const before = await open({ manual: true, file })
      await charge(before, "tok_refund_fails")
      await refund(before)
      await before.stop()
      using receiver = new WebhookReceiver()
      const after = await open({ pace: 5, file, webhook: receiver.target })
      await receiver.count(2)
      expect(receiver.statuses.sort()).toEqual(["refund_failed", "settled"])
      expect(await look(after)).toMatchObject({ refundedMinor: 0, settlement: "settled" })
      await after.stop()
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe("a charge by mandate that the bank wants confirmed", () => {
  for (const method of ["tok_sca_sepa", "tok_requires_action_offsession"])
    test(`waits for the customer in spite of his mandate, and is announced as captured, or declined: ${method}`, async () => {
      using receiver = new WebhookReceiver()
      const gateway = await open({ manual: true, webhook: receiver.target })
      const other = PaymentId.make("pay_other")
      await via(gateway, (payments) => payments.mandate({ reference, method, customer }, "mandate"))
      for (const pays of [reference, other])
        expect(await charge(gateway, method, pays)).toMatchObject({ status: "requires_action", capturedMinor: 0 })
      gateway.confirm(reference)
      gateway.reject(other)
      await receiver.count(2)
      const heard = receiver.received.map(settlementOf).sort((one, two) => (one.status < two.status ? -1 : 1))
      expect(heard).toMatchObject([
        { reference, status: "captured", ...amount, paymentId: "gw_1", reason: null },
        { reference: other, status: "declined", reason: "authentication_failed" }
      ])
      expect(await charge(gateway, method)).toMatchObject({ status: "captured", capturedMinor: 12_90 })
    })
})

describe("the list of payments", () => {
  const readAll = async (gateway: Url, since: string) => {
    const all: Array<ListedPayment> = []
    const pages: Array<number> = []
    for (let cursor: string | null = null; ; ) {
      const page: { payments: ReadonlyArray<ListedPayment>; cursor: string | null } = await via(gateway, (payments) =>
        payments.list({ since, cursor })
      )
      all.push(...page.payments)
      pages.push(page.payments.length)
      cursor = page.cursor
      if (cursor === null) return { all, pages }
    }
  }
  const payOf = (n: number) => PaymentId.make(`pay_${n}-final-1`)

  test("comes in pages of a hundred, the oldest change first, each payment once, from an instant on", async () => {
    let now = Date.parse(monday)
    const gateway = await open({ manual: true, now: () => now })
    for (let n = 0; n < 250; n++, now += 1000) await charge(gateway, "tok_ok", payOf(n))
    gateway.settle(payOf(0)) // Changed last.
    const { all, pages } = await readAll(gateway, monday)
    expect(pages).toEqual([100, 100, 50])
    expect(all.map((one) => one.reference)).toEqual([...Array.from({ length: 249 }, (_, n) => payOf(n + 1)), payOf(0)])
    expect(all.at(-1)).toMatchObject({ settlement: "settled", changedAt: "2026-03-02T12:04:10.000Z" })
    expect((await readAll(gateway, "2026-03-02T12:04:09.000Z")).all.map((one) => one.reference)).toEqual([payOf(249), payOf(0)])
    expect((await readAll(gateway, "2026-03-02T12:04:11.000Z")).all).toEqual([])
  })

  test("misses nothing that changes while it is read", async () => {
    const gateway = await open()
    for (let n = 0; n < 101; n++) await charge(gateway, "tok_ok", payOf(n))
    const first = await via(gateway, (payments) => payments.list({ since: "2020-01-01T00:00:00.000Z", cursor: null }))
    gateway.settle(payOf(3))
    const second = await via(gateway, (payments) => payments.list({ since: "2020-01-01T00:00:00.000Z", cursor: first.cursor }))
    expect(second.payments.map((one) => [one.reference, one.settlement])).toEqual([
      [payOf(100), null],
      [payOf(3), "settled"]
    ])
  })

  test("tells refunds, settlements, holds and disputes as they are, over a restart", async () => {
    const folder = mkdtempSync(join(tmpdir(), "payments-"))
    try {
      const file = join(folder, "payments.jsonl")
      const before = await open({ manual: true, file })
      await charge(before, "tok_ok")
      await refund(before, "refund/1", { amountMinor: 90, currency: "EUR" })
      before.settle(reference)
      before.dispute(reference)
      await via(before, answering())
      const told = (await readAll(before, monday)).all
      await before.stop()
      const after = await open({ manual: true, file })
      expect((await readAll(after, monday)).all).toEqual(told)
      expect(told).toMatchObject([
        {
          status: "captured",
          capturedMinor: 12_90,
          refundedMinor: 90,
          settlement: "settled",
          refunds: [{ reference: "refund/1", amountMinor: 90, status: "succeeded" }],
          disputes: [{ id: disputeId, amountMinor: 12_00, status: "open", evidenceReference: id }]
        }
      ])
      await after.stop()
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test("that is spoiled, or leads back to itself, is not believed", async () => {
    const asking = (payments: Payments["Service"]) => payments.list({ since: monday, cursor: "7" })
    for (const { fault } of spoiledAnswers("http://127.0.0.1:9/")) {
      if (["error500AfterWork", "wrongReference"].includes(fault.fault)) continue // Of work that a question does not do.
      const gateway = await open()
      await charge(gateway)
      gateway.misbehave({ ...fault, on: "GET", times: 2 }) // Bun repeats a GET by itself when a kept connection breaks.
      expect(await no(gateway, (payments) => payments.list({ since: monday, cursor: null })), fault.fault).toBeInstanceOf(
        PaymentsUnreachable
      )
    }
    using circle = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => Response.json({ payments: [], cursor: "7" }) })
    expect(await no({ url: `http://127.0.0.1:${circle.port}` }, asking)).toMatchObject({ cause: { why: "notOurs" } })
  })
})

describe("a gateway in trouble", () => {
  test("may announce what is not in its books", async () => {
    using receiver = new WebhookReceiver()
    const gateway = await open({ manual: true, webhook: receiver.target })
    await charge(gateway)
    gateway.misannounce(reference, { amountMinor: 1, currency: "USD" })
    await receiver.count(1)
    expect(receiver.received[0]!.event).toMatchObject({ reference, status: "settled", amountMinor: 1, currency: "USD" })
    expect(kinds(gateway)).toEqual(["charge"])
  })

  test("is told to over HTTP as well", async () => {
    const gateway = await open()
    await charge(gateway)
    const act = (body: object) =>
      fetch(`${gateway.url}/_simulator/acts`, { method: "POST", body: JSON.stringify({ reference, ...body }) })
    await act({ act: "settle" })
    await act({ act: "dispute" })
    await act({ act: "decideDispute", outcome: "won" })
    expect(kinds(gateway)).toEqual(["charge", "settle", "dispute", "dispute_won"])
  })
})
