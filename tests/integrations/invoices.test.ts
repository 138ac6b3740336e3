/** Invoices are numbered without a gap, once per command, each sealed to the one before; and no credit is larger than what it corrects. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { SQL } from "bun"
import fc from "fast-check"
import { vatOf } from "#integrations/invoices/vat.ts"
import { type Database, freshDatabase } from "#tests/database.ts"
import { Accounting, line } from "./accounting.ts"

let database: Database
let owner: SQL
let house: Accounting

beforeAll(async () => {
  database = await freshDatabase()
  owner = new SQL(database.url, { max: 2 })
  house = new Accounting(database.url)
})
afterAll(async () => {
  await house.stop()
  await owner.close()
  await database.drop()
})

const rows = (series: string) => owner`SELECT * FROM invoices WHERE series = ${series} ORDER BY number`
const numbers = async (series: string) => (await rows(series)).map(({ number }: { number: number }) => number)
const upTo = (last: number) => Array.from({ length: last }, (_, n) => n + 1)

describe("a number", () => {
  test("is the next of its country, kind and year; the year is the country's own", async () => {
    expect(await house.number(house.request())).toBe("ES-2026-000001")
    const berlin = house.request({ country: "DE", lines: [line({ vatPercent: 19 })] })
    expect(await house.number(berlin)).toBe("DE-2026-000001")
    expect(await house.number(house.credit(berlin))).toBe("DE-R-2026-000001")
    expect(await house.number(house.request())).toBe("ES-2026-000002")

    house.now = Date.parse("2026-12-31T23:30:00.000Z") // It is next year in Madrid, and not yet in Lisbon.
    expect(await house.number(house.request())).toBe("ES-2027-000001")
    expect(await house.number(house.request({ country: "PT" }))).toBe("PT-2026-000001")
    house.now = Date.parse("2026-03-31T12:00:00.000Z")
  })

  test("is left out by nobody and taken by one, though sixty-four ask at once, through two platforms, and every third fails", async () => {
    const other = new Accounting(database.url)
    const before = (await numbers("FR-2026")).length
    const tooMuch = house.request({ country: "FR", lines: [line({ grossMinor: 10 })] })
    await house.issue(tooMuch)
    const asked = Array.from({ length: 64 }, (_, n) => {
      const where = n % 2 === 0 ? house : other
      const request = house.request({ country: "FR", lines: [line({ vatPercent: 20 })] })
      // No currency: the table says no while the series is held.
      return where.issue(n % 3 === 2 ? { ...request, currency: "euro" as "EUR" } : request).then(
        () => "issued",
        () => "failed"
      )
    })
    const answers = await Promise.all(asked)
    expect(answers.filter((answer) => answer === "failed")).toHaveLength(21)
    expect(await numbers("FR-2026")).toEqual(upTo(before + 1 + 43))
    const [series] = await owner`SELECT last_number, last_hash FROM invoice_series WHERE series = 'FR-2026'`
    expect(series).toEqual({ last_number: 44, last_hash: (await rows("FR-2026")).at(-1).hash })
    await other.stop()
  })

  test("is given once per command, also to twenty who ask at the same moment, and the paper is the first one", async () => {
    const request = house.request({ country: "IT", lines: [line({ vatPercent: 22 })] })
    const answers = await Promise.all(Array.from({ length: 20 }, () => house.issue(request, "order/ord_9#3.0")))
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    house.now += 60_000
    expect(await house.issue(request, "order/ord_9#3.0")).toEqual(answers[0]!)
    expect(await numbers("IT-2026")).toEqual([1])
    const [paper] = await owner`SELECT title, kind, sha256, subject_id FROM purchase_papers WHERE command_id = 'order/ord_9#3.0'`
    expect(paper).toEqual({
      title: "Factura IT-2026-000001",
      kind: "invoice",
      sha256: (answers[0] as any).sha256,
      subject_id: "sub_nobody"
    })
  })

  test("is kept where the program died before the paper was, and the paper is made by who asks again", async () => {
    const request = house.request()
    const first = await house.issue(request, "crash#1.0")
    await owner`DELETE FROM purchase_papers WHERE command_id = 'crash#1.0'` // As if it had never come so far.
    expect(await house.issue(request, "crash#1.0")).toEqual(first) // To the byte.
    expect(await owner`SELECT sha256 FROM purchase_papers WHERE command_id = 'crash#1.0'`).toEqual([
      { sha256: (first as any).sha256 }
    ])
  })

  test("has at least six digits, and goes on after them", async () => {
    const hash = "f".repeat(64)
    await owner`ALTER TABLE invoices DISABLE TRIGGER ALL`
    await owner`INSERT INTO invoice_series (series, last_number, last_hash) VALUES ('PT-2031', 999999, ${hash})`
    house.now = Date.parse("2031-05-05T12:00:00.000Z")
    expect(await house.number(house.request({ country: "PT" }))).toBe("PT-2031-1000000")
    house.now = Date.parse("2026-03-31T12:00:00.000Z")
    await owner`ALTER TABLE invoices ENABLE TRIGGER ALL`
  })

  test("is never older than the one before it, whatever the clock of a process says", async () => {
    house.now += 3_600_000
    await house.issue(house.request())
    house.now -= 3_600_000
    await house.issue(house.request())
    const days = (await rows("ES-2026")).map(({ issued_at }: { issued_at: Date }) => issued_at.getTime())
    expect(days).toEqual(days.toSorted((one: number, other: number) => one - other))
  })
})

describe("the table", () => {
  const copied = (changes: string) => `
    INSERT INTO invoices (series, number, command_id, kind, country, issued_at, issued_on, seller, subject_id, activation_id, payment_id, currency,
      lines, net_minor, vat_minor, gross_minor, previous_hash, hash)
    SELECT series, number, 'x', kind, country, issued_at, issued_on, seller, subject_id, activation_id, 'pay_x', currency,
      lines, net_minor, vat_minor, gross_minor, previous_hash, hash
    FROM (SELECT ${changes} FROM invoices i JOIN invoices last ON last.series = i.series WHERE i.series = 'ES-2026' AND i.number = 2 AND last.number = (
      SELECT max(number) FROM invoices WHERE series = 'ES-2026')) one`
  const columns = (number: string, previous: string) =>
    `i.series, ${number} AS number, i.kind, i.country, i.issued_at, i.issued_on, i.seller, i.subject_id, i.activation_id, i.currency, i.lines,
     i.net_minor, i.vat_minor, i.gross_minor, ${previous} AS previous_hash, repeat('e', 64) AS hash`

  test.each([
    ["the next number, after the last one's hash", columns("last.number + 1", "last.hash"), null],
    ["the same number again", columns("last.number", "last.previous_hash"), /unique constraint/],
    ["a number after a gap", columns("last.number + 2", "last.hash"), /foreign key constraint/],
    ["the next number, after another hash", columns("last.number + 1", "repeat('d', 64)"), /foreign key constraint/]
  ])("bears %s, or not", async (_, changes, refusal) => {
    const done = owner.begin(async (tx) => {
      await tx.unsafe(copied(changes))
      throw new Error("taken back")
    })
    await expect(done).rejects.toThrow(refusal ?? "taken back")
  })

  test("is written, never changed or emptied, by the role of the platform", async () => {
    for (const act of ["UPDATE invoices SET gross_minor = 1", "DELETE FROM invoices", "TRUNCATE invoices"])
      await expect(
        owner.begin(async (tx) => {
          await tx.unsafe("SET LOCAL ROLE caas_app")
          await tx.unsafe(act)
        })
      ).rejects.toThrow(/permission denied/)
  })

  test("holds no name and no address", async () => {
    const customerId = await house.keep()
    await house.issue(house.request({ customerId }))
    const [{ dump }] = await owner`SELECT string_agg(i::text, ' ') AS dump FROM invoices i`
    expect(dump).toContain(customerId)
    expect(dump).not.toMatch(/Canary|Canario|\b28001\b/) // In a hash the digits may stand by chance.
  })
})

describe("a credit note", () => {
  test("waits for its invoice, and says which payment's", async () => {
    const invoice = house.request()
    expect(await house.issue(house.credit(invoice))).toMatchObject({ _tag: "InvoiceMissing", paymentId: invoice.paymentId })
    expect(await house.number(invoice)).toStartWith("ES-2026-")
    expect(await house.number(house.credit(invoice))).toBe("ES-R-2026-000001")
  })

  test("may come in parts, of which together no more than the invoice is credited, however many at once", async () => {
    const invoice = house.request({ lines: [line({ grossMinor: 100_00 })] })
    await house.issue(invoice)
    const asked = Array.from({ length: 8 }, () =>
      house.issue(house.credit(invoice, 30_00)).then(
        () => "credited",
        () => "refused"
      )
    )
    const answers = await Promise.all(asked)
    expect(answers.toSorted()).toEqual(["credited", "credited", "credited", "refused", "refused", "refused", "refused", "refused"])
    await house.issue(house.credit(invoice, 10_00))
    const parts = await owner`
      SELECT credited_before::int AS before, credited_after::int AS after FROM invoices
      WHERE payment_id = ${invoice.paymentId} AND kind = 'creditNote' ORDER BY number`
    expect([...parts]).toEqual([
      { before: 0, after: 30_00 },
      { before: 30_00, after: 60_00 },
      { before: 60_00, after: 90_00 },
      { before: 90_00, after: 100_00 }
    ])
    const series = await numbers("ES-R-2026")
    expect(series).toEqual(upTo(series.length))
  })

  test("of more than the invoice is refused by the table, and takes no number", async () => {
    const invoice = house.request({ lines: [line({ grossMinor: 50_00 })] })
    await house.issue(invoice)
    const before = await numbers("ES-R-2026")
    await expect(house.issue(house.credit(invoice, 50_01))).rejects.toThrow("more than is left of its invoice")
    await expect(house.issue(house.credit(invoice, 0))).rejects.toThrow("more than is left of its invoice")
    expect(await numbers("ES-R-2026")).toEqual(before)
    expect(await house.number(house.credit(invoice))).toEndWith(String(before.length + 1))
  })

  test("is written in the year in which it is given, whenever the invoice was", async () => {
    const invoice = house.request({ country: "PT" })
    await house.issue(invoice)
    house.now = Date.parse("2027-01-02T12:00:00.000Z")
    expect(await house.number(house.credit(invoice))).toBe("PT-R-2027-000001")
    house.now = Date.parse("2026-03-31T12:00:00.000Z")
  })

  test("has one invoice for its payment: a second one for the same money is refused", async () => {
    const invoice = house.request()
    await house.issue(invoice)
    await expect(house.issue(invoice)).rejects.toThrow("an invoice for this payment already")
  })
})

describe("VAT", () => {
  test("is what is over when the net, rounded half up, is taken out", () => {
    expect(vatOf([{ grossMinor: 121, vatPercent: 21 }])).toMatchObject({ netMinor: 100, vatMinor: 21 })
    expect(vatOf([{ grossMinor: 990, vatPercent: 21 }])).toMatchObject({ netMinor: 818, vatMinor: 172 })
    expect(vatOf([{ grossMinor: 3, vatPercent: 20 }])).toMatchObject({ netMinor: 3, vatMinor: 0 }) // 2.5, and half goes up.
    expect(vatOf([{ grossMinor: 700, vatPercent: 0 }])).toMatchObject({ netMinor: 700, vatMinor: 0 })
    const two = vatOf([
      { grossMinor: 121, vatPercent: 21 },
      { grossMinor: 105, vatPercent: 5 },
      { grossMinor: 242, vatPercent: 21 }
    ])
    expect(two.rates.map(({ percent, netMinor, vatMinor }) => [percent, netMinor, vatMinor])).toEqual([
      [5, 100, 5],
      [21, 300, 63]
    ])
    expect(two.netOf).toEqual([100, 100, 200])
  })

  test("loses and makes no cent, whatever was sold", () => {
    const sold = fc.record({ grossMinor: fc.nat({ max: 10 ** 12 }), vatPercent: fc.constantFrom(0, 5, 19, 20, 21, 22, 23) })
    fc.assert(
      fc.property(fc.array(sold, { maxLength: 30 }), (lines) => {
        const { netMinor, vatMinor, grossMinor, netOf, rates } = vatOf(lines)
        expect(netMinor + vatMinor).toBe(grossMinor)
        expect(grossMinor).toBe(lines.reduce((sum, one) => sum + one.grossMinor, 0))
        expect(netOf.reduce((sum, one) => sum + one, 0)).toBe(netMinor)
        for (const { percent, netMinor: net, grossMinor: gross } of rates)
          expect(Math.abs(net - (gross * 100) / (100 + percent))).toBeLessThanOrEqual(0.501)
      })
    )
  })
})
