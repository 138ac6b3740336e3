/** The second half of the payments contract: money that is held, taken later, let go, or permitted. The bank's own ledger is the judge. */
import { describe, expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Schema } from "effect"
import { PaymentsHttp } from "#integrations/payments/http.ts"
import {
  CannotBeHeld,
  HoldGone,
  PaymentRefused,
  Payments,
  PaymentsUnreachable,
  Settlement,
  VoidRefused
} from "#integrations/payments/payments.ts"
import type { PaymentsSimulator } from "#integrations/payments/simulator.ts"
import { type Money, PaymentId, SubjectId } from "#machines/vocabulary.ts"
import { gateways } from "./gateways.ts"
import { patienceMillis, type SpoiledAnswer, spoiledAnswers } from "./spoiled-answers.ts"
import { WebhookReceiver } from "./webhook-receiver.ts"

const reference = PaymentId.make("pay_VSSCAASZ1ZZ000001-a1-service-1")
const customer = SubjectId.make("sub_1")
const amount: Money = { amountMinor: 12_90, currency: "EUR" }
const path = "activation/VSSCAASZ1ZZ000001/act_a1"
const monday = Date.parse("2026-03-02T12:00:00.000Z")
const day = 24 * 3600 * 1000

const open = gateways()

type Asking = (payments: Payments["Service"]) => Effect.Effect<unknown, unknown>
type Url = { readonly url: string }
const via = <A, E>(gateway: Url, asking: (payments: Payments["Service"]) => Effect.Effect<A, E>) =>
  Effect.runPromise(Effect.provide(Payments.use(asking), PaymentsHttp({ url: gateway.url, timeoutMillis: patienceMillis })))
/** The failure, or "nothing failed". */
const no = (gateway: Url, asking: Asking) =>
  via(gateway, (payments) =>
    Effect.match(asking(payments), { onFailure: (error) => error, onSuccess: () => "nothing failed" as unknown })
  )

const authorise =
  (method = "tok_ok", money = amount, id = `${path}#1.0`) =>
  (payments: Payments["Service"]) =>
    payments.authorise({ reference, amount: money, method, customer }, id)
const capture =
  (money = amount, id = `${path}#3.0`) =>
  (payments: Payments["Service"]) =>
    payments.capture({ reference, amount: money }, id)
const release =
  (id = `${path}#4.0`) =>
  (payments: Payments["Service"]) =>
    payments.void({ reference }, id)
const mandate =
  (method = "tok_sepa", id = `${path}#2.0`) =>
  (payments: Payments["Service"]) =>
    payments.mandate({ reference, method, customer }, id)
const charge =
  (method = "tok_sepa", id = `${path}#5.0`) =>
  (payments: Payments["Service"]) =>
    payments.charge({ reference, amount, method, customer }, id)
const find = (payments: Payments["Service"]) => payments.find(reference)
const kinds = (gateway: PaymentsSimulator) => gateway.ledger().map((entry) => entry.kind)

/** One payment as a gateway tells it, with whatever is to be a lie. */
const told = (lie: object) => ({
  id: "gw_1",
  reference,
  status: "authorised",
  ...amount,
  capturedMinor: 0,
  refundedMinor: 0,
  reason: null,
  captureBefore: "2026-03-09T12:00:00.000Z",
  actionUrl: null,
  refunds: [],
  ...lie
})
const liar = (...payments: ReadonlyArray<object>) =>
  Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => Response.json({ payments }) })
const at = (server: { readonly port: number | undefined }): Url => ({ url: `http://127.0.0.1:${server.port}` })

const wrongAmount: SpoiledAnswer = { called: "another amount", fault: { fault: "wrongAmount" }, done: true, why: "notOurs" }
const spoiled = [...spoiledAnswers("http://127.0.0.1:9/"), wrongAmount]

