/** The gateway's books beside ours, in towns whose webhooks never come: what was missed is told, what contradicts becomes a case, and one process does it. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test"
import { SQL } from "bun"
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import { signedHeaders } from "#integrations/http/call-signature.ts"
import { PlatformTimePostgres } from "#integrations/postgres/clock.ts"
import { Postgres } from "#integrations/postgres/postgres.ts"
import { ReconciliationPostgres } from "#integrations/reconciliation/postgres.ts"
import { Reconciliation } from "#integrations/reconciliation/reconciliation.ts"
import { signingKeyOf } from "#integrations/vehicle-trust/keys.ts"
import { letClockMove } from "#src/demo/database.ts"
import { until } from "#src/demo/patience.ts"
import type { Seller } from "#src/demo/seller.ts"
import { startTown, type Town } from "#src/demo/town.ts"
import type { Visitor } from "#src/demo/visitor.ts"
import { reconcile } from "#src/reconciliation/run.ts"
import { type Database, freshDatabase } from "../database.ts"
import { heardBy, inTheBooksOf, minute, ordered, pays, sold } from "../journeys/town.ts"

const quarter = 15

let database: Database
let town: Town
let operator: Visitor
let seller: Seller
beforeEach(async () => {
  database = await freshDatabase()
  await letClockMove(database.url)
  town = await startTown({
    databaseUrl: database.url,
    natsUrl: process.env.NATS_URL!,
    redisUrl: process.env.REDIS_URL!,
    env: { COMMAND_ATTEMPTS: "1" }
  })
  operator = await town.operator("Operator 1")
  seller = await town.seller("Seller 1")
})
afterEach(async () => {
  await town.stop()
  await database.drop()
})

/** Until a run that began after a quarter of an hour had passed is over, whoever made it. */
const aQuarterLater = async () => {
  await town.pass((quarter + 1) * minute)
  const after = new Date(town.now() - minute)
  return until(
    "a comparison",
    async () => {
      await town.platform.runtime.runPromise(Effect.ignore(reconcile(quarter)))
      const [run] = await town.sql`SELECT * FROM reconciliation_runs WHERE started_at >= ${after} ORDER BY run_id DESC LIMIT 1`
      return run ?? null
    },
    (run) => run !== null
  )
}
const standing = () => operator.does("GET", "/api/operator/reconciliation")
const openOf = async (paymentId: string) =>
  (await standing()).breaks
    .filter((one: { paymentId: string }) => one.paymentId === paymentId)
    .map((one: { kind: string }) => one.kind)
const messagesTo = async (orderId: string) =>
  (
    await town.sql`SELECT message_id FROM journal WHERE path = ${`order/${orderId}`} AND message_id LIKE 'reconcile/%' ORDER BY version`
  ).map(({ message_id }: { message_id: string }) => message_id)
const losingWebhooks = { fault: "loseWebhook", times: 1_000 } as const
/** A call that the gateway believes, and that no command of ours has made. */
const post = async (path: string, key: string, body: object) => {
  const call = {
    method: "POST",
    url: `${town.world.payments.url}${path}`,
    headers: { "content-type": "application/json", "idempotency-key": key },
    body: JSON.stringify(body)
  }
  const { status } = await fetch(call.url, {
    ...call,
    headers: await signedHeaders(Redacted.make(signingKeyOf(town.callsKey)!), call)
  })
  expect(status).toBeLessThan(300)
}

