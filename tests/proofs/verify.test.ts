/** Verify finds nothing in a town where all went well, and finds each thing that somebody plants there. A check that cannot fail is none. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { join } from "node:path"
import { SQL } from "bun"
import { Effect, Redacted } from "effect"
import { PostgresOwner } from "#integrations/postgres/postgres.ts"
import { letClockMove } from "#src/demo/database.ts"
import { startTown } from "#src/demo/town.ts"
import type { Report } from "#src/verify/findings.ts"
import { type InvariantId, invariants } from "#src/verify/invariants.ts"
import { ledgersOf, type PartnerLedgers } from "#src/verify/partner-ledgers.ts"
import { type VerifyOptions, verify } from "#src/verify/verify.ts"
import { type Database, freshDatabase } from "#tests/database.ts"
import { built, day, ordered, pays, registered, sold } from "#tests/journeys/town.ts"

interface Good {
  readonly database: Database
  readonly ledgers: PartnerLedgers
  /** The five orders, by what became of them. */
  readonly delivered: string
  readonly cancelled: string
  readonly resold: string
  readonly inTransit: string
  readonly unpaid: string
  readonly options: VerifyOptions
}
let good: Good

/** One order of each kind, told to its end or to where it waits. */
const goodTown = async (): Promise<Good> => {
  const database = await freshDatabase()
  await letClockMove(database.url)
  const town = await startTown({ databaseUrl: database.url, natsUrl: process.env.NATS_URL!, redisUrl: process.env.REDIS_URL! })
  try {
    const seller = await town.seller("Seller 1")
    const first = await registered(town, { seller, name: "Customer 1" })
    town.world.transport.depart(first.orderId)
    town.world.transport.arrive(first.orderId)
    await first.customer.sees(first.orderId, "delivered")

    const returned = await ordered(town, { seller, name: "Customer 2" })
    town.world.factory.cancel(returned.orderId, "no_parts")
    await returned.customer.sees(returned.orderId, "cancelled")

    const lost = await built(town, { seller, name: "Customer 3" })
    const { vin } = await lost.customer.order(lost.orderId)
    for (const card of ["tok_declined_1", "tok_declined_2", "tok_declined_3"]) {
      await pays(lost, "final", card)
      await town.settled()
    }
    await lost.customer.sees(lost.orderId, "forfeited")
    await seller.seesInStock(vin)
    const buyer = town.customer("Customer 4")
    const { orderId: resold } = (await seller.sellFromStock(vin, { customer: buyer.person })).body
    await buyer.comesIn()
    await pays({ ...lost, customer: buyer, orderId: resold }, "reservation")
    await buyer.sees(resold, "manufacturing.awaitingFinalPayment")

    await town.settled()
    await town.pass(8 * day) // The buyer of the stock car is reminded.
    await buyer.mailbox.reads(buyer.email, "Reminder: final payment")
    const moving = await registered(town, { seller, name: "Customer 5" })
    const unpaid = await sold(town, { seller, name: "Customer 6" })
    await town.settled()

    const heard = await town.sql`SELECT path, message_id AS "messageId" FROM journal WHERE message_id LIKE 'sub_%'`
    const ledgers = await ledgersOf({ ...town.world.env, MAIL_LEDGER_URL: town.world.mail.controlUrl })()
    return {
      database,
      ledgers,
      delivered: first.orderId,
      cancelled: returned.orderId,
      resold,
      inTransit: moving.orderId,
      unpaid: unpaid.orderId,
      options: {
        quiet: true,
        forgeries: ["factory/evt_forged"],
        history: [
          ...heard.map((act: { path: string; messageId: string }) => ({ ...act, saw: "ok" as const })),
          { path: `order/${first.orderId}`, messageId: "sub_nobody/pay/nothing", saw: "fail" },
          { path: `order/${first.orderId}`, messageId: "sub_nobody/pay/unknown", saw: "info" }
        ]
      }
    }
  } finally {
    await town.stop()
  }
}

const look = (url: string, options: VerifyOptions): Promise<Report> =>
  verify(options).pipe(Effect.provide(PostgresOwner({ url: Redacted.make(url) })), Effect.runPromise)
const violated = ({ invariants }: Report) => invariants.filter(({ violations }) => violations.length > 0).map(({ id }) => id)

