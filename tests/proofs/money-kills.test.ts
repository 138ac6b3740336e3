/** The platform is killed at a month's end, while it asks for debts, in a dispute and in a withdrawal: every euro is where it would have been anyhow. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { monthAfter, monthAt, startOfMonth } from "./money/months.ts"
import { openScene, type Scene } from "./scene.ts"
import type { OwnedCar } from "./service-stories.ts"
import { until } from "./stories.ts"

const hour = 3_600_000
const day = 24 * hour
const lifeMillis = 20_000 // Wall clock: within this a life meets the moment that it is to die at.
const month = { kind: "recurring" }
const week = { kind: "temporary", count: 7, unit: "day" }

const asking = ["outbox: before ChargePayment", "outbox: after ChargePayment", "outbox: told ChargePayment"]
const monthEnd = ["timer: told", "turn: after commit", ...asking, "outbox: before IssueInvoice", "outbox: after IssueInvoice"]
const dunning = ["timer: taken", ...asking]
const dispute = ["outbox: before SubmitEvidence", "outbox: after SubmitEvidence"]
const withdrawal = [
  ...["outbox: before AcknowledgeWithdrawal", "outbox: after AcknowledgeWithdrawal"],
  ...["outbox: after IssueInvoice", "outbox: told ReturnPayment"]
]

let scene: Scene
beforeAll(async () => {
  scene = await openScene({ pace: 80, say: () => {} })
}, 60_000)
afterAll(() => scene?.close(), 30_000)

/** Wherever the clock stands. */
const now = async () => {
  const [row] = await scene.sql`SELECT (extract(epoch FROM clock_timestamp()) * 1000 + offset_ms)::float8 AS now FROM clock`
  return row.now as number
}
const toMonthEnd = async () => {
  const at = await now()
  await scene.pass(startOfMonth(monthAfter(monthAt(at, "ES")), "ES") + 2 * hour - at)
}

/** Dies there while `happens` is under way, and lives again until all is quiet. */
const diesAt = async (point: string, happens: () => Promise<unknown>) => {
  await scene.platform.kill()
  await scene.platform.start({ [point]: 1 })
  const done = happens()
  const failed = new Promise<never>((_, fails) => done.catch(fails))
  expect([point, await Promise.race([scene.platform.died(lifeMillis), failed])]).toEqual([point, point])
  await scene.platform.start()
  await done
  await scene.quiet()
}

let keys = 0
const buys = async ({ vin, customer }: OwnedCar, option: string, term: object, paymentMethod: string): Promise<string> => {
  const key = `money-kills-${String(++keys).padStart(6, "0")}`
  const body = { option, term, paymentMethod, consents: [] }
  const answer = await customer.ask("POST", `/api/me/vehicles/${vin}/activations`, { body, key })
  expect([option, answer.status, answer.body.reason]).toEqual([option, 201, undefined])
  scene.stories.chronicle.saw(`vehicle/${vin}`, `${customer.subjectId}/purchase/${vin}/${key}`, answer)
  return answer.body.activationId
}
const withdraws = async ({ vin, customer }: OwnedCar, activation: string) => {
  const answer = await customer.ask("POST", `/api/me/vehicles/${vin}/activations/${activation}/withdrawal/confirmation`, {
    body: {}
  })
  scene.stories.chronicle.saw(`activation/${vin}/${activation}`, `${customer.subjectId}/withdraw/${activation}`, answer)
  expect(answer.status).toBe(200)
}
const stands = ({ vin, customer }: OwnedCar, activation: string, ...wanted: ReadonlyArray<string>) =>
  until(`${activation} ${wanted.join(" or ")}`, async () => {
    const { state, payment } = (await customer.ask("GET", `/api/me/vehicles/${vin}/activations/${activation}`)).body
    return wanted.includes(`${state} ${payment}`)
  })