describe("what no webhook told", () => {
  test("is told from the gateway's list: confirmed, settled, once each, however often the list is read", async () => {
    const sale = await sold(town, { seller, name: "Customer Silent" })
    town.world.payments.misbehave(losingWebhooks)
    await pays(sale, "reservation", "tok_requires_action")
    await town.settled()
    const [asked] = inTheBooksOf(town.world.payments, "await", sale.orderId)
    town.world.payments.confirm(asked!.reference)
    expect(await aQuarterLater()).toMatchObject({ failure: null })
    await sale.customer.sees(sale.orderId, "manufacturing.building")
    town.world.payments.settle(asked!.reference)
    await aQuarterLater()
    await aQuarterLater()
    town.world.payments.behave()
    await town.settled()

    const { paymentId } = inTheBooksOf(town.world.payments, "charge", sale.orderId)[0]!
    expect(await messagesTo(sale.orderId)).toEqual([`reconcile/${paymentId}/captured`, `reconcile/${paymentId}/settled`])
    expect((await heardBy(town, sale.orderId)).filter(({ type }) => type === "PaymentSettled")).toHaveLength(1)
    expect(inTheBooksOf(town.world.payments, "charge", sale.orderId)).toHaveLength(1)
    expect(await openOf(asked!.reference)).toEqual([])
  })

  test("because our side gave up on a charge that had been taken is told as well, and nothing is charged anew", async () => {
    const sale = await sold(town, { seller, name: "Customer Parked" })
    town.world.payments.misbehave({ fault: "dropReply" }, { fault: "down", on: "GET", skip: 1 })
    await pays(sale, "reservation")
    await town.settled() // Its only try has failed, and the command is parked: nobody here knows that money was taken.
    expect(await sale.customer.pay(sale.orderId, "reservation", "tok_ok")).toMatchObject({ status: 409 })
    town.world.payments.behave()
    await aQuarterLater()
    await sale.customer.sees(sale.orderId, "manufacturing.building")
    expect(inTheBooksOf(town.world.payments, "charge", sale.orderId)).toHaveLength(1)
    const ours = await town.sql`SELECT kind, amount_minor::int AS minor FROM ledger WHERE order_id = ${sale.orderId}`
    expect(ours.filter(({ kind }: { kind: string }) => kind === "depositReceived")).toHaveLength(1)
  })

  test("is told although the gateway had said so of another amount, and was not believed", async () => {
    const sale = await sold(town, { seller, name: "Customer Misled" })
    await pays(sale, "reservation", "tok_settlement_fails")
    await sale.customer.sees(sale.orderId, "manufacturing.building")
    const { reference } = inTheBooksOf(town.world.payments, "charge", sale.orderId)[0]!
    town.world.payments.misannounce(reference, { amountMinor: 1, status: "failed" })
    await town.settled()
    town.world.payments.misbehave(losingWebhooks)
    town.world.payments.settle(reference)
    await aQuarterLater()
    town.world.payments.behave()
    await town.settled()
    const booked = await town.sql`SELECT kind FROM ledger WHERE payment_id = ${reference} AND kind = 'paymentSettlementFailed'`
    expect(booked).toHaveLength(1)
  })

  test("is waited for ten minutes before it counts as missed", async () => {
    const sale = await sold(town, { seller, name: "Customer Young" })
    town.world.payments.misbehave(losingWebhooks)
    await pays(sale, "reservation", "tok_requires_action")
    await town.settled()
    await aQuarterLater()
    await town.pass(quarter * minute)
    town.world.payments.confirm(inTheBooksOf(town.world.payments, "await", sale.orderId)[0]!.reference)
    await town.platform.runtime.runPromise(reconcile(quarter))
    expect(await messagesTo(sale.orderId)).toEqual([])
    await aQuarterLater()
    town.world.payments.behave()
    await sale.customer.sees(sale.orderId, "manufacturing.building")
  })
})

describe("a contradiction", () => {
  test("becomes one case, is told to operators, and closes when both sides agree again", async () => {
    const sale = await ordered(town, { seller, name: "Customer Wrong" })
    await town.settled()
    const { reference } = inTheBooksOf(town.world.payments, "charge", sale.orderId)[0]!
    const write = (minor: number) => town.sql`UPDATE ledger SET amount_minor = ${minor} WHERE payment_id = ${reference}`
    await write(99_999)
    await aQuarterLater()
    await aQuarterLater()
    expect(await openOf(reference)).toEqual(["amountDiffers"])
    const { breaks } = await standing()
    expect(breaks.find((one: { paymentId: string }) => one.paymentId === reference)).toMatchObject({
      ours: 99_999,
      theirs: 100_000,
      currency: "EUR",
      closed: null
    })
    await write(100_000)
    expect(await aQuarterLater()).toMatchObject({ closed: 1 })
    expect(await openOf(reference)).toEqual([])
    const [row] = await town.sql`SELECT closing FROM reconciliation_breaks WHERE payment_id = ${reference}`
    expect(row.closing).toBe("agreed")
  })

  test("is explained by an operator, with a reason, once; and stays explained while nothing changes", async () => {
    const unknown = { amountMinor: 1_00, currency: "EUR", method: "tok_ok", customer: "sub_x", capture: "immediate" }
    await post("/payments", "stranger", { ...unknown, reference: "pay_of-somebody-else" })
    await post("/payments", "nobody", { ...unknown, reference: "pay_nobody-reservation-1" })
    await aQuarterLater()
    for (const reference of ["pay_of-somebody-else", "pay_nobody-reservation-1"])
      expect(await openOf(reference)).toEqual(["unknownReference"])
    const { breaks } = await standing()
    const { breakId } = breaks.find((one: { paymentId: string }) => one.paymentId === "pay_of-somebody-else")
    const resolve = (reason: string) =>
      operator.ask("POST", `/api/operator/reconciliation/${breakId}/resolution`, { body: { reason } })
    expect(await resolve("a test of the gateway's own")).toMatchObject({ status: 200, body: { closed: { closing: "resolved" } } })
    expect(await resolve("a test of the gateway's own")).toMatchObject({ status: 200 })
    expect(await resolve("another reason")).toMatchObject({ status: 409, body: { reason: "BreakClosed" } })
    const other = await operator.ask("POST", "/api/operator/reconciliation/999999/resolution", { body: { reason: "no reason" } })
    expect(other.status).toBe(404)
    await aQuarterLater()
    expect(await openOf("pay_of-somebody-else")).toEqual([])
    expect(await openOf("pay_nobody-reservation-1")).toEqual(["unknownReference"])
    const [count] = await town.sql`SELECT count(*)::int AS n FROM reconciliation_breaks WHERE payment_id = 'pay_of-somebody-else'`
    expect(count.n).toBe(1)
  })

  test("is money given back that nobody ordered back, and money of ours that they know nothing of", async () => {
    const sale = await ordered(town, { seller, name: "Customer Lucky" })
    await town.settled()
    const [charge] = inTheBooksOf(town.world.payments, "charge", sale.orderId)
    await post(`/payments/${charge!.paymentId}/refunds`, "theft", { reference: "by hand", amountMinor: 5_00, currency: "EUR" })
    await town.sql`
      INSERT INTO ledger (partition, path, version, position, at, order_id, kind, payment_id, debit, credit, amount_minor, currency)
      SELECT partition, path, 99, 0, at, order_id, 'finalPaymentReceived', 'pay_invented-final-1', debit, 'customerPayments', amount_minor, currency
      FROM ledger WHERE payment_id = ${charge!.reference} LIMIT 1`
    await aQuarterLater()
    expect(await openOf(charge!.reference)).toEqual(["refundedWithoutOrder"])
    expect(await openOf("pay_invented-final-1")).toEqual(["unknownThere"])
    expect(await messagesTo(sale.orderId)).toEqual([])
  })
})

