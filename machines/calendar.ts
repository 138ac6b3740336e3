/** Days and months as people live them: by the clock on their own wall, through summer time and leap years. Instants are UTC; a day is a place's. */
import { DateTime, Schema } from "effect"
import type { Country, Instant } from "./vocabulary.ts"

/** An IANA zone: "Europe/Madrid", "Atlantic/Canary". */
export const TimeZone = Schema.String.check(Schema.isPattern(/^[A-Z][A-Za-z]+\/[A-Z][A-Za-z_]+$/))
export type TimeZone = typeof TimeZone.Type

/** "2026-03-31": a day somewhere. Days compare as their texts do. */
export const Day = Schema.String.check(Schema.isPattern(/^\d{4}-\d\d-\d\d$/))
export type Day = typeof Day.Type

/** "2026-03". */
export const Month = Schema.String.check(Schema.isPattern(/^\d{4}-\d\d$/))
export type Month = typeof Month.Type

/** Where nobody said otherwise: the zone of most of the country. */
export const zoneOf = (country: Country): TimeZone => zones[country]
const zones: Readonly<Record<Country, TimeZone>> = {
  ES: "Europe/Madrid",
  DE: "Europe/Berlin",
  FR: "Europe/Paris",
  PT: "Europe/Lisbon",
  IT: "Europe/Rome"
}

/** Without asking a zone's rules: they are asked where days start, and no place of ours is a day away from UTC. */
export const dayOf = (at: Instant, zone: TimeZone): Day => {
  const moment = Date.parse(at)
  const inUtc = new Date(moment).toISOString().slice(0, 10)
  if (moment < startMillis(inUtc, zone)) return addDays(inUtc, -1)
  const next = addDays(inUtc, 1)
  return moment < startMillis(next, zone) ? inUtc : next
}

/** The first instant of a day: midnight, or an hour later where a zone skips it (the Azores in March); the earlier one where there are two. */
export const startOf = (day: Day, zone: TimeZone): Instant => new Date(startMillis(day, zone)).toISOString()

/** Starts that were asked before: the run of a month asks for the same few, once per service. */
const starts = new Map<string, number>()
const mostStarts = 4_096

const startMillis = (day: Day, zone: TimeZone): number => {
  const key = `${zone} ${day}`
  const known = starts.get(key)
  if (known !== undefined) return known
  const midnight = DateTime.makeZonedUnsafe(`${day}T00:00:00.000Z`, { timeZone: zone, adjustForTimeZone: true })
  const start = DateTime.toEpochMillis(midnight)
  if (starts.size >= mostStarts) starts.clear()
  starts.set(key, start)
  return start
}

export const addDays = (day: Day, days: number): Day => {
  const date = new Date(`${day}T00:00:00.000Z`)
  date.setUTCDate(date.getUTCDate() + days)
  return date.toISOString().slice(0, 10)
}

/** From the first to the last, both counted; 0 where the last is before the first. */
export const daysFrom = (first: Day, last: Day): number =>
  Math.max(0, Math.round((Date.parse(`${last}T00:00:00.000Z`) - Date.parse(`${first}T00:00:00.000Z`)) / 86_400_000) + 1)

export const isWeekend = (day: Day): boolean => [0, 6].includes(new Date(`${day}T00:00:00.000Z`).getUTCDay())

export const monthOf = (day: Day): Month => day.slice(0, 7)
export const firstDayOf = (month: Month): Day => `${month}-01`
export const nextMonth = (month: Month): Month => monthOf(addDays(firstDayOf(month), 31))
export const lastDayOf = (month: Month): Day => addDays(firstDayOf(nextMonth(month)), -1)
export const daysIn = (month: Month): number => daysFrom(firstDayOf(month), lastDayOf(month))

/** The first instant after a month: when what was consumed in it is charged (mes vencido). */
export const endOfMonth = (month: Month, zone: TimeZone): Instant => startOf(firstDayOf(nextMonth(month)), zone)
