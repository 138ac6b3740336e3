/** Webhooks and the real order: whatever order they come in, and however often, it ends up in the same place. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { Order } from "#actors/addresses.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import { Webhooks } from "#integrations/webhooks/webhooks.ts"
import * as Say from "#machines/order.ts"
import { DealershipId, OrderId, PaymentId, SubjectId } from "#machines/vocabulary.ts"
import { applyWebhook } from "#src/ingress/application.ts"
import { inProgress, realOrders, settled, type WebhookWorld, webhookWorld } from "./world.ts"

const customerId = SubjectId.make("sub_customer-1")
const deposit = { amountMinor: 100_000, currency: "EUR" } as const

/** Sold, the deposit paid, the factory asked: the order now waits for what others tell. */
const soldOrder = Effect.fnUntraced(function* (n: number) {
  const actors = yield* ActorSystem
  const orderId = OrderId.make(`ord_${n}`)
  const tell = (message: Say.OrderMessage, id: string) => actors.tell(Order.at(orderId), message, { id })
  yield* tell(
    Say.RegisterSale.make({
      orderId,
      customerId,
      sellerId: SubjectId.make("sub_seller-1"),
      dealershipId: DealershipId.make("dea_madrid"),
      country: "ES",
      model: "Modelo Uno",
      price: { amountMinor: 2_090_000, currency: "EUR" },
      plan: {
        code: "base",
        edition: 1,
        deposit,
        depositKind: "confirmatory",
        depositWindowDays: 7,
        finalPaymentWindowDays: 15,
        finalPaymentAttempts: 3
      },
      delivery: { kind: "home" },
      consents: [],
      handoverPin: "123456",
      vin: null
    }),
    "sale"
  )
  yield* tell(Say.PayReservation.make({ customerId, paymentMethod: "tok_ok" }), "click")
  const paymentId = PaymentId.make(`pay_${n}-reservation-1`)
  yield* tell(Say.PaymentSucceeded.make({ paymentId, kind: "reservation", amount: deposit, gatewayId: `gw_${n}` }), "paid")
})

const vinOf = (n: number) => `VSSZZZ5FZJR${String(n).padStart(6, "0")}`
/** What the factory and the gateway have to say, two of it twice under names of their own. */
const history = (n: number) => {
  const ready = { ...inProgress(n), status: "ready", vin: vinOf(n) }
  return [
    { source: "factory", id: `started_${n}`, body: inProgress(n) },
    { source: "factory", id: `started-again_${n}`, body: inProgress(n) },
    { source: "factory", id: `ready_${n}`, body: ready },
    { source: "factory", id: `ready-again_${n}`, body: ready },
    { source: "factory", id: `shipped_${n}`, body: { ...inProgress(n), status: "shipped" } },
    { source: "payments", id: `settled_${n}`, body: { ...settled(n), reference: `pay_${n}-reservation-1`, ...deposit } }
  ] as const
}
const permutations = <A>(all: ReadonlyArray<A>): Array<Array<A>> =>
  all.length === 0 ? [[]] : all.flatMap((one, i) => permutations(all.toSpliced(i, 1)).map((rest) => [one, ...rest]))

let world: WebhookWorld
beforeAll(async () => {
  world = await webhookWorld({ natsUrl: process.env.NATS_URL!, ingress: false, actors: realOrders })
})
afterAll(() => world.close())

describe("an order that waits for its car", () => {
  test("ends in one place, with one car and one settled deposit, in each of the 720 orders its webhooks may come in", async () => {
    const orders = permutations([0, 1, 2, 3, 4, 5]).map((order, i) => ({ n: 5000 + i, order }))
    const play = Effect.fnUntraced(function* ({ n, order }: (typeof orders)[number]) {
      yield* soldOrder(n)
      const answers = yield* Effect.promise(() => Promise.all(history(n).map((webhook) => world.send(webhook))))
      expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(202))
      const keys = history(n).map(({ source, id }) => ({ source, webhookId: id }))
      const kept = yield* Webhooks.use((memory) => memory.load(keys))
      for (const at of order) {
        const webhook = kept.find(({ webhookId }) => webhookId === keys[at]!.webhookId)!
        expect(yield* applyWebhook(webhook)).toBe("done")
        expect(yield* applyWebhook(webhook)).toBe("done") // NATS was not sure that we had heard.
      }
    })
    await world.runtime.runPromise(Effect.forEach(orders, play, { concurrency: 64, discard: true }))

    const read = <Row extends object>(query: (sql: SqlClient.SqlClient) => Effect.Effect<ReadonlyArray<Row>, any>) =>
      world.runtime.runPromise(SqlClient.SqlClient.use(query))
    const rows = await world.rows()
    expect(rows).toHaveLength(720 * 6)
    expect(rows.every(({ state, outcome }) => state === "applied" && /^(handled|recorded: \w+)$/.test(outcome!))).toBe(true)

    const actors = await read(
      (sql) => sql<{ path: string; state: any; facts: number; cars: number; orders: number }>`
        SELECT a.path, a.state,
          (SELECT count(*)::int FROM journal j WHERE j.path = a.path AND j.message_id ~ '^(factory|payments)/') AS facts,
          (SELECT count(*)::int FROM outbox o WHERE o.path = a.path AND o.type = 'IntroduceVehicle') AS cars,
          (SELECT count(*)::int FROM outbox o WHERE o.path = a.path AND o.type = 'PlaceFactoryOrder') AS orders
        FROM actors a WHERE a.type = 'order'`
    )
    expect(actors).toHaveLength(720)
    const ends = new Set(
      actors.map(({ path, state: { value, context }, ...counts }) =>
        JSON.stringify({ value, context, ...counts })
          .replaceAll(path.slice("order/ord_".length), "N")
          .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "T")
      )
    )
    expect([...ends]).toHaveLength(1)
    expect(JSON.parse([...ends][0]!)).toMatchObject({
      value: { manufacturing: "awaitingFinalPayment" },
      facts: 6,
      cars: 1,
      orders: 1,
      context: {
        vin: "VSSZZZ5FZJR00N",
        factory: { stage: "ready", orderId: "fo_N", shippedAt: "T" },
        charges: { "pay_N-reservation-1": { settlement: "settled" } }
      }
    })
  }, 120_000)
})
