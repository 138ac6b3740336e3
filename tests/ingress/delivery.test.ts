/** From the door to the order, over the real NATS: each webhook is heard once, and its row says how that ended. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { connect } from "nats"
import { ActorNotFound, ActorQuarantined, ActorsUnavailable, MessageRefused, Overloaded } from "#actors/system/letter.ts"
import { connectOptionsOf, Nats } from "#integrations/nats/nats.ts"
import { publishReminder } from "#integrations/webhooks/stream.ts"
import { Webhooks } from "#integrations/webhooks/webhooks.ts"
import { departed, handled, inProgress, settled, type Told, type WebhookWorld, webhookWorld } from "./world.ts"

let world: WebhookWorld
let kept = 0
beforeAll(async () => {
  world = await webhookWorld({ natsUrl: process.env.NATS_URL! })
})
afterAll(() => world.close())

const send = async (source: "factory" | "payments" | "transport", id: string, body: unknown) => {
  expect((await world.send({ source, id, body })).status).toBe(202)
}
const toldOf = (id: string) => world.told.filter((told) => told.id.endsWith(`/${id}`))
const ended = async (id: string) => (await world.untilClosed(kept)).find(({ webhook_id }) => webhook_id === id)!

describe("a kept webhook", () => {
  test("becomes a fact that its order hears, under the partner's name for it", async () => {
    const vin = "VSSZZZ5FZJR000001"
    const cases = [
      ["factory", inProgress(1), { type: "FactoryReportedInProgress", factoryOrderId: "fo_1" }],
      ["factory", { ...inProgress(1), status: "ready", vin }, { type: "FactoryReportedReady", factoryOrderId: "fo_1", vin }],
      ["factory", { ...inProgress(1), status: "shipped" }, { type: "FactoryReportedShipped", factoryOrderId: "fo_1" }],
      [
        "factory",
        { ...inProgress(1), status: "cancelled", reason: "no_steel" },
        { type: "FactoryReportedCancelled", factoryOrderId: "fo_1", reason: "no_steel" }
      ],
      [
        "payments",
        settled(1),
        { type: "PaymentSettled", paymentId: "pay_1-final-2", kind: "final", amount: { amountMinor: 1_990_000, currency: "EUR" } }
      ],
      [
        "payments",
        { ...settled(1), reference: "pay_1-reservation-1", status: "failed", reason: "returned" },
        {
          type: "PaymentSettlementFailed",
          paymentId: "pay_1-reservation-1",
          kind: "reservation",
          amount: { amountMinor: 1_990_000, currency: "EUR" },
          reason: "returned"
        }
      ],
      ["transport", departed(1), { type: "TransportDeparted", transportId: "tr_1" }],
      [
        "transport",
        { ...departed(1), status: "delivered", proof: "sig_9" },
        { type: "TransportDelivered", transportId: "tr_1", proof: "sig_9" }
      ],
      // Free text may hold a name, and no message does: it stays with the webhook.
      [
        "factory",
        { ...inProgress(1), status: "cancelled", reason: "ask Canary Surname" },
        { type: "FactoryReportedCancelled", factoryOrderId: "fo_1", reason: "unspecified" }
      ],
      [
        "transport",
        { ...departed(1), status: "delivered", proof: "signed: Canary Surname" },
        {
          type: "TransportDelivered",
          transportId: "tr_1",
          proof: "sha256:240d7e2054a379b5b9d25a231056cd1506ce100a58777ef5e902ddb1f0053f28"
        }
      ],
      ["transport", { ...departed(1), status: "customer_absent" }, { type: "TransportCustomerAbsent", transportId: "tr_1" }],
      [
        "transport",
        { ...departed(1), status: "arrived_at_dealership" },
        { type: "TransportArrivedAtDealership", transportId: "tr_1" }
      ]
    ] as const
    for (const [i, [source, body]] of cases.entries()) await send(source, `fact_${i}`, body)
    const rows = await world.untilClosed((kept += cases.length))
    expect(rows.every(({ state, outcome }) => state === "applied" && outcome === "handled")).toBe(true)
    for (const [i, [source, , message]] of cases.entries()) {
      const id = `${source}/fact_${i}`
      expect(toldOf(`fact_${i}`)).toEqual([{ path: "order/ord_1", id, cause: id, correlation: id, message } as Told])
    }
  })

  test("is told once, though fifty copies came at the same moment", async () => {
    await Promise.all(Array.from({ length: 50 }, () => send("factory", "copies", inProgress(2))))
    kept++
    await ended("copies")
    await send("factory", "copies", inProgress(2)) // And once more, long after.
    await send("factory", "after_the_copies", inProgress(2))
    kept++
    await ended("after_the_copies")
    expect(toldOf("copies")).toHaveLength(1)
  })

  test("is told once, though NATS delivers it again and again", async () => {
    await send("factory", "redelivered", inProgress(3))
    kept++
    await ended("redelivered")
    for (let tries = 100; tries < 120; tries++)
      await world.runtime.runPromise(publishReminder({ source: "factory", webhookId: "redelivered" }, tries))
    await send("factory", "after_redelivery", inProgress(3))
    kept++
    await ended("after_redelivery")
    expect(toldOf("redelivered")).toHaveLength(1)
  })

  test("keeps the order's remark where it changed nothing", async () => {
    world.orders.answer = () =>
      Effect.succeed({ _tag: "Standing", version: 4, state: "delivered", outcome: "recorded: AlreadyKnown", duplicate: false })
    await send("factory", "remark", inProgress(4))
    kept++
    expect(await ended("remark")).toMatchObject({ state: "applied", outcome: "recorded: AlreadyKnown" })
    world.orders.answer = handled
  })

  test("is rejected, with the reason, where nobody knows the order or the order refuses", async () => {
    world.orders.answer = ({ path }) => Effect.fail(new ActorNotFound({ path }))
    await send("factory", "nobody", inProgress(5))
    kept++
    expect(await ended("nobody")).toMatchObject({ state: "rejected", outcome: "rejected: unknown order" })
    world.orders.answer = ({ path, message }) =>
      Effect.fail(new MessageRefused({ path, message: message.type, reason: "NotToday" }))
    await send("factory", "refused", inProgress(5))
    kept++
    expect(await ended("refused")).toMatchObject({ state: "rejected", outcome: "rejected: NotToday" })
    world.orders.answer = handled
  })

  test.each([
    ["its owner is being replaced", ({ path: _ }: Told) => new ActorsUnavailable({ reason: "PartitionLost" })],
    ["its mailbox is full", ({ path }: Told) => new Overloaded({ path, retryAfterSeconds: 1 })]
  ] as const)("waits and is told again under the same id while %s", async (name, no) => {
    const id = `waits_${name.replaceAll(" ", "_")}`
    let refusals = 0
    world.orders.answer = (told) => (refusals++ < 1 ? Effect.fail(no(told)) : handled(told))
    await send("transport", id, departed(6))
    kept++
    expect(await ended(id)).toMatchObject({ state: "applied", outcome: "handled", tries: 0 })
    expect(toldOf(id)).toHaveLength(2)
    world.orders.answer = handled
  })

  test("of a quarantined order waits, and the operator can read why, while the others go on", async () => {
    world.orders.answer = (told) =>
      told.path === "order/ord_7" ? Effect.fail(new ActorQuarantined({ path: told.path })) : handled(told)
    await send("factory", "quarantined", inProgress(7))
    await send("factory", "healthy", inProgress(8))
    for (const end = performance.now() + 5_000; performance.now() < end; await Bun.sleep(20)) {
      const rows = await world.rows()
      if (rows.find(({ webhook_id }) => webhook_id === "quarantined")?.outcome && toldOf("healthy").length > 0) break
    }
    const rows = await world.rows()
    expect(rows.find(({ webhook_id }) => webhook_id === "healthy")).toMatchObject({ state: "applied" })
    expect(rows.find(({ webhook_id }) => webhook_id === "quarantined")).toMatchObject({
      state: "received",
      outcome: "waiting: ActorQuarantined"
    })
    world.orders.answer = handled
    await world.runtime.runPromise(Webhooks.use((memory) => memory.makeAllDue)) // Released by the operator: the sweeper takes it up.
    kept += 2
    expect(await ended("quarantined")).toMatchObject({ state: "applied" })
  })

  test("met by a bug is told again, and the others go on", async () => {
    let thrown = false
    world.orders.answer = (told) => {
      if (told.path !== "order/ord_9" || thrown) return handled(told)
      thrown = true
      return Effect.die(new Error("This is the bug the test asked for."))
    }
    await send("factory", "bug", inProgress(9))
    await send("factory", "beside_the_bug", inProgress(10))
    kept += 2
    expect(await ended("bug")).toMatchObject({ state: "applied" })
    expect(toldOf("bug")).toHaveLength(2)
    world.orders.answer = handled
  }, 20_000)

  test("is not disturbed by strangers on its subject", async () => {
    const space = await world.runtime.runPromise(Nats.useSync((nats) => nats.space))
    const stranger = await connect(connectOptionsOf(process.env.NATS_URL!))
    for (const text of [
      "",
      "{",
      "null",
      '{"source":"factory"}',
      '{"source":"moon","webhookId":"x"}',
      '{"source":"factory","webhookId":"never-kept"}',
      "x".repeat(4_000)
    ])
      stranger.publish(`${space}webhooks.factory`, text)
    await stranger.drain()
    const before = world.told.length
    await send("factory", "after_strangers", inProgress(11))
    kept++
    expect(await ended("after_strangers")).toMatchObject({ state: "applied" })
    expect(world.told.length).toBe(before + 1)
  })

  test("is one of five hundred, sent twice and all at once, and each is heard once", async () => {
    const webhooks = Array.from(
      { length: 500 },
      (_, i) => ({ source: "factory", id: `many_${i}`, body: inProgress(1000 + (i % 50)) }) as const
    )
    await Promise.all([...webhooks, ...webhooks.toReversed()].map((webhook) => world.send(webhook)))
    kept += webhooks.length
    await world.untilClosed(kept)
    const ids = world.told.map(({ id }) => id).filter((id) => id.includes("/many_"))
    expect(ids).toHaveLength(500)
    expect(new Set(ids).size).toBe(500)
  }, 20_000)
})
