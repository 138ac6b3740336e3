/** The months of a contract as its customer lives them, counted by another hand than the platform's: by the clock on the wall, day by day. */
import type { Country } from "#machines/vocabulary.ts"

const zones: Readonly<Partial<Record<Country, string>>> = { ES: "Europe/Madrid", DE: "Europe/Berlin", PT: "Europe/Lisbon" }
const clocks = new Map<string, Intl.DateTimeFormat>()

/** "2026-03-31 00:00:00". */
const wallClock = (at: number, country: Country) => {
  const timeZone = zones[country]!
  const clock = clocks.get(timeZone) ?? new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" })
  clocks.set(timeZone, clock)
  return clock.format(at)
}
/** "2026-03-31". */
const dayAt = (at: number, country: Country) => wallClock(at, country).slice(0, 10)
export const monthAt = (at: number, country: Country) => dayAt(at, country).slice(0, 7)

export const monthAfter = (month: string) => {
  const [year, number] = month.split("-").map(Number) as [number, number]
  return number === 12 ? `${year + 1}-01` : `${year}-${String(number + 1).padStart(2, "0")}`
}

/** The first instant of a month. No country of Europe changes its clock on a first of the month before one o'clock. */
export const startOfMonth = (month: string, country: Country) => {
  const inUtc = Date.parse(`${month}-01T00:00:00Z`)
  return inUtc - (Date.parse(`${wallClock(inUtc, country).replace(" ", "T")}Z`) - inUtc)
}

/** The days of `month` from the day of `since` on, to the day of `until` where it ended; and how many the month has. */
const daysOf = (month: string, country: Country, since: number, until: number | null) => {
  const first = dayAt(since, country)
  const last = until === null ? "9999" : dayAt(until - 1, country)
  const all: Array<string> = []
  for (let day = 1; day <= 31; day++) {
    const name = `${month}-${String(day).padStart(2, "0")}`
    if (new Date(`${name}T12:00:00Z`).getUTCDate() === day) all.push(name)
  }
  return { consumed: all.filter((day) => day >= first && day <= last).length, inMonth: all.length }
}

/** Minor units: the share of the price that was consumed, half a cent upwards. */
export const shareOf = (price: number, month: string, country: Country, since: number, until: number | null) => {
  const { consumed, inMonth } = daysOf(month, country, since, until)
  return Math.round((price * consumed) / inMonth)
}