describe("whatever posts", () => {
  const hold = async (gateway: PaymentsSimulator) => void (await via(gateway, authorise()))
  const verbs: ReadonlyArray<{
    readonly verb: string
    readonly before: (gateway: PaymentsSimulator) => Promise<void>
    readonly ask: Asking
    readonly kind: string
  }> = [
    { verb: "an authorisation", before: async () => {}, ask: authorise(), kind: "authorise" },
    { verb: "a capture", before: hold, ask: capture(), kind: "capture" },
    { verb: "a void", before: hold, ask: release(), kind: "void" },
    { verb: "a mandate", before: async () => {}, ask: mandate(), kind: "mandate" },
    { verb: "a charge by mandate", before: async (gateway) => void (await via(gateway, mandate())), ask: charge(), kind: "charge" }
  ]
  for (const { verb, before, ask, kind } of verbs) {
    const done = (gateway: PaymentsSimulator) => kinds(gateway).filter((one) => one === kind).length

    test(`${verb}: asked for twenty times in parallel is done once`, async () => {
      const gateway = await open()
      await before(gateway)
      await Promise.all(Array.from({ length: 20 }, () => via(gateway, ask)))
      expect(done(gateway)).toBe(1)
    })

    test(`${verb}: repeated when the gateway has forgotten the key is answered without a second POST`, async () => {
      const gateway = await open()
      await before(gateway)
      await via(gateway, ask)
      gateway.misbehave({ fault: "error500", on: "POST" }) // Whoever posts now is caught.
      expect(await no(gateway, ask)).toBe("nothing failed")
      expect(done(gateway)).toBe(1)
      expect((await fetch(`${gateway.url}/payments`, { method: "POST" })).status).toBe(500) // It still waits: nobody had posted.
    })

    test(`${verb}: a spoiled answer is looked into by reference; what was not done is unknown, and done once when repeated`, async () => {
      const spoil = async ({ called, fault, done: worked, why }: SpoiledAnswer) => {
        const gateway = await open()
        await before(gateway)
        gateway.misbehave(fault)
        const error = await no(gateway, ask)
        if (worked) expect(error, called).toBe("nothing failed")
        else expect(error, called).toMatchObject({ _tag: "PaymentsUnreachable", cause: { why } })
        expect(done(gateway), called).toBe(worked ? 1 : 0)
        gateway.behave()
        expect(await no(gateway, ask), called).toBe("nothing failed")
        expect(done(gateway), called).toBe(1)
      }
      await Promise.all(spoiled.map(spoil))
    })

    test(`${verb}: with nobody to ask afterwards is unknown, with the first cause`, async () => {
      const spoil = async ({ called, fault, why }: SpoiledAnswer) => {
        const gateway = await open()
        await before(gateway)
        gateway.misbehave(fault, { fault: "error500", on: "GET", skip: 1 })
        expect(await no(gateway, ask), called).toMatchObject({ _tag: "PaymentsUnreachable", cause: { why } })
        gateway.behave()
        expect(await no(gateway, ask), called).toBe("nothing failed")
        expect(done(gateway), called).toBe(1)
      }
      const compared = kind !== "void" && kind !== "mandate" // What is let go or permitted has no amount to be wrong.
      await Promise.all(spoiled.filter(({ fault }) => compared || fault.fault !== "wrongAmount").map(spoil))
    })

    test(`${verb}: posts nothing while the question by reference is not answered`, async () => {
      const gateway = await open()
      await before(gateway)
      const faults = [
        { fault: "garbage", form: "html" },
        { fault: "error500" },
        { fault: "loseRequest" },
        { fault: "huge" }
      ] as const
      for (const fault of faults) {
        gateway.misbehave({ ...fault, on: "GET", times: 2 }) // Bun repeats a GET by itself when a kept connection breaks; never a POST.
        expect(await no(gateway, ask), fault.fault).toBeInstanceOf(PaymentsUnreachable)
        gateway.behave()
      }
      expect(done(gateway)).toBe(0)
    })
  }
})

