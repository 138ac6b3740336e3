/** The law as data: complete, with its sources, its holidays compared with a library's, and never changed without a new edition. */
import { describe, expect, test } from "bun:test"
import { createHash } from "node:crypto"
import Holidays from "date-holidays"
import { Schema } from "effect"
import { type Contract, contractLawOf, lawEdition, lawRows, timeZoneOf, zoneRows } from "#integrations/contract-law/contract-law.ts"
import { holidayRows, holidaysOf } from "#integrations/contract-law/holidays.ts"
import { dayOf, startOf, zoneOf } from "#machines/calendar.ts"
import { ContractLaw, withdrawalEnds } from "#machines/contract-law.ts"
import { Country } from "#machines/vocabulary.ts"
import { periodEnd } from "#tests/proofs/simulation/period.ts"

const everywhere = Country.literals
const hashOf = (value: unknown) => createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16)
const contract = (at: string, more: Partial<Contract> = {}): Contract => ({ channel: "online", postalCode: null, at, ...more })

describe("public holidays", () => {
  const isSunday = (day: string) => new Date(`${day}T00:00:00Z`).getUTCDay() === 0
  const dayBefore = (day: string) => new Date(Date.parse(`${day}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10)

  test.each(everywhere)("of %s are those that a library knows for the whole country, from 2026 to 2036", (country) => {
    const library = new Holidays(country, { types: ["public"] })
    for (let year = 2026; year <= 2036; year++) {
      const theirs = new Set(library.getHolidays(year).map(({ date }) => date.slice(0, 10)))
      const ours = holidaysOf(country, year)
      // Sundays are closed anyhow: Easter itself is one. Spain keeps on a Monday what fell on a Sunday; the library knows it of Christmas alone.
      expect([year, [...theirs].filter((day) => !isSunday(day) && !ours.includes(day))]).toEqual([year, []])
      const more = ours.filter((day) => !isSunday(day) && !theirs.has(day))
      const kept = country === "ES" ? more.filter((day) => isSunday(dayBefore(day)) && ours.includes(dayBefore(day))) : []
      expect([year, more]).toEqual([year, kept])
    }
  })

  test("have a source, and come in the order of the calendar", () => {
    for (const country of everywhere) {
      expect(holidayRows[country].source.length).toBeGreaterThan(10)
      expect(holidaysOf(country, 2027)).toEqual([...holidaysOf(country, 2027)].sort())
    }
  })
})

describe("the law of a contract", () => {
  test("is there for every country and channel, and can be kept with the contract", () => {
    for (const country of everywhere)
      for (const channel of ["online", "bundle"] as const) {
        const law = contractLawOf(country, contract("2026-12-11T10:00:00.000Z", { channel }))
        expect(Schema.decodeUnknownSync(ContractLaw)(JSON.parse(JSON.stringify(law)))).toEqual(law)
        expect(law).toMatchObject({ edition: lawEdition, timeZone: zoneOf(country), withdrawalDays: 14, refund: "full" })
        expect(lawRows[country][channel].source).toContain("2011/83/EU")
      }
  })

  test("ends on a working day where it was sold at a distance; on the premises it is fourteen days and nothing else", () => {
    const at = "2026-12-11T10:00:00.000Z" // Day fourteen is Christmas Day, a Friday.
    const lastDayOf = (country: Country, channel: Contract["channel"]) => {
      const law = contractLawOf(country, contract(at, { channel }))
      return dayOf(new Date(Date.parse(withdrawalEnds(at, law)) - 1).toISOString(), law.timeZone)
    }
    for (const country of everywhere)
      expect([country, lastDayOf(country, "online"), lastDayOf(country, "bundle")]).toEqual([country, "2026-12-28", "2026-12-25"])
  })

  test("ends when somebody else says that it ends, from day to day for four years", () => {
    const day = 86_400_000
    for (const country of everywhere)
      for (const channel of ["online", "bundle"] as const)
        for (let moment = Date.UTC(2026, 0, 1); moment < Date.UTC(2030, 0, 1); moment += 2.37 * day) {
          const at = new Date(moment).toISOString()
          const end = withdrawalEnds(at, contractLawOf(country, contract(at, { channel })))
          const theirs = new Date(periodEnd(moment, country, channel === "bundle")).toISOString()
          expect([country, channel, at, end]).toEqual([country, channel, at, theirs])
        }
  }, 30_000)

  test("holds the holidays that the period could end on, across the turn of the year, and no others", () => {
    expect(contractLawOf("ES", contract("2026-12-08T10:00:00.000Z")).holidays).toEqual(["2026-12-25", "2027-01-01", "2027-01-06"])
    expect(contractLawOf("DE", contract("2026-12-08T10:00:00.000Z")).holidays).toEqual(["2026-12-25", "2026-12-26", "2027-01-01"])
    expect(contractLawOf("ES", contract("2026-06-20T10:00:00.000Z")).holidays).toEqual([])
    expect(contractLawOf("ES", contract("2026-12-08T10:00:00.000Z", { channel: "bundle" })).holidays).toEqual([])
  })

  test("is by the clock on the customer's own wall", () => {
    for (const [country, postalCode, zone] of [
      ["ES", "28013", "Europe/Madrid"],
      ["ES", "35001", "Atlantic/Canary"],
      ["ES", "38 001", "Atlantic/Canary"],
      ["ES", "07001", "Europe/Madrid"],
      ["PT", "1000-001", "Europe/Lisbon"],
      ["PT", "9000-001", "Atlantic/Madeira"],
      ["PT", "9400", "Atlantic/Madeira"],
      ["PT", "9500-321", "Atlantic/Azores"],
      ["PT", "9980-024", "Atlantic/Azores"],
      ["FR", "69001", "Europe/Paris"],
      ["FR", "97400", "Indian/Reunion"],
      ["DE", "35001", "Europe/Berlin"],
      ["IT", "38100", "Europe/Rome"],
      ["ES", "3500", "Europe/Madrid"],
      ["ES", null, "Europe/Madrid"]
    ] as const)
      expect([country, postalCode, timeZoneOf(country, postalCode)]).toEqual([country, postalCode, zone])
    const at = "2026-07-07T22:30:00.000Z" // Half past midnight in Madrid, half past eleven the day before in Las Palmas.
    const [madrid, palmas] = ["28013", "35001"].map((postalCode) =>
      withdrawalEnds(at, contractLawOf("ES", contract(at, { postalCode })))
    )
    expect([madrid, palmas]).toEqual(["2026-07-22T22:00:00.000Z", "2026-07-21T23:00:00.000Z"])
  })

  test("names zones that a clock knows, none a day away from UTC", () => {
    const zones = Object.values(zoneRows).flatMap((rows) => rows!.map(([, zone]) => zone))
    expect(zones.length).toBeGreaterThan(7)
    for (const zone of [...zones, ...everywhere.map(zoneOf)])
      for (const day of ["2026-01-15", "2026-07-15"]) {
        const shown = new Intl.DateTimeFormat("sv-SE", { timeZone: zone }).format(Date.parse(startOf(day, zone)))
        expect([zone, shown]).toEqual([zone, day])
        expect(Math.abs(Date.parse(startOf(day, zone)) - Date.parse(`${day}T00:00:00Z`))).toBeLessThan(86_400_000)
      }
  })

  test("changes only with a new edition", () => {
    // A row was changed on purpose? Then raise the edition, and write down its hash here.
    const zones = everywhere.map((country) => (zoneRows[country] ?? []).map(([pattern, zone]) => [pattern.source, zone]))
    expect([lawEdition, hashOf([lawRows, zones, holidayRows])]).toEqual([1, "0d5f33905d28771f"])
  })
})
