/** Mes vencido: whatever life a service had, every day of it is in one bill, and a whole month costs the whole price. */
import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { dayOf, type Month, nextMonth } from "#machines/calendar.ts"
import { billFor, type MonthlyBill, monthAfter, previewOf, type Running } from "#machines/monthly-bill.ts"
import { daysThere, type Place, places } from "./european-clock.ts"

const instant = (moment: number) => new Date(moment).toISOString()
const halfHour = 1_800_000

/** Begun on a half hour or a millisecond beside one, so that first and last instants are met often. */
const edges = fc
  .tuple(
    fc.integer({ min: Date.UTC(2020, 0, 1) / halfHour, max: Date.UTC(2039, 0, 1) / halfHour }),
    fc.integer({ min: -1, max: 1 })
  )
  .map(([halves, beside]) => halves * halfHour + beside)
const lives = fc.record({
  from: edges,
  lasting: fc.oneof(fc.integer({ min: 1, max: 3 * 48 }), fc.integer({ min: 1, max: 420 * 48 })).map((halves) => halves * halfHour),
  less: fc.integer({ min: 0, max: 1 }),
  place: fc.constantFrom(...places),
  price: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 500_00 }))
})
type Life = typeof lives extends fc.Arbitrary<infer L> ? L : never

const running = ({ from, lasting, less, place, price }: Life): Running => ({
  activeSince: instant(from),
  endedAt: instant(from + lasting - less),
  timeZone: place,
  price: { amountMinor: price, currency: "EUR" }
})
/** The months as the run meets them. */
const billsOf = (service: Running, most = 40): ReadonlyArray<MonthlyBill> => {
  const bills: Array<MonthlyBill> = []
  for (let month = monthAfter(null, service); month !== null && bills.length < most; month = monthAfter(month, service)) {
    const bill = billFor(month, service)
    expect([month, bill?.month]).toEqual([month, month])
    bills.push(bill!)
  }
  return bills
}
const service = (activeSince: string, endedAt: string | null, price = 30_00, timeZone: Place = "Europe/Madrid"): Running => ({
  activeSince,
  endedAt,
  timeZone,
  price: { amountMinor: price, currency: "EUR" }
})
const billed = (month: Month, running: Running) => {
  const bill = billFor(month, running)
  return bill === null ? null : [bill.from, bill.to, bill.days, bill.daysInMonth, bill.amount.amountMinor]
}

describe("the bills of a life", () => {
  test("hold each of its days once, and no other day", () =>
    fc.assert(
      fc.property(lives, (life) => {
        const bills = billsOf(running(life))
        const days = bills.flatMap(({ from, to, days }) => {
          const all = daysThere(Date.parse(`${from}T12:00:00Z`), Date.parse(`${to}T12:00:01Z`), "Europe/Lisbon")
          expect(all).toHaveLength(days)
          return all
        })
        expect(days).toEqual([...daysThere(life.from, life.from + life.lasting - life.less, life.place)])
      }),
      { numRuns: 300 }
    ))

  test("are one for each of its months, without a gap; nothing before, nothing after", () =>
    fc.assert(
      fc.property(lives, (life) => {
        const whole = running(life)
        const bills = billsOf(whole)
        const lived = [...new Set(daysThere(life.from, Date.parse(whole.endedAt!), life.place).map((day) => day.slice(0, 7)))]
        expect(bills.map(({ month }) => month)).toEqual(lived)
        expect(billFor(nextMonth(lived.at(-1)!), whole)).toBeNull()
        expect(monthAfter(lived.at(-1)!, whole)).toBeNull()
        const [year, month] = lived[0]!.split("-").map(Number) as [number, number]
        expect(billFor(instant(Date.UTC(year, month - 2, 1)).slice(0, 7), whole)).toBeNull()
      }),
      { numRuns: 300 }
    ))

  test("are exact within a cent each, never above the price, and the price for a whole month", () =>
    fc.assert(
      fc.property(lives, (life) => {
        for (const { amount, days, daysInMonth } of billsOf(running(life))) {
          const exact = (life.price * days) / daysInMonth
          expect(Math.abs(amount.amountMinor - exact)).toBeLessThanOrEqual(0.5)
          expect(amount.amountMinor).toBeLessThanOrEqual(life.price)
          if (days === daysInMonth) expect(amount.amountMinor).toBe(life.price)
        }
      })
    ))

  test("do not depend on whether the end is known already", () =>
    fc.assert(
      fc.property(lives, (life) => {
        const ended = running(life)
        const bills = billsOf(ended)
        for (const bill of bills.slice(0, -1)) expect(billFor(bill.month, { ...ended, endedAt: null })).toEqual(bill)
        expect(billsOf({ ...ended, endedAt: null }, bills.length).map(({ month }) => month)).toEqual(
          bills.map(({ month }) => month)
        )
      })
    ))

  test("are none where it was never there", () =>
    fc.assert(
      fc.property(lives, fc.nat(100), (life, earlier) => {
        const never = { ...running(life), endedAt: instant(life.from - earlier) }
        expect(billsOf(never)).toEqual([])
        for (const month of new Set([life.from, life.from - earlier].map((moment) => instant(moment).slice(0, 7))))
          expect(billFor(month, never)).toBeNull()
      })
    ))
})