describe("a hold", () => {
  test("takes no money, and says until when it can be captured", async () => {
    const gateway = await open({ manual: true, now: () => monday })
    const payment = await via(gateway, authorise())
    expect(payment).toMatchObject({
      id: "gw_1",
      reference,
      status: "authorised",
      ...amount,
      capturedMinor: 0,
      captureBefore: "2026-03-09T12:00:00.000Z"
    })
    expect(await via(gateway, find)).toMatchObject(payment)
    expect(gateway.ledger()).toMatchObject([{ kind: "authorise", capture: "manual", ...amount, customer }])
  })

  test("is refused by the bank, and stays refused", async () => {
    const gateway = await open()
    for (let tries = 0; tries < 2; tries++)
      expect(await no(gateway, authorise("tok_declined"))).toEqual(new PaymentRefused({ reason: "insufficient_funds" }))
    expect(kinds(gateway)).toEqual(["decline"])
  })

  test("is captured once, in full, and settled later", async () => {
    using receiver = new WebhookReceiver()
    const gateway = await open({ pace: 5, webhook: receiver.target })
    await via(gateway, authorise())
    expect(await via(gateway, capture())).toMatchObject({ id: "gw_1", status: "captured", capturedMinor: 12_90 })
    await receiver.count(1)
    expect(Schema.decodeUnknownSync(Settlement)(receiver.received[0]!.event)).toMatchObject({
      reference,
      status: "settled",
      ...amount
    })
    expect(kinds(gateway)).toEqual(["authorise", "capture", "settle"])
    expect(await via(gateway, authorise())).toMatchObject({ status: "captured" }) // Whoever asks again learns the truth.
  })

  test("is let go once, and nothing can be captured then", async () => {
    const gateway = await open()
    await via(gateway, authorise())
    await via(gateway, release())
    await via(gateway, release("another key"))
    expect(await no(gateway, capture())).toEqual(new HoldGone({ reason: "voided" }))
    expect(await no(gateway, authorise())).toEqual(new PaymentRefused({ reason: "voided" }))
    expect(kinds(gateway)).toEqual(["authorise", "void"])
  })

  test("whose capture is refused while an earlier one is still under way is not gone: else it would be charged a second time", async () => {
    const captured = told({ status: "captured", capturedMinor: amount.amountMinor })
    for (const [after, answer] of [
      [captured, "nothing failed"],
      [told({}), expect.objectContaining({ _tag: "PaymentsUnreachable" })],
      [told({ status: "voided" }), new HoldGone({ reason: "voided" })]
    ] as const) {
      let refused = false
      using bank = Bun.serve({
        hostname: "127.0.0.1",
        port: 0,
        fetch: ({ method }) => {
          if (method === "GET") return Response.json({ payments: [refused ? after : told({})] })
          refused = true
          return Response.json({ reference, reason: "capture_in_progress" }, { status: 409 })
        }
      })
      expect(await no(at(bank), capture())).toEqual(answer)
    }
  })

  test("that is captured is not let go", async () => {
    const gateway = await open()
    await via(gateway, authorise())
    await via(gateway, capture())
    expect(await no(gateway, release())).toEqual(new VoidRefused({ reason: "captured" }))
    expect(kinds(gateway)).toEqual(["authorise", "capture"])
  })

  test("is captured or let go, never both, when both are asked at once", async () => {
    for (let round = 0; round < 10; round++) {
      const gateway = await open()
      await via(gateway, authorise())
      const first = no(gateway, round % 2 === 0 ? capture() : release())
      const second = no(gateway, round % 2 === 0 ? release() : capture())
      const [captured, voided] = await Promise.all(round % 2 === 0 ? [first, second] : [second, first])
      const end = kinds(gateway).slice(1)
      if (Bun.deepEquals(end, ["capture"]))
        expect([captured, voided]).toEqual(["nothing failed", new VoidRefused({ reason: "captured" })])
      else expect([end, captured instanceof HoldGone, voided]).toEqual([["void"], true, "nothing failed"])
    }
  })

  test("expires after seven days by the bank's clock: not captured, not let go a second time, written down once", async () => {
    let now = monday
    const gateway = await open({ manual: true, now: () => now })
    await via(gateway, authorise())
    now = monday + 7 * day - 1
    expect(await via(gateway, find)).toMatchObject({ status: "authorised" })
    now = monday + 7 * day
    expect(await no(gateway, capture())).toEqual(new HoldGone({ reason: "expired" }))
    expect(await no(gateway, release())).toBe("nothing failed")
    expect(await no(gateway, authorise())).toEqual(new PaymentRefused({ reason: "expired" }))
    expect(gateway.ledger()).toMatchObject([{ kind: "authorise" }, { kind: "expire", at: "2026-03-09T12:00:00.000Z", ...amount }])
  })

  test("that expires between our question and our void is let go all the same", async () => {
    let now = monday
    const gateway = await open({ manual: true, now: () => now })
    await via(gateway, authorise())
    gateway.misbehave({ fault: "delayWork", ms: 100 })
    const asked = no(gateway, release())
    await Bun.sleep(50)
    now = monday + 8 * day
    expect(await asked).toBe("nothing failed")
    expect(kinds(gateway)).toEqual(["authorise", "expire"])
  })

  test("that never was cannot be captured, and need not be let go", async () => {
    const gateway = await open()
    expect(await no(gateway, capture())).toEqual(new HoldGone({ reason: "unknown_payment" }))
    expect(await no(gateway, release())).toBe("nothing failed")
    await no(gateway, authorise("tok_declined"))
    expect(await no(gateway, capture())).toEqual(new HoldGone({ reason: "declined" }))
    expect(await no(gateway, release())).toBe("nothing failed")
    expect(kinds(gateway)).toEqual(["decline"])
  })

  test("of another amount or currency, half captured or without an end is not believed", async () => {
    const wrongTo = {
      authorise: [
        { amountMinor: 12_91 },
        { currency: "USD" },
        { captureBefore: null },
        { captureBefore: "soon" },
        { status: "taken" }
      ],
      capture: [{ amountMinor: 12_91 }, { status: "captured", capturedMinor: 6_45 }, { reference: "pay_other" }]
    }
    for (const lie of wrongTo.authorise) {
      using server = liar(told(lie))
      expect(await no(at(server), authorise()), JSON.stringify(lie)).toBeInstanceOf(PaymentsUnreachable)
    }
    for (const lie of wrongTo.capture) {
      using server = liar(told(lie))
      expect(await no(at(server), capture()), JSON.stringify(lie)).toBeInstanceOf(PaymentsUnreachable)
    }
    using twice = liar(told({}), told({ id: "gw_2" }))
    const asked: ReadonlyArray<Asking> = [authorise(), capture(), release()]
    for (const ask of asked) expect(await no(at(twice), ask)).toBeInstanceOf(PaymentsUnreachable)
    using held = liar(told({})) // Whatever is posted, it stays held.
    for (const ask of asked.slice(1)) expect(await no(at(held), ask)).toBeInstanceOf(PaymentsUnreachable)
  })

  test("lives on in a restarted bank, and expires there", async () => {
    const folder = mkdtempSync(join(tmpdir(), "payments-"))
    try {
      const file = join(folder, "payments.jsonl")
      const before = await open({ manual: true, file, now: () => monday })
      await via(before, authorise())
      await via(before, (payments) => payments.mandate({ reference, method: "tok_sepa", customer }, `${path}#2.0`))
      await before.stop()
      const after = await open({ manual: true, file, now: () => monday + 7 * day })
      expect(await no(after, capture())).toEqual(new HoldGone({ reason: "expired" }))
      expect(await via(after, mandate())).toMatchObject({ id: "ma_1", status: "granted" })
      expect(kinds(after)).toEqual(["authorise", "mandate", "expire"])
      await after.stop()
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe("a hold that the customer has to confirm", () => {
  test("waits, and is announced as held when the customer has confirmed", async () => {
    using receiver = new WebhookReceiver()
    const gateway = await open({ manual: true, now: () => monday, webhook: receiver.target })
    const payment = await via(gateway, authorise("tok_requires_action"))
    expect(payment).toMatchObject({ status: "requires_action", actionUrl: "https://bank.example/confirm/gw_1" })
    expect(await no(gateway, capture())).toEqual(new HoldGone({ reason: "requires_action" }))
    gateway.confirm(reference)
    gateway.confirm(reference)
    await receiver.count(1)
    expect(Schema.decodeUnknownSync(Settlement)(receiver.received[0]!.event)).toEqual({
      reference,
      paymentId: "gw_1",
      status: "authorised",
      ...amount,
      reason: null,
      captureBefore: "2026-03-09T12:00:00.000Z",
      occurredAt: "2026-03-02T12:00:00.000Z"
    })
    expect(await via(gateway, find)).toMatchObject({ status: "authorised", actionUrl: null })
    await via(gateway, capture())
    expect(kinds(gateway)).toEqual(["await", "authorise", "capture"])
  })

  test("is announced as declined when the customer says no", async () => {
    using receiver = new WebhookReceiver()
    const gateway = await open({ manual: true, webhook: receiver.target })
    await via(gateway, authorise("tok_requires_action"))
    gateway.reject(reference)
    gateway.confirm(reference)
    await receiver.count(1)
    expect(Schema.decodeUnknownSync(Settlement)(receiver.received[0]!.event)).toMatchObject({
      status: "declined",
      reason: "authentication_failed",
      ...amount
    })
    expect(await no(gateway, authorise("tok_requires_action"))).toEqual(new PaymentRefused({ reason: "authentication_failed" }))
    expect(kinds(gateway)).toEqual(["await", "decline"])
  })

  test("is let go while the customer is still with the bank, and a confirmation then changes nothing", async () => {
    const gateway = await open()
    await via(gateway, authorise("tok_requires_action"))
    await via(gateway, release())
    gateway.confirm(reference)
    expect(kinds(gateway)).toEqual(["await", "void"])
  })

  test("sends customers to https addresses only", async () => {
    for (const actionUrl of ["javascript:alert(1)", "http://bank.example/", "https://bank.example/\u0022onclick=x", ""]) {
      using server = liar(told({ status: "requires_action", actionUrl }))
      expect(await via(at(server), find), actionUrl).toMatchObject({ actionUrl: null })
      expect(await via(at(server), authorise()), actionUrl).toMatchObject({ actionUrl: null })
    }
  })
})

describe("a method that cannot hold", () => {
  test("says so, and leaves nothing behind under that reference", async () => {
    const gateway = await open()
    for (const method of ["tok_sepa", "tok_mandate_declined", "tok_charge_declined"])
      expect(await no(gateway, authorise(method, amount, method)), method).toEqual(new CannotBeHeld())
    expect(await via(gateway, find)).toBeNull()
    expect(kinds(gateway)).toEqual([])
  })

  test("is charged by mandate, and by nothing else", async () => {
    const gateway = await open()
    expect(await no(gateway, charge())).toEqual(new PaymentRefused({ reason: "mandate_missing" }))
    expect(await via(gateway, mandate())).toEqual({ id: "ma_1", reference, status: "granted", reason: null })
    expect(await via(gateway, charge("tok_sepa", `${path}#6.0`))).toMatchObject({ status: "captured", capturedMinor: 12_90 })
    expect(gateway.ledger()).toMatchObject([
      { kind: "mandate", reference, method: "tok_sepa", customer, amountMinor: 0 },
      { kind: "charge", reference, ...amount }
    ])
  })

  test("may have its mandate refused, and that stays so", async () => {
    const gateway = await open()
    for (const key of ["first key", "second key"])
      expect(await no(gateway, mandate("tok_mandate_declined", key))).toEqual(new PaymentRefused({ reason: "mandate_refused" }))
    gateway.misbehave({ fault: "decline", reason: "account_closed" })
    const other = PaymentId.make("pay_other")
    expect(
      await no(gateway, (payments) => payments.mandate({ reference: other, method: "tok_sepa", customer }, "third key"))
    ).toEqual(new PaymentRefused({ reason: "account_closed" }))
    expect(kinds(gateway)).toEqual(["mandate_declined", "mandate_declined"])
  })

  test("may have its charge declined, long after its mandate was granted", async () => {
    const gateway = await open()
    await via(gateway, mandate("tok_charge_declined"))
    expect(await no(gateway, charge("tok_charge_declined"))).toEqual(new PaymentRefused({ reason: "insufficient_funds" }))
    expect(kinds(gateway)).toEqual(["mandate", "decline"])
  })
})

describe("a mandate", () => {
  test("on a card that asks its owner lets us charge without asking again", async () => {
    const gateway = await open()
    expect(await via(gateway, mandate("tok_requires_action"))).toMatchObject({ status: "granted" })
    expect(await via(gateway, charge("tok_requires_action"))).toMatchObject({ status: "captured" })
  })

  test("for another reference, twice, or of an unknown kind is not believed", async () => {
    const granted = { id: "ma_1", reference, status: "granted", reason: null }
    for (const mandates of [[{ ...granted, reference: "pay_other" }], [granted, granted], [{ ...granted, status: "perhaps" }]]) {
      using server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => Response.json({ mandates }) })
      expect(await no(at(server), mandate()), JSON.stringify(mandates)).toBeInstanceOf(PaymentsUnreachable)
    }
  })
})
