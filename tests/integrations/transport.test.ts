/** The contract of the carriers' port: the live client and the simulated carrier sit the same exam, and the carrier's own ledger is the judge. */
import { afterEach, describe, expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Schema } from "effect"
import type { SimulatorOptions } from "#integrations/http/simulated-partner.ts"
import { CarriersHttp } from "#integrations/transport/http.ts"
import { type CarrierSimulator, startCarrierSimulator } from "#integrations/transport/simulator.ts"
import {
  CarrierRefused,
  Carriers,
  CarrierUnreachable,
  type NewTransport,
  TransportStatus
} from "#integrations/transport/transport.ts"
import { OrderId, Vin } from "#machines/vocabulary.ts"
import { patienceMillis, spoiledAnswers } from "./spoiled-answers.ts"
import { WebhookReceiver } from "./webhook-receiver.ts"

type New = typeof NewTransport.Type
const reference = OrderId.make("ord_7")
const id = "order/ord_7#15.0"
const transport: New = {
  reference,
  vin: Vin.make("VSSCAASZ1ZZ000007"),
  to: "customer",
  address: { street: "Calle 1", city: "Madrid" },
  instructions: "hand over in person; otherwise bring it to the dealership; never leave it unattended"
}

const running: Array<CarrierSimulator> = []
afterEach(async () => {
  for (const carrier of running.splice(0)) await carrier.stop()
})

const open = async (options: SimulatorOptions = { manual: true }) => {
  const carrier = await startCarrierSimulator(options)
  running.push(carrier)
  return carrier
}
type Url = { readonly url: string }
const via = <A, E>(at: Url, effect: Effect.Effect<A, E, Carriers>) =>
  Effect.runPromise(Effect.provide(effect, CarriersHttp({ url: at.url, timeoutMillis: patienceMillis })))
const booking = (what: New, key: string) => Carriers.use((carriers) => carriers.book(what, key))
const book = (at: Url, what = transport, key = id) => via(at, booking(what, key))
const noTo = (at: Url, what = transport, key = id) => via(at, Effect.flip(booking(what, key)))
const kinds = (carrier: CarrierSimulator) => carrier.ledger().map((entry) => entry.kind)

describe("a carrier", () => {
  test("drives once, however often it is booked, and once more for the way to the dealership", async () => {
    const carrier = await open()
    const first = await book(carrier)
    expect(first).toMatchObject({ transportId: "tr_1", reference })
    const again = await Promise.all(Array.from({ length: 20 }, (_, n) => book(carrier, transport, n % 2 === 0 ? id : `${id}-${n}`)))
    for (const answer of again) expect(answer).toEqual(first)
    expect(await book(carrier, { ...transport, to: "dealership" }, "order/ord_7#18.0")).toMatchObject({ transportId: "tr_2" })
    expect(carrier.ledger().map(({ kind, to }) => `${kind} ${to}`)).toEqual(["booking customer", "booking dealership"])
  })

  test("refuses on request, and a goal that is not the booked one is not believed", async () => {
    const carrier = await open()
    carrier.misbehave({ fault: "decline", reason: "island" })
    expect(await noTo(carrier)).toEqual(new CarrierRefused({ reason: "island" }))
    expect(kinds(carrier)).toEqual(["refusal"])
    using server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: () => Response.json({ transportId: "tr_1", reference, to: "dealership" })
    })
    expect(await noTo({ url: `http://127.0.0.1:${server.port}` })).toMatchObject({
      _tag: "CarrierUnreachable",
      cause: { detail: "to" }
    })
  })

  test("does not take a car it is not told to watch over", async () => {
    const carrier = await open()
    const careless = { ...transport, instructions: "leave it anywhere" } as unknown as New
    expect(await noTo(carrier, careless)).toEqual(new CarrierRefused({ reason: "instructions_missing" }))
  })

  for (const { called, fault, done, why } of spoiledAnswers("http://127.0.0.1:9/")) {
    test(`${called}: nothing is believed, and a repeat books one transport`, async () => {
      const carrier = await open()
      carrier.misbehave(fault)
      const error = await noTo(carrier)
      expect(error).toBeInstanceOf(CarrierUnreachable)
      expect(error).toMatchObject({ cause: { why } })
      expect(kinds(carrier)).toEqual(done ? ["booking"] : [])
      if (fault.fault === "error500AfterWork") return expect(await noTo(carrier)).toMatchObject({ cause: { why } }) // The key keeps its 500.
      expect(await book(carrier)).toMatchObject({ transportId: "tr_1" })
      expect(kinds(carrier)).toEqual(["booking"])
    })
  }

  test("is unreachable where there is none", async () => {
    const carrier = await open()
    await carrier.stop()
    expect(await noTo(carrier)).toMatchObject({ _tag: "CarrierUnreachable", cause: { why: "unreachable" } })
  })
})

describe("a simulated carrier", () => {
  test("departs and delivers with a proof, signed; duplicates bear one webhook-id", async () => {
    using receiver = new WebhookReceiver()
    const carrier = await open({ pace: 10, webhook: receiver.target })
    carrier.misbehave({ fault: "duplicate", copies: 2 })
    await book(carrier)
    await receiver.count(3)
    expect(receiver.forged).toEqual([])
    expect(receiver.statuses).toEqual(["departed", "departed", "delivered"])
    expect(new Set(receiver.received.map((one) => one.id)).size).toBe(2)
    const events = receiver.received.map(({ event }) => Schema.decodeUnknownSync(TransportStatus)(event))
    expect(events.map((event) => event.proof)).toEqual([null, null, "signature_tr_1"])
  })

  test("finds nobody at home and brings the car to the dealership; it is never left in the street", async () => {
    using receiver = new WebhookReceiver()
    const carrier = await open({ pace: 10, webhook: receiver.target })
    carrier.customerAbsent(reference)
    await book(carrier)
    await receiver.count(3)
    expect(receiver.statuses).toEqual(["departed", "customer_absent", "arrived_at_dealership"])
    expect(kinds(carrier)).toEqual(["booking", "departed", "customer_absent", "arrived_at_dealership"])
  })

  test("goes to the dealership without ringing anywhere", async () => {
    using receiver = new WebhookReceiver()
    const carrier = await open({ pace: 10, webhook: receiver.target })
    await book(carrier, { ...transport, to: "dealership" })
    await receiver.count(2)
    expect(receiver.statuses).toEqual(["departed", "arrived_at_dealership"])
  })

  test("is scripted by other processes, step by step", async () => {
    const carrier = await open()
    await book(carrier)
    const act = (body: unknown) => fetch(`${carrier.url}/_simulator/acts`, { method: "POST", body: JSON.stringify(body) })
    await act({ act: "arrive", reference })
    await act({ act: "customerAbsent", reference })
    await act({ act: "depart", reference })
    await act({ act: "arrive", reference })
    expect(kinds(carrier)).toEqual(["booking", "departed", "customer_absent"])
  })

  test("goes on after a restart where it stopped", async () => {
    const folder = mkdtempSync(join(tmpdir(), "transport-"))
    try {
      const file = join(folder, "transport.jsonl")
      const before = await open({ manual: true, file })
      await book(before)
      before.depart(reference)
      await before.stop()
      using receiver = new WebhookReceiver()
      const after = await open({ pace: 10, file, webhook: receiver.target })
      await receiver.count(2)
      expect([...receiver.statuses].sort()).toEqual(["delivered", "departed"])
      expect(await book(after)).toMatchObject({ transportId: "tr_1" })
      expect(kinds(after)).toEqual(["booking", "departed", "delivered"])
      await after.stop()
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