const withOwner = async <A>(url: string, work: (sql: SQL) => Promise<A>): Promise<A> => {
  const sql = new SQL(url, { max: 1 })
  try {
    return await work(sql)
  } finally {
    await sql.close()
  }
}

interface Plant {
  readonly what: string
  /** Those that must report it, and no others. More than one where a replay notices the same tampering. */
  readonly reportedBy: ReadonlyArray<InvariantId>
  /** The owner's SQL, on a copy of the good database. */
  readonly sql?: (good: Good) => string
  /** On a copy of what the partners remember. */
  readonly ledgers?: (ledgers: any, good: Good) => void
  readonly options?: (options: VerifyOptions, clean: Report) => VerifyOptions
}

const orderPath = (id: string) => `'order/${id}'`
const plants: ReadonlyArray<Plant> = [
  {
    what: "a version that was skipped",
    reportedBy: ["I01"],
    sql: ({ delivered }) => `UPDATE actors SET version = version + 1 WHERE path = ${orderPath(delivered)}`
  },
  {
    what: "a snapshot that its journal does not explain",
    reportedBy: ["I02"],
    sql: ({ delivered }) =>
      `UPDATE actors SET state = jsonb_set(state, '{context,model}', '"Modelo Dos"') WHERE path = ${orderPath(delivered)}`
  },
  {
    what: "a sender that was never heard",
    reportedBy: ["I02"],
    sql: () => `UPDATE actors SET state = jsonb_set(state, '{heardFrom}', '{"order/ord_x": 3}') WHERE type = 'vehicle'`
  },
  {
    what: "a facet of another dealership",
    reportedBy: ["I02"],
    sql: ({ delivered }) => `UPDATE actors SET dealership_id = 'dea_berlin' WHERE path = ${orderPath(delivered)}`
  },
  {
    what: "an answer that was not given",
    reportedBy: ["I02"],
    sql: ({ delivered }) => `UPDATE journal SET reply = '"cancelled"' WHERE path = ${orderPath(delivered)} AND version = 1`
  },
  {
    what: "an epoch that goes down",
    reportedBy: ["I03"],
    sql: ({ delivered }) => `
      UPDATE partitions SET epoch = epoch + 5;
      UPDATE journal SET epoch = epoch + 3 WHERE path = ${orderPath(delivered)} AND version = 1`
  },
  {
    what: "a webhook that says it was heard otherwise",
    reportedBy: ["I05"],
    sql: () => `UPDATE webhooks SET outcome = 'recorded: AlreadyKnown' WHERE source = 'factory' AND outcome = 'handled'`
  },
  {
    what: "a webhook that still waits when all is quiet",
    reportedBy: ["I05"],
    sql: () => `UPDATE webhooks SET state = 'received', applied_at = NULL WHERE webhook_id = 'evt_factory_1'`
  },
  {
    what: "a webhook that was answered with 2xx and is not there",
    reportedBy: ["I05"],
    ledgers: ({ webhooks }) => webhooks.factory.push({ id: "evt_factory_999", body: "{}", delivered: true })
  },
  {
    what: "a webhook that was answered with 2xx and says something else now",
    reportedBy: ["I05"],
    ledgers: ({ webhooks }) => {
      webhooks.factory[0].body = "{}"
    }
  },
  {
    what: "a forgery that was kept",
    reportedBy: ["I06"],
    options: (options) => ({ ...options, forgeries: ["factory/evt_factory_1"] })
  },
  {
    what: "a message from nobody",
    reportedBy: ["I07"],
    sql: ({ delivered }) =>
      `UPDATE journal SET message_id = 'nobody/booked/1' WHERE path = ${orderPath(delivered)} AND type = 'TransportBooked'`
  },
  {
    what: "an answer to a command of another story",
    reportedBy: ["I07"],
    sql: ({ delivered }) =>
      `UPDATE journal SET correlation = 'another' WHERE path = ${orderPath(delivered)} AND type = 'VehicleRegistered'`
  },
  {
    what: "a webhook's message without the webhook",
    reportedBy: ["I05", "I07"],
    sql: () => `DELETE FROM webhooks WHERE webhook_id = 'evt_factory_1'`
  },
  {
    what: "a command that nobody decided",
    reportedBy: ["I08"],
    sql: ({ delivered }) => `
      INSERT INTO outbox (partition, path, version, position, lane, type, body, state, due_at, at, correlation)
      SELECT partition, path, 1, 99, lane, type, body, state, due_at, at, correlation
      FROM outbox
      WHERE path = ${orderPath(delivered)} AND type = 'MoveVehicle' AND body ->> 'to' = 'carrier'`
  },
  {
    what: "a command that asks for something else",
    reportedBy: ["I08"],
    sql: ({ delivered }) =>
      `UPDATE outbox SET body = body || '{"model": "Modelo Dos"}' WHERE path = ${orderPath(delivered)} AND type = 'PlaceFactoryOrder'`
  },
  {
    what: "a command of nobody",
    reportedBy: ["I08"],
    sql: () => `
      INSERT INTO outbox (partition, path, version, position, lane, type, body, state, due_at, at, correlation)
      VALUES (0, 'order/ord_nobody', 1, 0, 'vehicle', 'StockVehicle', '{}', 'done', now(), now(), 'x')`
  },
  {
    what: "a transport that was booked twice",
    reportedBy: ["I09"],
    ledgers: ({ transport }, { delivered }) =>
      transport.push({ ...transport.find((line: any) => line.reference === delivered && line.kind === "booking") })
  },
  {
    what: "a refund that was given twice",
    reportedBy: ["I09", "I24"],
    ledgers: ({ payments }) => payments.push({ ...payments.find(({ kind }: any) => kind === "refund") })
  },
  {
    what: "a transport that nobody ordered",
    reportedBy: ["I10"],
    ledgers: ({ transport }) => transport.push({ ...transport[0], kind: "booking", reference: "ord_nobody" })
  },
  {
    what: "a mail that nobody ordered",
    reportedBy: ["I10"],
    ledgers: ({ mail }) => mail.push({ messageId: "0123456789@caas.example" })
  },
  {
    what: "a command that still waits when all is quiet",
    reportedBy: ["I11"],
    sql: ({ delivered }) =>
      `UPDATE outbox SET state = 'waiting', finished_at = NULL WHERE path = ${orderPath(delivered)} AND type = 'SendCredentials'`
  },
  {
    what: "a command that is done here and not there",
    reportedBy: ["I11"],
    ledgers: (ledgers, { delivered }) => {
      ledgers.transport = ledgers.transport.filter((line: any) => line.reference !== delivered || line.kind !== "booking")
    }
  },
  {
    what: "a timer that got lost",
    reportedBy: ["I12"],
    sql: ({ unpaid }) => `DELETE FROM timers WHERE path = ${orderPath(unpaid)}`
  },
  {
    what: "a timer that nobody waits for",
    reportedBy: ["I12"],
    sql: ({ cancelled }) => `
      INSERT INTO timers (partition, path, timer_id, set_version, due_at, retry_at)
      SELECT partition, path, 'xstate.after.depositWindow.order.reserved', 1, now() + interval '1 year', now() + interval '1 year'
      FROM actors
      WHERE path = ${orderPath(cancelled)};
      UPDATE actors SET next_timer_at = due_at FROM timers WHERE actors.path = timers.path AND actors.path = ${orderPath(cancelled)}`
  },
  {
    what: "an order that nothing will wake",
    reportedBy: ["I02", "I12"],
    sql: ({ inTransit }) =>
      `UPDATE actors SET state = jsonb_set(state, '{context,transport,id}', 'null') WHERE path = ${orderPath(inTransit)}`
  },
  {
    what: "a car that is meant for an order nobody knows",
    reportedBy: ["I02", "I12"],
    sql: ({ resold }) => `
      UPDATE actors SET state = jsonb_set(state, '{context,orderId}', '"ord_nobody"')
      WHERE type = 'vehicle' AND state -> 'context' ->> 'orderId' = '${resold}'`
  },
  {
    what: "a timer that is overdue",
    reportedBy: ["I13"],
    sql: ({ unpaid }) => `UPDATE timers SET due_at = due_at - interval '30 days' WHERE path = ${orderPath(unpaid)}`
  },
  {
    what: "a timer that fired early",
    reportedBy: ["I13"],
    sql: () => `UPDATE journal SET at = at - interval '1 day' WHERE type LIKE 'xstate.after.finalPaymentReminder%'`
  },
  {
    what: "a parked command without a reason",
    reportedBy: ["I14"],
    sql: ({ delivered }) =>
      `UPDATE outbox SET state = 'parked', cause = NULL WHERE path = ${orderPath(delivered)} AND type = 'SendCredentials'`
  },
  {
    what: "a command that somebody discarded without saying so",
    reportedBy: ["I14"],
    sql: ({ delivered }) =>
      `UPDATE outbox SET state = 'discarded', cause = 'Gone' WHERE path = ${orderPath(delivered)} AND type = 'SendCredentials'`
  },
  {
    what: "a writer with an epoch that its partition never had",
    reportedBy: ["I15"],
    sql: ({ delivered }) => `UPDATE actors SET epoch = epoch + 7 WHERE path = ${orderPath(delivered)}`
  },
  {
    what: "a partition that nobody can own",
    reportedBy: ["I15"],
    sql: () => `DELETE FROM partitions WHERE partition = (SELECT partition FROM actors ORDER BY path LIMIT 1)`
  },
  {
    what: "an ok that was forgotten",
    reportedBy: ["I16"],
    options: (options) => ({
      ...options,
      history: [{ path: "order/ord_1", messageId: "sub_1/sell/ord_1", saw: "ok" }]
    })
  },
  {
    what: "a no that was done all the same",
    reportedBy: ["I16"],
    options: (options) => ({ ...options, history: options.history!.slice(0, 1).map((act) => ({ ...act, saw: "fail" as const })) })
  },
  {
    what: "an answer that changed with a wipe",
    reportedBy: ["I17"],
    options: (options, clean) => ({
      ...options,
      beforeWipe: {
        ...clean,
        invariants: clean.invariants.map((one) => (one.id === "I05" ? { ...one, violations: ["factory/evt_1 still waits"] } : one))
      }
    })
  },
  {
    what: "a view that forgets one leg of a transfer",
    reportedBy: ["I20"],
    sql: () => `
      CREATE OR REPLACE VIEW postings AS
      SELECT path, version, position, at, order_id, kind, payment_id, debit AS account, amount_minor AS minor, currency FROM ledger
      UNION ALL
      SELECT path, version, position, at, order_id, kind, payment_id, credit, -amount_minor, currency
      FROM ledger WHERE kind <> 'depositForfeited'`
  },
  {
    what: "a transfer between the wrong accounts",
    reportedBy: ["I08", "I20"],
    sql: () => `UPDATE ledger SET credit = 'vehicleSales' WHERE kind = 'depositForfeited'`
  },
  {
    what: "a cent at the gateway",
    reportedBy: ["I24"],
    ledgers: ({ payments }) => {
      payments.find(({ kind }: any) => kind === "charge").amountMinor += 1
    }
  },
  {
    what: "a deposit that ended twice",
    reportedBy: ["I08", "I20", "I29"],
    sql: ({ delivered }) => `
      DROP INDEX ledger_deposit_ends_once;
      INSERT INTO ledger
      SELECT partition, path, version, 90, at, order_id, 'depositForfeited', payment_id, 'customerDeposits', 'forfeitedDeposits', amount_minor, currency
      FROM ledger
      WHERE path = ${orderPath(delivered)} AND kind = 'depositApplied'`
  },
  {
    what: "a deposit that never ended",
    reportedBy: ["I08", "I29"],
    sql: ({ delivered }) => `DELETE FROM ledger WHERE path = ${orderPath(delivered)} AND kind = 'depositApplied'`
  },
  {
    what: "another factory order for the same sale",
    reportedBy: ["I44"],
    ledgers: ({ factory }, { delivered }) => {
      for (const line of factory) if (line.reference === delivered) line.factoryOrderId = "fo_999"
    }
  },
  {
    what: "a car that was registered for two orders",
    reportedBy: ["I44"],
    ledgers: ({ registration }, { delivered, inTransit }) => {
      const [one, other] = [delivered, inTransit].map((order) => registration.find(({ reference }: any) => reference === order))
      one.vin = other.vin
    }
  },
  {
    what: "a factory order before the deposit",
    reportedBy: ["I45"],
    ledgers: ({ factory }, { delivered }) => {
      for (const line of factory) if (line.reference === delivered) line.at = "2020-01-01T00:00:00.000Z"
    }
  },
  {
    what: "a registration without its final payment",
    reportedBy: ["I08", "I24", "I45"],
    sql: ({ inTransit }) => `DELETE FROM ledger WHERE path = ${orderPath(inTransit)} AND kind = 'finalPaymentReceived'`
  }
]

