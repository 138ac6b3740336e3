/** The contract of the factory port: the live client and the simulated factory sit the same exam, and the factory's own ledger is the judge. */
import { afterEach, describe, expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Schema } from "effect"
import {
  Factory,
  type FactoryOrder,
  FactoryRefusedOrder,
  FactoryStatus,
  FactoryUnreachable,
  type NewFactoryOrder
} from "#integrations/factory/factory.ts"
import { FactoryHttp } from "#integrations/factory/http.ts"
import { type FactorySimulator, type FactorySimulatorOptions, startFactorySimulator } from "#integrations/factory/simulator.ts"
import { NoAnswer } from "#integrations/http/outbound.ts"
import { OrderId, Vin } from "#machines/vocabulary.ts"
import { patienceMillis, spoiledAnswers } from "./spoiled-answers.ts"
import { WebhookReceiver } from "./webhook-receiver.ts"

const reference = OrderId.make("ord_7")
const order: typeof NewFactoryOrder.Type = { reference, model: "Modelo Uno", country: "ES" }
const id = "order/ord_7#3.0"

const running: Array<FactorySimulator> = []
afterEach(async () => {
  for (const factory of running.splice(0)) await factory.stop()
})

const open = async (options: FactorySimulatorOptions = { manual: true }) => {
  const factory = await startFactorySimulator(options)
  running.push(factory)
  return factory
}
const via = <A, E>(factory: { readonly url: string }, effect: Effect.Effect<A, E, Factory>) =>
  Effect.runPromise(Effect.provide(effect, FactoryHttp({ url: factory.url, timeoutMillis: patienceMillis })))
const place = (factory: { readonly url: string }, what = order, by = id) =>
  via(
    factory,
    Factory.use((f) => f.placeOrder(what, by))
  )
const noTo = (factory: { readonly url: string }, what = order, by = id) =>
  via(factory, Effect.flip(Factory.use((f) => f.placeOrder(what, by))))
const find = (factory: { readonly url: string }, what = reference) =>
  via(
    factory,
    Factory.use((f) => f.findOrder(what))
  )
const built = (factory: FactorySimulator) => factory.ledger().filter((entry) => entry.kind === "order").length

const elsewhere = () => {
  let visits = 0
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => Response.json({ visits: ++visits }) })
  return { url: `http://127.0.0.1:${server.port}/`, visits: () => visits, [Symbol.dispose]: () => void server.stop(true) }
}