describe("a month's bill", () => {
  const january31 = service("2026-01-31T09:00:00.000Z", null)
  test("of what began on the 31st of January is a day, and then whole months of 28, 31 and 30 days (F74)", () => {
    expect(billed("2026-01", january31)).toEqual(["2026-01-31", "2026-01-31", 1, 31, 97])
    expect(billed("2026-02", january31)).toEqual(["2026-02-01", "2026-02-28", 28, 28, 30_00])
    expect(billed("2026-03", january31)).toEqual(["2026-03-01", "2026-03-31", 31, 31, 30_00])
    expect(billed("2026-04", january31)).toEqual(["2026-04-01", "2026-04-30", 30, 30, 30_00])
  })

  test("of a leap year's February has 29 days", () => {
    expect(billed("2028-02", service("2028-02-29T12:00:00.000Z", null))).toEqual(["2028-02-29", "2028-02-29", 1, 29, 1_03])
    expect(billed("2028-02", service("2028-01-01T12:00:00.000Z", null))).toEqual(["2028-02-01", "2028-02-29", 29, 29, 30_00])
  })

  test("of what was cancelled at the turn of the month is the whole month, and none comes after (F74)", () => {
    const stopped = service("2026-01-31T09:00:00.000Z", "2026-03-31T22:00:00.000Z") // Midnight in Madrid's summer.
    expect(billed("2026-03", stopped)).toEqual(["2026-03-01", "2026-03-31", 31, 31, 30_00])
    expect([billed("2026-04", stopped), monthAfter("2026-03", stopped)]).toEqual([null, null])
    const late = service("2026-01-31T09:00:00.000Z", "2026-03-31T22:00:00.001Z")
    expect(billed("2026-04", late)).toEqual(["2026-04-01", "2026-04-01", 1, 30, 1_00])
    expect(monthAfter("2026-03", late)).toBe("2026-04")
  })

  test("is by the customer's own calendar: one instant is March in Canarias and April in Madrid", () => {
    const life = ["2026-03-31T22:30:00.000Z", "2026-03-31T22:45:00.000Z"] as const
    expect(billed("2026-04", service(...life))).toEqual(["2026-04-01", "2026-04-01", 1, 30, 1_00])
    expect(billed("2026-03", service(...life, 31_00, "Atlantic/Canary"))).toEqual(["2026-03-31", "2026-03-31", 1, 31, 1_00])
    expect(billed("2026-04", service(...life, 31_00, "Atlantic/Canary"))).toBeNull()
  })

  test("counts a day of 23 hours, one of 25 and one without midnight as a day", () => {
    const azores = (from: string, to: string) => service(from, to, 31_00, "Atlantic/Azores")
    expect(billed("2026-03", azores("2026-03-29T01:00:00.000Z", "2026-03-29T01:00:00.001Z"))).toEqual([
      "2026-03-29",
      "2026-03-29",
      1,
      31,
      1_00
    ])
    expect(billed("2026-03", azores("2026-03-29T00:59:59.999Z", "2026-03-29T01:00:00.000Z"))).toEqual([
      "2026-03-28",
      "2026-03-28",
      1,
      31,
      1_00
    ])
    expect(billed("2026-10", azores("2026-10-25T00:00:00.000Z", "2026-10-26T01:00:00.000Z"))).toEqual([
      "2026-10-25",
      "2026-10-25",
      1,
      31,
      1_00
    ])
  })

  test("rounds half a cent up, once", () => {
    expect(billed("2026-04", service("2026-04-16T10:00:00.000Z", null, 9_99))).toEqual(["2026-04-16", "2026-04-30", 15, 30, 5_00])
    expect(billed("2026-04", service("2026-04-16T10:00:00.000Z", null, 0))).toEqual(["2026-04-16", "2026-04-30", 15, 30, 0])
  })
})

describe("a preview", () => {
  const looks = fc.tuple(lives, fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean())
  test("expects the very bill that comes, and so far is the very bill of somebody who stops at that moment", () =>
    fc.assert(
      fc.property(looks, ([life, part, isKnown]) => {
        const ended = running(life)
        const lasting = Date.parse(ended.endedAt!) - life.from
        const now = instant(life.from + Math.floor(part * (lasting - 1)))
        const month = dayOf(now, life.place).slice(0, 7)
        const whole = isKnown ? ended : { ...ended, endedAt: null }
        const preview = previewOf(whole, now)
        expect(preview?.expected).toEqual(billFor(month, whole)!)
        expect(preview?.soFar).toEqual(billFor(month, { ...whole, endedAt: instant(Date.parse(now) + 1) })!)
        expect(preview!.soFar.amount.amountMinor).toBeLessThanOrEqual(preview!.expected.amount.amountMinor)
        expect(preview!.soFar.to).toBe(dayOf(now, life.place))
      }),
      { numRuns: 500 }
    ))

  test("of what was cancelled earlier in the month is what was consumed, and next month nothing", () => {
    const stopped = service("2026-01-31T09:00:00.000Z", "2026-03-10T12:00:00.000Z", 31_00)
    const preview = previewOf(stopped, "2026-03-20T12:00:00.000Z")
    expect([preview?.soFar, preview?.expected].map((bill) => [bill?.to, bill?.days, bill?.amount.amountMinor])).toEqual([
      ["2026-03-10", 10, 10_00],
      ["2026-03-10", 10, 10_00]
    ])
    expect(previewOf(stopped, "2026-04-01T12:00:00.000Z")).toBeNull()
    expect(previewOf(stopped, "2026-01-20T12:00:00.000Z")).toBeNull() // It had not begun.
  })
})