describe("verify", () => {
  let clean: Report
  beforeAll(async () => {
    good = await goodTown()
    clean = await look(good.database.url, { ...good.options, partners: async () => good.ledgers })
  }, 60_000)
  afterAll(() => good?.database.drop())

  test("finds nothing where all went well, and has looked at everything", () => {
    expect(clean.invariants.flatMap(({ id, violations }) => violations.map((violation) => `${id} ${violation}`))).toEqual([])
    const blank = clean.invariants.filter(({ checked }) => checked === 0).map(({ id }) => id)
    expect(blank).toEqual(["I14", "I17"]) // Nothing was parked, and nothing was wiped.
    expect(clean).toMatchObject({ checked: Object.keys(invariants).length - 2, violated: 0 })
  })

  test("says what it could not look at, where no partner tells and nothing is known to be quiet", async () => {
    const alone = await look(good.database.url, {})
    expect(violated(alone)).toEqual([])
    const skipped = alone.invariants.filter(({ skipped }) => skipped !== undefined).map(({ id }) => id)
    expect(skipped).toEqual(["I06", "I09", "I10", "I11", "I12", "I13", "I16", "I17", "I24"])
  })

  test.each(plants.map((plant) => [plant.what, plant] as const))("finds %s", async (_, { sql, ledgers, options, reportedBy }) => {
    const remembered = structuredClone(good.ledgers) as PartnerLedgers
    ledgers?.(remembered, good)
    const asked = { ...(options?.(good.options, clean) ?? good.options), partners: async () => remembered }
    const url = new URL(good.database.url)
    const original = url.pathname.slice(1)
    const copy = `${original}_${crypto.randomUUID().slice(0, 8)}`
    if (sql === undefined) return expect(violated(await look(url.href, asked))).toEqual([...reportedBy])

    await withOwner(process.env.DATABASE_URL!, (admin) => admin.unsafe(`CREATE DATABASE "${copy}" TEMPLATE "${original}"`))
    try {
      url.pathname = `/${copy}`
      await withOwner(url.href, (owner) => owner.unsafe(sql(good)).simple())
      expect(violated(await look(url.href, asked))).toEqual([...reportedBy])
    } finally {
      await withOwner(process.env.DATABASE_URL!, (admin) => admin.unsafe(`DROP DATABASE "${copy}" WITH (FORCE)`))
    }
  })

  test("is a command: a table or one JSON object, and an exit code that says whether all holds", async () => {
    const cli = async (url: string, ...flags: ReadonlyArray<string>) => {
      const program = Bun.spawn([process.execPath, join(import.meta.dir, "..", "..", "src", "cli.ts"), "verify", ...flags], {
        env: { ...process.env, DATABASE_URL: url },
        stdio: ["ignore", "pipe", "pipe"]
      })
      return { said: await new Response(program.stdout).text(), code: await program.exited }
    }
    const fine = await cli(good.database.url, "--json", "--quiet-period")
    expect(fine.code).toBe(0)
    const { checked, violated: wrong, invariants: all } = JSON.parse(fine.said) as Report
    expect([checked > 10, wrong, all.map(({ id }) => id)]).toEqual([true, 0, Object.keys(invariants) as Array<InvariantId>])

    const spoiled = await freshDatabase()
    try {
      await withOwner(spoiled.url, (owner) => owner.unsafe("DELETE FROM partitions WHERE partition = 5"))
      const { said, code } = await cli(spoiled.url)
      expect(code).toBe(1)
      expect(said).toContain("I15  violated")
      expect(said).toContain("✗ There are 63 partitions, not 64")
      expect(said.trim()).toEndWith("1 violated")
    } finally {
      await spoiled.drop()
    }
    expect((await cli(good.database.url, "--nonsense")).code).toBe(2)
  })

  test("has something planted for every invariant, and most of it is found by that one alone", () => {
    const found = new Set(plants.flatMap(({ reportedBy }) => reportedBy))
    expect([...found].sort()).toEqual(Object.keys(invariants) as Array<InvariantId>)
    const alone = new Set(plants.flatMap(({ reportedBy }) => (reportedBy.length === 1 ? reportedBy : [])))
    // What became of a deposit is written nowhere but where a replay looks too.
    expect(Object.keys(invariants).filter((id) => !alone.has(id as InvariantId))).toEqual(["I29"])
  })
})