describe("the factory", () => {
  test("accepts an order and finds it again by our reference", async () => {
    const factory = await open()
    const accepted = await place(factory)
    expect(accepted).toMatchObject({ reference, factoryOrderId: "fo_1", status: "accepted", vin: null, reason: null })
    expect(await find(factory)).toEqual(accepted)
    expect(factory.ledger()).toMatchObject([{ kind: "order", reference, model: "Modelo Uno", country: "ES" }])
  })

  test("builds once what is ordered twice, with the same id or another one", async () => {
    const factory = await open()
    const first = await place(factory)
    const again = await Promise.all(Array.from({ length: 20 }, (_, n) => place(factory, order, n % 2 === 0 ? id : `${id}-${n}`)))
    for (const answer of again) expect(answer).toEqual(first)
    expect(built(factory)).toBe(1)
  })

  test("knows nothing of an order nobody placed", async () => {
    expect(await find(await open())).toBeNull()
  })

  test("refuses a model it does not build, and does so again", async () => {
    const factory = await open()
    const unknown = { ...order, model: "Modelo Tres" }
    expect(await noTo(factory, unknown)).toEqual(new FactoryRefusedOrder({ reason: "unknown_model" }))
    expect(await noTo(factory, unknown)).toEqual(new FactoryRefusedOrder({ reason: "unknown_model" }))
    expect(factory.ledger().map((entry) => entry.kind)).toEqual(["refusal"])
  })

  test("refuses when it is told to, and its free text stays outside", async () => {
    const factory = await open()
    factory.misbehave({ fault: "decline", reason: "line_closed" }, { fault: "decline", reason: "Ask Mrs Example about it" })
    expect(await noTo(factory)).toEqual(new FactoryRefusedOrder({ reason: "line_closed" }))
    expect(await noTo(factory, order, "order/ord_7#4.0")).toEqual(new FactoryRefusedOrder({ reason: "unspecified" }))
  })

  test("a key used for another order is our mistake, not the factory's no", async () => {
    const factory = await open()
    await place(factory)
    const other = { ...order, reference: OrderId.make("ord_8") }
    expect(await noTo(factory, other)).toMatchObject({ _tag: "FactoryUnreachable", cause: { why: "unexpected" } })
    expect(built(factory)).toBe(1)
  })

  test("an order of ours for another model is not taken for this one", async () => {
    const factory = await open()
    await place(factory)
    const error = await noTo(factory, { ...order, model: "Modelo Dos" }, "order/ord_7#9.0")
    expect(error).toMatchObject({ _tag: "FactoryUnreachable", cause: { why: "unexpected" } })
    expect(built(factory)).toBe(1)
  })

  for (const { called, fault, done } of spoiledAnswers("http://127.0.0.1:9/")) {
    test(`${called}: we ask by reference, and ${done ? "find the order" : "know that we do not know"}`, async () => {
      const factory = await open()
      factory.misbehave(fault)
      if (done) expect(await place(factory)).toMatchObject({ reference, status: "accepted" })
      else expect(await noTo(factory)).toBeInstanceOf(FactoryUnreachable)
      expect(built(factory)).toBe(done ? 1 : 0)
    })
  }

  test("where the question fails too, the error says why, nothing is believed, and a repeat orders one car", async () => {
    using trap = elsewhere()
    for (const { called, fault, done, why } of spoiledAnswers(trap.url)) {
      const factory = await open()
      factory.misbehave(fault, { fault: "error500", on: "GET" })
      const error = await noTo(factory)
      expect(error, called).toBeInstanceOf(FactoryUnreachable)
      const { cause } = error as FactoryUnreachable
      expect(cause, called).toBeInstanceOf(NoAnswer)
      expect((cause as NoAnswer).why, called).toBe(why)
      factory.behave()
      expect(await place(factory), called).toMatchObject({ reference, status: "accepted" })
      expect(built(factory), `${called}, ${done ? "done before" : "not done before"}`).toBe(1)
    }
    expect(trap.visits()).toBe(0)
  })

  test("a request still on its way when we gave up, and repeated meanwhile, orders one car", async () => {
    const factory = await open()
    factory.misbehave({ fault: "delayWork", ms: patienceMillis + 100 })
    expect(await noTo(factory)).toMatchObject({ _tag: "FactoryUnreachable", cause: { why: "timedOut" } })
    expect(built(factory)).toBe(0)
    const accepted = await place(factory)
    await Bun.sleep(200)
    expect(await find(factory)).toEqual(accepted)
    expect(built(factory)).toBe(1)
  })

  test("garbage is not believed when we ask either", async () => {
    const factory = await open()
    await place(factory)
    for (const { called, fault, why } of spoiledAnswers("http://127.0.0.1:9/")) {
      if (fault.fault === "error500AfterWork") continue // A question does no work.
      factory.misbehave({ ...fault, on: "GET", times: 2 }) // Bun repeats a GET by itself when a kept connection breaks; never a POST.
      const error = await via(factory, Effect.flip(Factory.use((f) => f.findOrder(reference))))
      factory.behave()
      expect(error, called).toMatchObject({ _tag: "FactoryUnreachable", cause: { why } })
    }
  })

  test("a text that Postgres could not keep is not believed", async () => {
    for (const factoryOrderId of ["fo_\0", "fo_\ud800"]) {
      using server = Bun.serve({
        hostname: "127.0.0.1",
        port: 0,
        fetch: () => Response.json({ factoryOrderId, reference, status: "accepted", vin: null, expectedAt: null, reason: null })
      })
      const asked = Factory.use((f) => f.findOrder(reference)).pipe(Effect.provide(FactoryHttp({ url: server.url.href })))
      expect(await Effect.runPromise(Effect.flip(asked))).toMatchObject({
        _tag: "FactoryUnreachable",
        cause: { why: "unreadable" }
      })
    }
  })

  test("a car without a VIN is not ready, whatever the answer says", async () => {
    using server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: () => Response.json({ factoryOrderId: "fo_1", reference, status: "ready", vin: null, expectedAt: null, reason: null })
    })
    const error = await via({ url: `http://127.0.0.1:${server.port}` }, Effect.flip(Factory.use((f) => f.findOrder(reference))))
    expect(error).toMatchObject({ _tag: "FactoryUnreachable", cause: { why: "notOurs", detail: "vin" } })
  })

  test("JSON that calls itself something else is not believed", async () => {
    const told = {
      factoryOrderId: "fo_1",
      reference,
      status: "accepted",
      vin: null,
      expectedAt: null,
      reason: null,
      unheardOf: true
    }
    let type = "text/html"
    const answer = () => new Response(JSON.stringify(told), { headers: { "content-type": type } })
    using server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: answer })
    const asking = Factory.use((f) => f.findOrder(reference))
    const url = `http://127.0.0.1:${server.port}`
    expect(await via({ url }, Effect.flip(asking))).toMatchObject({ _tag: "FactoryUnreachable", cause: { why: "unreadable" } })
    type = "application/json; charset=utf-8"
    const { unheardOf: _, ...order } = told
    expect(await via({ url }, asking)).toEqual(order as FactoryOrder)
  })

  test("a 404 that does not speak of our order is not an answer", async () => {
    using server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: () => Response.json({ message: "no route" }, { status: 404 })
    })
    const error = await via({ url: `http://127.0.0.1:${server.port}` }, Effect.flip(Factory.use((f) => f.findOrder(reference))))
    expect(error).toMatchObject({ _tag: "FactoryUnreachable", cause: { why: "unexpected" } })
  })

  test("is unreachable while it is gone, and for as long as it is told to be away", async () => {
    const factory = await open()
    factory.misbehave({ fault: "down", ms: 150 })
    expect(await noTo(factory)).toBeInstanceOf(FactoryUnreachable)
    await Bun.sleep(160)
    expect(await place(factory)).toMatchObject({ status: "accepted" })
    await factory.stop()
    expect(await noTo(factory)).toMatchObject({ _tag: "FactoryUnreachable", cause: { why: "unreachable" } })
  })
})

