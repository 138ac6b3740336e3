/** Webhooks fifty times over, NATS wiped and Redis emptied in the middle of a sale: nothing is lost but warmth. */
import { describe, expect, test } from "bun:test"
import { chmodSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Redis } from "ioredis"
import { nats } from "#src/devstack/nats.ts"
import { heardBy, inTheBooksOf, inTown, journey, ordered, papersOf, pays } from "./town.ts"

describe("a sale whose webhooks all come fifty times", () => {
  journey("hears each of them once", async (town) => {
    const { factory, payments, transport } = town.world
    for (const partner of [factory, payments, transport]) partner.misbehave({ fault: "duplicate", copies: 50, times: 10 })
    const sale = await ordered(town)
    const { customer, seller, orderId } = sale
    factory.start(orderId)
    factory.finish(orderId)
    await customer.sees(orderId, "manufacturing.awaitingFinalPayment")
    await seller.supplies(orderId, ...papersOf("ES"))
    await pays(sale, "final")
    await customer.sees(orderId, "registered.inTransit")
    await town.settled()
    factory.ship(orderId)
    transport.depart(orderId)
    transport.arrive(orderId)
    await customer.sees(orderId, "delivered")
    for (const { reference } of inTheBooksOf(payments, "charge", orderId)) payments.settle(reference)
    await town.settled()
    const sent = [factory, payments, transport].flatMap((partner) => partner.webhooks())
    expect(sent).toHaveLength(7)
    expect(sent.every(({ tries }) => tries >= 50)).toBe(true)
    const heard = await heardBy(town, orderId)
    const byWebhook = heard.filter(({ type }) => /^(FactoryReported|PaymentSettled|TransportDe)/.test(type))
    expect(byWebhook).toHaveLength(7)
  })
})

describe("a sale in whose middle NATS and Redis forget everything", () => {
  test("goes on as if nothing had happened", async () => {
    const folder = mkdtempSync(join(tmpdir(), "caas-journey-"))
    chmodSync(folder, 0o755) // The server may run under another account.
    const store = join(folder, "nats")
    let server = await nats(store, { say: () => {} })
    const port = Number(new URL(server.url).port)
    const redis = new Redis(process.env.REDIS_URL!)
    try {
      await inTown(
        async (town) => {
          const sale = await ordered(town)
          const { customer, seller, orderId } = sale
          const { factory, transport } = town.world
          factory.start(orderId)
          await town.settled()

          await server.kill()
          factory.finish(orderId) // Kept by the door; nobody can carry it.
          await redis.flushall()
          rmSync(join(store, "store"), { recursive: true, force: true })
          server = await nats(store, { port, say: () => {} })

          await customer.sees(orderId, "manufacturing.awaitingFinalPayment")
          await seller.supplies(orderId, ...papersOf("ES"))
          await pays(sale, "final")
          await customer.sees(orderId, "registered.inTransit")
          await town.settled()
          await redis.flushall()
          transport.depart(orderId)
          transport.arrive(orderId)
          await customer.sees(orderId, "delivered")
        },
        { natsUrl: server.url }
      )()
    } finally {
      redis.disconnect()
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  }, 60_000)
})
