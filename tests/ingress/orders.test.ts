/** Webhooks and the real order: whatever order they come in, and however often, it ends up in the same place. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { Webhooks } from "#integrations/webhooks/webhooks.ts"
import { SubjectId } from "#machines/vocabulary.ts"
import { applyWebhook } from "#src/ingress/application.ts"
import { soldOrder } from "./sold-order.ts"
import { inProgress, realOrders, settled, type WebhookWorld, webhookWorld } from "./world.ts"

const customerId = SubjectId.make("sub_customer-1")
const deposit = { amountMinor: 100_000, currency: "EUR" } as const

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
      yield* soldOrder(n, customerId)
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