describe("a run", () => {
  test("is made by one of many who want it, and only when it is due", async () => {
    const Books = ReconciliationPostgres.pipe(
      Layer.provideMerge(PlatformTimePostgres),
      Layer.provideMerge(Postgres({ url: Redacted.make(database.url), connections: 4 })),
      Layer.orDie
    )
    const processes = Array.from({ length: 4 }, () => ManagedRuntime.make(Books))
    try {
      await aQuarterLater()
      for (const one of processes) await one.runPromise(Effect.void)
      // Due now, for all of them; the town's own loop is held off by a claim nobody gives back.
      const claims = Promise.all(
        processes.flatMap((one) => Array.from({ length: 5 }, () => one.runPromise(Reconciliation.use(({ claim }) => claim))))
      )
      expect((await claims).filter((claim) => claim !== null)).toEqual([]) // Not due.
      await town.sql`UPDATE reconciliation_schedule SET due_at = '1970-01-01', claimed_until = now() + interval '1 hour'`
      const early = await Promise.all(processes.map((one) => one.runPromise(Reconciliation.use(({ claim }) => claim))))
      expect(early.filter((claim) => claim !== null)).toEqual([]) // Somebody is at it.
      await town.sql`UPDATE reconciliation_schedule SET claimed_until = now() - interval '1 second'`
      const late = await Promise.all(
        processes.flatMap((one) => Array.from({ length: 5 }, () => one.runPromise(Reconciliation.use(({ claim }) => claim))))
      )
      const won = late.filter((claim) => claim !== null)
      expect(won.length).toBeLessThanOrEqual(1) // Or the town's own loop was first.
      const [row] = await town.sql`SELECT claim_id FROM reconciliation_schedule`
      if (won.length === 1) {
        expect(row.claim_id).toBe(won[0]!.claimId)
        await town.sql`UPDATE reconciliation_schedule SET claim_id = 'somebody else'`
        const lost = await processes[0]!.runPromise(Effect.flip(Reconciliation.use(({ prolong }) => prolong(won[0]!))))
        expect(lost).toMatchObject({ _tag: "ClaimLost" })
      }
      await town.sql`UPDATE reconciliation_schedule SET claim_id = NULL, claimed_until = NULL`
    } finally {
      for (const one of processes) await one.dispose()
    }
  })

  test("that meets a gateway which does not answer is written down, tried again after a minute, and misses nothing", async () => {
    const sale = await sold(town, { seller, name: "Customer Late" })
    town.world.payments.misbehave(losingWebhooks)
    await pays(sale, "reservation", "tok_requires_action")
    await town.settled()
    town.world.payments.confirm(inTheBooksOf(town.world.payments, "await", sale.orderId)[0]!.reference)
    town.world.payments.misbehave({ fault: "down", on: "GET", times: 1_000 })
    expect(await aQuarterLater()).toMatchObject({ failure: "PaymentsUnreachable", told: 0 })
    town.world.payments.behave()
    await town.pass(2 * minute)
    await until(
      "the next try",
      async () => {
        await town.platform.runtime.runPromise(Effect.ignore(reconcile(quarter)))
        return messagesTo(sale.orderId)
      },
      (messages) => messages.length === 1
    )
    await sale.customer.sees(sale.orderId, "manufacturing.building")
    expect((await standing()).runs[0]).toMatchObject({ failure: null, told: 1 })
  })

  test("is not made by the platform's role in the table of runs, nor is how a case began rewritten", async () => {
    const sql = new SQL(database.url, { max: 1 })
    try {
      await sql.unsafe("SET ROLE caas_app")
      for (const statement of [
        "UPDATE reconciliation_runs SET failure = 'none'",
        "DELETE FROM reconciliation_runs",
        "UPDATE reconciliation_breaks SET theirs = 0",
        "DELETE FROM reconciliation_breaks",
        "DELETE FROM gateway_statements",
        "INSERT INTO reconciliation_schedule (one, due_at, read_until) VALUES (true, now(), now())"
      ])
        expect(await sql.unsafe(statement).then(() => "done", String), statement).toContain("permission denied")
    } finally {
      await sql.close()
    }
  })
})
