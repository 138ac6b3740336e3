/** Until when somebody may withdraw: the last millisecond of the last day is in time, the next one is not. */
import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { type ContractLaw, withdrawalEnds } from "#machines/contract-law.ts"
import { dayThere, type Place, places } from "./european-clock.ts"

const instant = (moment: number) => new Date(moment).toISOString()
const day = 86_400_000
const law = (timeZone: Place, more: Partial<ContractLaw> = {}): ContractLaw => ({
  edition: 1,
  timeZone,
  withdrawalDays: 14,
  endsOnWorkingDay: false,
  holidays: [],
  refund: "full",
  ...more
})
/** Counted on a calendar without hours. */
const nth = (first: string, days: number) => instant(Date.parse(`${first}T00:00:00Z`) + days * day).slice(0, 10)
const weekdayOf = (one: string) => new Date(`${one}T00:00:00Z`).getUTCDay()
const lastDayOf = (concludedAt: string, of: ContractLaw) =>
  dayThere(Date.parse(withdrawalEnds(concludedAt, of)) - 1, of.timeZone as Place)

const contracts = fc.record({
  moment: fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2040, 11, 1) }),
  place: fc.constantFrom(...places)
})

describe("the right of withdrawal", () => {
  test("lasts to the last millisecond of day fourteen where the customer is, whatever the clocks do meanwhile", () =>
    fc.assert(
      fc.property(contracts, ({ moment, place }) => {
        const end = Date.parse(withdrawalEnds(instant(moment), law(place)))
        const concluded = dayThere(moment, place)
        expect([dayThere(end - 1, place), dayThere(end, place)]).toEqual([nth(concluded, 14), nth(concluded, 15)])
      }),
      { numRuns: 2_000 }
    ))

  test("never ends on a day on which nobody works, and no later than the first on which somebody does", () =>
    fc.assert(
      fc.property(contracts, fc.uniqueArray(fc.integer({ min: 10, max: 30 }), { maxLength: 15 }), ({ moment, place }, closed) => {
        const concluded = dayThere(moment, place)
        const holidays = closed.map((days) => nth(concluded, days))
        const isClosed = (one: string) => [0, 6].includes(weekdayOf(one)) || holidays.includes(one)
        const last = lastDayOf(instant(moment), law(place, { endsOnWorkingDay: true, holidays }))
        expect(isClosed(last)).toBe(false)
        for (let days = 14; nth(concluded, days) < last; days++) expect(isClosed(nth(concluded, days))).toBe(true)
        expect(last >= nth(concluded, 14)).toBe(true)
        // The later end wins: the rule only ever gives.
        const without = withdrawalEnds(instant(moment), law(place, { holidays }))
        expect(withdrawalEnds(instant(moment), law(place, { endsOnWorkingDay: true, holidays })) >= without).toBe(true)
      }),
      { numRuns: 1_000 }
    ))

  test.each([
    ["an ordinary Tuesday", "2026-06-23T10:00:00.000Z", [], "2026-07-07"],
    ["a Saturday: it ends on Monday", "2026-06-20T10:00:00.000Z", [], "2026-07-06"],
    ["Christmas Day, a Friday: it ends on Monday", "2026-12-11T10:00:00.000Z", ["2026-12-25"], "2026-12-28"],
    [
      "Good Friday before Easter Monday: it ends on Tuesday",
      "2026-03-20T10:00:00.000Z",
      ["2026-04-03", "2026-04-06"],
      "2026-04-07"
    ],
    ["29 February", "2028-02-15T10:00:00.000Z", [], "2028-02-29"]
  ])("that would end on %s", (_, concludedAt, holidays, last) =>
    expect(lastDayOf(concludedAt, law("Europe/Madrid", { endsOnWorkingDay: true, holidays }))).toBe(last)
  )

  test("of two contracts a minute apart ends a day apart where midnight was between them; in Canarias it was not midnight yet", () => {
    const [before, after] = ["2026-06-23T21:59:30.000Z", "2026-06-23T22:00:30.000Z"] as const
    expect([withdrawalEnds(before, law("Europe/Madrid")), withdrawalEnds(after, law("Europe/Madrid"))]).toEqual([
      "2026-07-07T22:00:00.000Z",
      "2026-07-08T22:00:00.000Z"
    ])
    expect(withdrawalEnds(after, law("Atlantic/Canary"))).toBe("2026-07-07T23:00:00.000Z")
    expect(withdrawalEnds(after, law("Atlantic/Azores"))).toBe("2026-07-08T00:00:00.000Z")
  })
})
