/** Days and months as people live them, compared with the Union's own rule and with what the runtime's clocks show. */
import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import {
  addDays,
  type Day,
  dayOf,
  daysFrom,
  daysIn,
  endOfMonth,
  isWeekend,
  lastDayOf,
  monthOf,
  nextMonth,
  startOf,
  zoneOf
} from "#machines/calendar.ts"
import { Country } from "#machines/vocabulary.ts"
import { dayThere, onTheWall, places, summerOf } from "./european-clock.ts"

const instant = (moment: number) => new Date(moment).toISOString()
const from2020 = Date.UTC(2020, 0, 1)
const to2041 = Date.UTC(2041, 0, 1)
const moments = fc.integer({ min: from2020, max: to2041 - 1 })
const somewhere = fc.constantFrom(...places)
const hour = 3_600_000

/** Every day from 2020 to 2040, by counting. */
function* everyDay(): Generator<Day> {
  for (let moment = from2020; moment < to2041; moment += 24 * hour) yield instant(moment).slice(0, 10)
}

describe("a day", () => {
  test.each(places)("in %s starts with its first instant, on every day of 21 years", (place) => {
    for (const day of everyDay()) {
      const start = Date.parse(startOf(day, place))
      expect([day, dayThere(start, place), dayThere(start - 1, place)]).toEqual([day, day, dayThere(start - 2 * hour, place)])
      expect([dayOf(instant(start), place), dayOf(instant(start - 1), place)]).toEqual([day, addDays(day, -1)])
    }
  })

  test("is the one on the wall at any moment, by the Union's rule", () =>
    fc.assert(
      fc.property(moments, somewhere, (moment, place) => {
        expect(dayOf(instant(moment), place)).toBe(dayThere(moment, place))
      }),
      { numRuns: 5_000 }
    ))

  test.each(places)("in %s is the one that the runtime's own clock shows, around every change of the hour", (place) => {
    const clock = new Intl.DateTimeFormat("sv-SE", { timeZone: place, dateStyle: "short", timeStyle: "medium" })
    for (let year = 2020; year <= 2040; year++)
      for (const change of Object.values(summerOf(year)))
        for (let moment = change - 26 * hour; moment <= change + 26 * hour; moment += hour / 2) {
          const shown = clock.format(moment)
          expect(shown.replace(" ", "T")).toBe(onTheWall(moment, place).slice(0, 19))
          expect(dayOf(instant(moment), place)).toBe(shown.slice(0, 10))
        }
  })

  test.each([
    ["of 23 hours", "2026-03-29", "Europe/Madrid", 23],
    ["of 25 hours", "2026-10-25", "Europe/Madrid", 25],
    ["without a midnight", "2026-03-29", "Atlantic/Azores", 23],
    ["with two midnights", "2026-10-25", "Atlantic/Azores", 25],
    ["like any other", "2026-03-28", "Atlantic/Azores", 24],
    ["that comes every four years", "2028-02-29", "Atlantic/Canary", 24]
  ])("%s is as long as it is: %s in %s", (_, day, zone, hours) =>
    expect((Date.parse(startOf(addDays(day, 1), zone)) - Date.parse(startOf(day, zone))) / hour).toBe(hours)
  )

  test("of the Azores begins at one where its midnight is skipped, and at the earlier of two midnights", () => {
    expect(startOf("2026-03-29", "Atlantic/Azores")).toBe("2026-03-29T01:00:00.000Z")
    expect(onTheWall(Date.parse("2026-03-29T01:00:00.000Z"), "Atlantic/Azores")).toBe("2026-03-29T01:00:00.000")
    expect(startOf("2026-10-25", "Atlantic/Azores")).toBe("2026-10-25T00:00:00.000Z")
    expect(dayOf("2026-10-25T01:00:00.000Z", "Atlantic/Azores")).toBe("2026-10-25") // Midnight again.
  })

  test("is counted and moved like beads on a string", () =>
    fc.assert(
      fc.property(moments, fc.nat(800), (moment, days) => {
        const first = instant(moment).slice(0, 10)
        const last = addDays(first, days)
        expect([daysFrom(first, last), addDays(last, -days)]).toEqual([days + 1, first])
        expect(daysFrom(last, first)).toBe(days === 0 ? 1 : 0)
        expect(isWeekend(addDays(first, 7))).toBe(isWeekend(first))
        expect(Array.from({ length: 7 }, (_, n) => isWeekend(addDays(first, n))).filter(Boolean)).toHaveLength(2)
      })
    ))

  test("is found quickly: a month's run asks a hundred thousand times", () => {
    const asked = 200_000
    const began = performance.now()
    let sum = 0
    for (let n = 0; n < asked; n++)
      sum += dayOf(instant(Date.UTC(2026, 9, 1) + (n % 1000) * hour), places[n % places.length]!).length
    expect(sum).toBe(asked * 10)
    expect((performance.now() - began) / asked).toBeLessThan(0.02) // Milliseconds each; a hundredth of that at rest.
  })
})

describe("a month", () => {
  test("has the days that it has, and the next one follows", () => {
    let month = "2020-01"
    for (let n = 0; n < 21 * 12; n++) {
      const days = [...Array(31).keys()]
        .map((day) => new Date(Date.UTC(2020, n, 1 + day)))
        .filter((day) => day.getUTCMonth() === n % 12)
      expect([month, daysIn(month), lastDayOf(month)]).toEqual([month, days.length, instant(days.at(-1)!.getTime()).slice(0, 10)])
      month = nextMonth(month)
    }
    expect(month).toBe("2041-01")
    expect(["2026-02", "2028-02", "2100-02"].map(daysIn)).toEqual([28, 29, 28])
  })

  test("ends with the last instant of its last day, wherever it is", () => {
    for (const place of places)
      for (let month = "2020-01"; month < "2041-01"; month = nextMonth(month)) {
        const end = Date.parse(endOfMonth(month, place))
        expect([place, dayThere(end - 1, place), monthOf(dayThere(end, place))]).toEqual([
          place,
          lastDayOf(month),
          nextMonth(month)
        ])
      }
  })

  test("ends in the Azores two hours after Madrid, and in Canarias, Lisboa and Madeira one", () => {
    for (const month of ["2026-07", "2026-12"]) {
      const ends = ["Europe/Madrid", "Atlantic/Canary", "Europe/Lisbon", "Atlantic/Madeira", "Atlantic/Azores"].map((zone) =>
        Date.parse(endOfMonth(month, zone))
      )
      expect(ends.map((end) => (end - ends[0]!) / hour)).toEqual([0, 1, 1, 1, 2])
    }
  })
})

describe("a country", () => {
  test("has a zone that a clock knows", () => {
    for (const country of Country.literals) expect(places).toContain(zoneOf(country) as (typeof places)[number])
  })
})
