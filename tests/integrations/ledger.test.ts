/** What the ledger refuses by itself, whoever writes to it: every wrong posting is tried by SQL, under the platform's own role. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test"
import { SQL } from "bun"
import { ServiceTransfer } from "#machines/activation.ts"
import { Transfer } from "#machines/order.ts"
import { type Database, freshDatabase } from "../database.ts"

let database: Database
let sql: SQL

beforeAll(async () => {
  database = await freshDatabase()
  sql = new SQL(database.url, { max: 3 })
})

afterAll(async () => {
  await sql.close()
  await database.drop()
})

let deals = 0
let deal = ""
beforeEach(() => {
  deal = `act_${++deals}`
})

type Entry = readonly [kind: string, debit: string, credit: string, more?: Record<string, unknown>]
let versions = 0
const rowOf = ([kind, debit, credit, more = {}]: Entry) => ({
  partition: 0,
  path: `activation/${deal}`,
  version: ++versions,
  position: 0,
  at: new Date("2026-03-02T09:00:00.000Z"),
  activation_id: deal,
  payment_id: `pay_${deal}`,
  kind,
  debit,
  credit,
  amount_minor: 1_000,
  currency: "EUR",
  phase: "posted",
  ...more
})
const asThePlatform = async (work: (tx: SQL) => Promise<unknown>): Promise<string> => {
  try {
    await sql.begin(async (tx) => {
      await tx`SET LOCAL ROLE caas_app`
      await work(tx)
    })
    return "posted"
  } catch (error) {
    const { constraint, message } = error as { readonly constraint?: string; readonly message: string }
    return constraint ?? message
  }
}
/** "posted", or the constraint that said no. */
const post = (...entries: ReadonlyArray<Entry>) =>
  asThePlatform(async (tx) => {
    for (const entry of entries) await tx`INSERT INTO ledger ${tx(rowOf(entry))}`
  })

const taken: Entry = ["lateServicePayment", "gateway", "refundsDue"]
const wentBack: Entry = ["serviceReturned", "refundsDue", "gateway"]
const held: Entry = ["serviceHeld", "gateway", "serviceSales", { phase: "pending" }]
const released = (more: Record<string, unknown> = {}): Entry => [
  "serviceReleased",
  "gateway",
  "serviceSales",
  { phase: "voided", resolves: `pay_${deal}`, ...more }
]

describe("a sale", () => {
  test("is not posted without the car's report, nor with one that nobody has", async () => {
    const receipt_id = `rep_${"a".repeat(64)}`
    expect(await post(["serviceCaptured", "gateway", "serviceSales"])).toBe("ledger_sale_has_evidence")
    expect(await post(["serviceCaptured", "gateway", "serviceSales", { receipt_id }])).toBe("ledger_evidence")
    expect(await post(["monthBilled", "receivables", "serviceSales", { receipt_id, period: "2026-03" }])).toBe("ledger_evidence")
  })

  test("does not go by another name, nor through another account, nor in another phase", async () => {
    const notItsKind = "ledger_moves_as_its_kind"
    expect(await post(["present", "gateway", "serviceSales"])).toBe(notItsKind)
    expect(await post(["lateServicePayment", "gateway", "serviceSales"])).toBe(notItsKind)
    expect(await post(["debtPaid", "badDebts", "bank"])).toBe(notItsKind)
    expect(await post(["serviceHeld", "gateway", "serviceSales"])).toBe(notItsKind)
    expect(await post(["serviceReleased", "gateway", "serviceSales"])).toBe(notItsKind)
  })
})

describe("VAT", () => {
  test("is within an income and nowhere else, so every transfer is balanced", async () => {
    expect(await post(["paymentSettled", "bank", "gateway", { vat_minor: 174 }])).toBe("ledger_vat_of_income")
    expect(await post([...taken.slice(0, 3), { vat_minor: 174 }] as unknown as Entry)).toBe("ledger_vat_of_income")
    expect(await post(["billWaived", "serviceSales", "receivables", { vat_minor: 1_001 }])).toBe("ledger_vat")
    expect(await post(["billWaived", "serviceSales", "receivables", { vat_minor: 174 }])).toBe("posted")
    const legs = await sql`SELECT account, minor::int AS minor FROM postings WHERE activation_id = ${deal} ORDER BY account`
    expect(legs.map(({ account, minor }: { account: string; minor: number }) => [account, minor])).toEqual([
      ["receivables", -1_000],
      ["serviceSales", 826],
      ["vatDue", 174]
    ])
  })
})

describe("what is held", () => {
  test("ends once, in full, and by its own payment", async () => {
    expect(await post(held)).toBe("posted")
    expect(await post(released({ amount_minor: 999 }))).toBe("ledger_resolves_pending")
    expect(await post(released({ payment_id: "pay_other" }))).toBe("ledger_resolves_its_own")
    expect(await post(released())).toBe("posted")
    expect(await post(released({ activation_id: `${deal}x` }))).toBe("ledger_resolved_once")
  })
})

describe("a refund", () => {
  test("is never of more than came", async () => {
    expect(await post(wentBack)).toContain("would give back 1000 of 0 EUR")
    expect(await post(taken, wentBack)).toBe("posted")
    expect(await post([...wentBack.slice(0, 3), { activation_id: `${deal}x` }] as unknown as Entry)).toContain("2000 of 1000")
  })

  test("is not made once by the gateway and once by bank transfer, unless the first did not arrive", async () => {
    const paidOut: Entry = ["refundPaidOut", "refundsDue", "bank"]
    expect(await post(taken, wentBack)).toBe("posted")
    expect(await post(paidOut)).toContain("2000 of 1000")
    expect(await post(["refundFailed", "gateway", "refundsDue"], paidOut)).toBe("posted")
  })

  test("is not made in another currency than the money came in", async () => {
    expect(await post(taken)).toBe("posted")
    expect(await post([...wentBack.slice(0, 3), { currency: "USD" }] as unknown as Entry)).toContain("1000 of 0 USD")
  })

  test("of two at once, one is refused", async () => {
    expect(await post(taken)).toBe("posted")
    const one = (activation_id: string) =>
      asThePlatform(async (tx) => {
        await tx`INSERT INTO ledger ${tx(rowOf([...wentBack.slice(0, 3), { activation_id }] as unknown as Entry))}`
        await tx`SELECT pg_sleep(0.2)`
      })
    const answers = await Promise.all([one(deal), one(`${deal}x`)])
    expect(answers.filter((answer) => answer === "posted")).toHaveLength(1)
  })
})

test("every kind that orders and services post has its accounts", async () => {
  const known = await sql`SELECT DISTINCT kind FROM ledger_kinds ORDER BY kind`
  const posted = new Set<string>([...Transfer.fields.kind.literals, ...ServiceTransfer.fields.kind.literals])
  expect(known.map(({ kind }: { kind: string }) => kind)).toEqual([...posted].sort())
})

test("nothing that was posted is changed or taken away", async () => {
  const denied = "permission denied for table ledger"
  expect(await asThePlatform((tx) => tx`UPDATE ledger SET amount_minor = 1`)).toBe(denied)
  expect(await asThePlatform((tx) => tx`DELETE FROM ledger`)).toBe(denied)
  expect(await asThePlatform((tx) => tx`INSERT INTO ledger_kinds VALUES ('present', 'posted', 'gateway', 'serviceSales')`)).toBe(
    "permission denied for table ledger_kinds"
  )
})