describe("a platform that is killed while money is under way", () => {
  const cars: Array<OwnedCar> = []

  test("bills each month once, whichever moment of its end is the last", async () => {
    scene.world.fleet.buildFor("nats")
    await scene.platform.start()
    cars.push(...(await Promise.all(["Customer 1", "Customer 2"].map((name) => scene.stories.deliver(name)))))
    const [one, other] = cars as [OwnedCar, OwnedCar]
    const services = [
      [one, await buys(one, "climate-ahead", month, "tok_ok")],
      [one, await buys(one, "lane-keeping", month, "tok_slow")],
      [other, await buys(other, "streaming", month, "tok_ok")],
      [other, await buys(other, "lane-keeping", month, "tok_sepa")]
    ] as const
    for (const [car, service] of services) await stands(car, service, "active running")
    await scene.quiet()
    for (const point of monthEnd) await diesAt(point, toMonthEnd)
    const bills = await scene.sql`
      SELECT activation_id, count(*)::int AS months, count(DISTINCT period)::int AS different FROM ledger WHERE kind = 'monthBilled' GROUP BY 1`
    expect(bills.map(({ months, different }: any) => [months, different])).toEqual(
      services.map(() => [monthEnd.length, monthEnd.length])
    )
  }, 180_000)

  test("asks for a debt as often as it said it would, and no more", async () => {
    const asked = async () => {
      const [row] =
        await scene.sql`SELECT count(*)::int AS times FROM outbox WHERE type = 'ChargePayment' AND body ->> 'paymentMethod' LIKE 'tok_charge_declined%'`
      return row.times as number
    }
    await scene.platform.kill()
    await scene.platform.start()
    const [one] = cars as [OwnedCar]
    await stands(one, await buys(one, "streaming", month, "tok_charge_declined"), "active running")
    for (const point of dunning) {
      if ((await owing()) === 0) await toMonthEnd()
      await scene.quiet()
      const before = await asked()
      await diesAt(point, () => scene.pass(8 * day)) // Longer than each pause, shorter than two of them.
      expect([point, (await asked()) - before]).toEqual([point, 1])
    }
  }, 180_000)
  const owing = async () => {
    const [row] =
      await scene.sql`SELECT count(*)::int AS debts FROM actors WHERE type = 'activation' AND state_path LIKE '%money.owed%'`
    return row.debts as number
  }

  test("shows the bank of a dispute what the car said, once", async () => {
    const [, other] = cars as [OwnedCar, OwnedCar] // Who owes nothing.
    const options = ["heated-seats", "parking-pilot"]
    for (const [n, point] of dispute.entries()) {
      await diesAt(point, async () => {
        const service = await buys(other, options[n]!, { kind: "permanent" }, "tok_disputed_lost")
        await until(`the dispute of ${service} decided`, async () =>
          scene.world.payments
            .ledger()
            .some(({ kind, reference }) => kind === "dispute_lost" && reference.includes(service.slice("act_".length)))
        )
      })
    }
    const evidence = scene.world.payments.ledger().filter(({ kind }) => kind === "evidence")
    expect(evidence.map(({ reference }) => reference).toSorted()).toEqual(
      [...new Set(evidence.map(({ reference }) => reference))].toSorted()
    )
    expect(evidence).toHaveLength(dispute.length)
  }, 90_000)

  test("acknowledges a withdrawal with one letter, and gives back once", async () => {
    const [, other] = cars as [OwnedCar, OwnedCar]
    for (const point of withdrawal) {
      await scene.platform.kill()
      await scene.platform.start()
      const service = await buys(other, "concert-audio", week, "tok_ok")
      await stands(other, service, "active captured")
      await scene.quiet()
      await diesAt(point, () => withdraws(other, service))
      await stands(other, service, "withdrawn refunded")
    }
    const [row] = await scene.sql`SELECT count(*)::int AS withdrawals FROM withdrawals`
    expect(row.withdrawals).toBe(withdrawal.length)
    const letters = scene.world.mail.messages().filter(({ subject }) => /withdrawal/i.test(subject))
    expect(new Set(letters.map(({ messageId }) => messageId)).size).toBe(withdrawal.length)
  }, 120_000)

  test("has one invoice per sale and per month, and its ledger is the gateway's", async () => {
    const doubles = await scene.sql`SELECT payment_id, kind, count(*)::int AS times FROM invoices GROUP BY 1, 2 HAVING count(*) > 1`
    expect([...doubles]).toEqual([])
    const [row] = await scene.sql`
      SELECT (SELECT count(*)::int FROM invoices WHERE kind = 'invoice' AND activation_id IS NOT NULL) AS invoices,
             (SELECT count(*)::int FROM ledger WHERE kind IN ('serviceCaptured', 'serviceOwed', 'monthBilled')) AS sales`
    expect(row.invoices).toBe(row.sales)
    const { invariants } = await scene.verify()
    expect(invariants.flatMap(({ id, violations }) => violations.map((violation) => `${id} ${violation}`))).toEqual([])
  }, 60_000)
})
