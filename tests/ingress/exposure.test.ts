/** What is not settled, kept by the ledger's own trigger: each entry counted once, whatever order they come in. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { SQL } from "bun"
import { type Database, freshDatabase } from "../database.ts"

let database: Database
let sql: SQL
beforeAll(async () => {
  database = await freshDatabase()
  sql = new SQL(database.url, { max: 1 })
})
afterAll(async () => {
  await sql.close()
  await database.drop()
})

type Entry = readonly [kind: string, debit: string, credit: string, minor: number, payment?: string, phase?: string]
let turns = 0
/** One statement, as a batch of turns writes it, under the platform's role. */
const book = async (deal: string, ...entries: ReadonlyArray<Entry>) => {
  const column = deal.startsWith("act_") ? "activation_id" : "order_id"
  const rows = entries.map(([kind, debit, credit, minor, payment = "pay_1", phase = "posted"]) => {
    turns++
    return `(0, 'test/${deal}', ${turns}, 0, '2026-03-02T09:00:00Z'::timestamptz + interval '${turns} minutes', '${deal}', '${kind}', '${deal}-${payment}', '${debit}', '${credit}', ${minor}, 'EUR', '${phase}', 'sub_${deal.slice(4)}')`
  })
  await sql.begin(async (tx) => {
    await tx.unsafe("SET LOCAL ROLE caas_app")
    await tx.unsafe(`
      INSERT INTO ledger (partition, path, version, position, at, ${column}, kind, payment_id, debit, credit, amount_minor, currency, phase, subject_id)
      VALUES ${rows.join(", ")}`)
  })
}
const balances = async (deal: string) =>
  (
    await sql.unsafe(
      `SELECT account, minor::int AS minor, because FROM open_balances WHERE subject_id = 'sub_${deal.slice(4)}' ORDER BY account, holder`
    )
  ).map(({ account, minor, because }: { account: string; minor: number; because: string }) => [account, minor, because])

describe("what is not settled", () => {
  test("is what was taken, until it is on our own account", async () => {
    await book("act_1", ["lateServicePayment", "gateway", "refundsDue", 4_900])
    expect(await balances("act_1")).toEqual([["gateway", 4_900, "lateServicePayment"]])
    await book("act_1", ["paymentSettled", "bank", "gateway", 4_900])
    expect(await balances("act_1")).toEqual([])
  })

  test("is owed by the service, whichever payment ends it", async () => {
    await book(
      "act_2",
      ["paymentSettlementFailed", "receivables", "gateway", 500],
      ["lateServicePayment", "gateway", "refundsDue", 500]
    )
    expect(await balances("act_2")).toEqual([["receivables", 500, "paymentSettlementFailed"]])
    await book("act_2", ["debtPaid", "gateway", "receivables", 500, "pay_2"])
    expect(await balances("act_2")).toEqual([["gateway", 500, "debtPaid"]])
  })

  test("does not count what is only held, nor hide one payment behind another that went back after it had settled", async () => {
    await book("act_3", ["serviceHeld", "gateway", "serviceSales", 100, "pay_0", "pending"])
    expect(await balances("act_3")).toEqual([])
    await book(
      "act_3",
      ["lateServicePayment", "gateway", "refundsDue", 100, "pay_1"],
      ["paymentSettled", "bank", "gateway", 100, "pay_1"]
    )
    await book("act_3", ["serviceReturned", "refundsDue", "gateway", 100, "pay_1"])
    await book(
      "act_3",
      ["debtPaid", "gateway", "receivables", 70, "pay_2"],
      ["paymentSettlementFailed", "receivables", "gateway", 70, "pay_1"]
    )
    expect(await balances("act_3")).toEqual([
      ["gateway", -170, "serviceReturned"],
      ["gateway", 70, "debtPaid"]
    ])
  })

  test("of a dispute is with the customer's bank until it has decided", async () => {
    await book("ord_4", ["depositReceived", "gateway", "customerDeposits", 1_000], ["chargedBack", "disputes", "gateway", 1_000])
    expect(await balances("ord_4")).toEqual([["disputes", 1_000, "chargedBack"]])
    await book("ord_4", ["disputeLost", "badDebts", "disputes", 1_000])
    expect(await balances("ord_4")).toEqual([])
  })

  test("agrees with the ledger, summed anew", async () => {
    const wrong = await sql`
      WITH summed AS (
        SELECT CASE WHEN account = 'receivables' THEN coalesce(activation_id, order_id) ELSE payment_id END AS holder, account, sum(minor) AS minor
        FROM postings WHERE account IN ('gateway', 'receivables', 'disputes') GROUP BY 1, 2 HAVING sum(minor) <> 0
      )
      SELECT * FROM summed s FULL JOIN open_balances b USING (holder, account) WHERE s.minor IS DISTINCT FROM b.minor`
    expect([...wrong]).toEqual([])
  })

  test("is written by nobody but the ledger", async () => {
    await sql
      .begin(async (tx) => {
        await tx.unsafe("SET LOCAL ROLE caas_app")
        const said = await tx.unsafe("UPDATE open_balances SET minor = 0").then(() => "done", String)
        expect(said).toContain("permission denied")
        await tx.unsafe("ROLLBACK").catch(() => {})
      })
      .catch(() => {})
  })
})