describe("a simulated factory", () => {
  test("tells in progress, ready with a VIN, and shipped, by itself, signed", async () => {
    using receiver = new WebhookReceiver()
    const factory = await open({ pace: 10, webhook: receiver.target })
    await place(factory)
    await receiver.count(3)
    expect(receiver.statuses).toEqual(["in_progress", "ready", "shipped"])
    expect(receiver.forged).toEqual([])
    const events = receiver.received.map(({ event }) => Schema.decodeUnknownSync(FactoryStatus)(event))
    expect(events.map((event) => event.vin)).toEqual([null, events[1]!.vin, events[1]!.vin])
    expect(Schema.is(Vin)(events[1]!.vin)).toBe(true)
    expect(await find(factory)).toMatchObject({ status: "shipped", vin: events[1]!.vin })
  })

  test("takes its steps only in order and only when told, if it is manual", async () => {
    const factory = await open()
    await place(factory)
    factory.finish(reference)
    factory.ship(reference)
    expect(await find(factory)).toMatchObject({ status: "accepted" })
    factory.start(reference)
    factory.finish(reference)
    factory.cancel(reference, "no_batteries")
    factory.ship(reference)
    expect(factory.ledger().map((entry) => entry.kind)).toEqual(["order", "in_progress", "ready", "cancelled"])
    expect(await find(factory)).toMatchObject({ status: "cancelled", reason: "no_batteries" })
  })

  test("repeats a webhook until it is taken, with the same id", async () => {
    using receiver = new WebhookReceiver()
    const factory = await open({ manual: true, webhook: receiver.target })
    await place(factory)
    receiver.refuseNext = 2
    factory.start(reference)
    await receiver.count(1)
    expect(factory.webhooks()).toMatchObject([{ id: "evt_factory_1", tries: 3 }])
  })

  test("duplicates bear one webhook-id, reordered ones arrive after their successors, lost ones never", async () => {
    using receiver = new WebhookReceiver()
    const factory = await open({ manual: true, webhook: receiver.target })
    await place(factory)
    factory.misbehave({ fault: "duplicate", copies: 5 })
    factory.start(reference)
    await receiver.count(5)
    expect(new Set(receiver.received.map(({ id }) => id)).size).toBe(1)
    factory.misbehave({ fault: "reorder" })
    factory.finish(reference)
    factory.ship(reference)
    await receiver.count(7)
    expect(receiver.statuses.slice(5)).toEqual(["shipped", "ready"])
    const other = { ...order, reference: OrderId.make("ord_8") }
    await place(factory, other, "order/ord_8#3.0")
    factory.misbehave({ fault: "loseWebhook" })
    factory.start(other.reference)
    factory.finish(other.reference)
    await receiver.count(8)
    expect(receiver.statuses.slice(7)).toEqual(["ready"])
  })

  test("remembers orders, keys, VINs and undelivered webhooks over a restart", async () => {
    const folder = mkdtempSync(join(tmpdir(), "factory-"))
    try {
      const file = join(folder, "factory.jsonl")
      const before = await open({ manual: true, file })
      await place(before)
      before.start(reference)
      before.finish(reference)
      const { vin } = (await find(before))!
      await before.stop()
      using receiver = new WebhookReceiver()
      const after = await open({ manual: true, file, webhook: receiver.target })
      await receiver.count(2)
      expect(await place(after)).toMatchObject({ factoryOrderId: "fo_1" })
      const other = { ...order, reference: OrderId.make("ord_8") }
      await place(after, other, "order/ord_8#3.0")
      after.start(other.reference)
      after.finish(other.reference)
      const second = await find(after, other.reference)
      expect(second).toMatchObject({ factoryOrderId: "fo_2" })
      expect(second!.vin).not.toBe(vin)
      await receiver.count(4)
      expect(new Set(receiver.received.map((one) => one.id)).size).toBe(4)
      await after.stop()
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test("obeys other processes over HTTP", async () => {
    const factory = await open()
    const tell = (path: string, body: unknown) =>
      fetch(`${factory.url}/_simulator/${path}`, { method: "POST", body: JSON.stringify(body) })
    expect((await tell("faults", [{ fault: "decline", reason: "line_closed" }])).status).toBe(200)
    expect(await noTo(factory)).toEqual(new FactoryRefusedOrder({ reason: "line_closed" }))
    await place(factory, order, "order/ord_7#4.0")
    expect((await tell("acts", { act: "start", reference })).status).toBe(200)
    expect((await tell("acts", { act: "explode", reference })).status).toBe(404)
    expect((await tell("faults", [{ fault: "unheard of" }])).status).toBe(404)
    const ledger = await (await fetch(`${factory.url}/_simulator/ledger`)).json()
    expect(ledger).toEqual(factory.ledger())
    expect(factory.ledger().map((entry) => entry.kind)).toEqual(["refusal", "order", "in_progress"])
  })
})
