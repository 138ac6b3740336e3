/** Until when one may withdraw, said once more: the Union's clock, and a library's holidays. */
import Holidays from "date-holidays"
import { dayThere, type Place } from "#tests/machines/european-clock.ts"

const day = 86_400_000
const hour = 3_600_000
const places: Readonly<Record<string, Place>> = {
  ES: "Europe/Madrid",
  DE: "Europe/Berlin",
  FR: "Europe/Paris",
  PT: "Europe/Lisbon",
  IT: "Europe/Rome"
}
const calendars = new Map<string, Holidays>()
const calendarOf = (country: string) => {
  if (!calendars.has(country)) calendars.set(country, new Holidays(country, { types: ["public"] }))
  return calendars.get(country)!
}

const textOf = (noon: number) => new Date(noon).toISOString().slice(0, 10)
const isHoliday = (noon: number, country: string) =>
  calendarOf(country)
    .getHolidays(new Date(noon).getUTCFullYear())
    .some(({ date }) => date.startsWith(textOf(noon)))
/** In Spain also the Monday after a holiday on a Sunday. */
const isClosed = (noon: number, country: string) => {
  const weekday = new Date(noon).getUTCDay()
  const kept = country === "ES" && weekday === 1 && isHoliday(noon - day, country)
  return weekday === 0 || weekday === 6 || kept || isHoliday(noon, country)
}

/** The first moment that is too late. What came with the car was sold on the premises: fourteen days, whatever day they end on. */
export const periodEnd = (purchasedAt: number, country: string, bundled: boolean): number => {
  const place = places[country]!
  let last = Date.parse(`${dayThere(purchasedAt, place)}T12:00:00Z`) + 14 * day
  while (!bundled && isClosed(last, country)) last += day
  const near = last + 12 * hour // Midnight by UTC; in these places it is at most two hours earlier.
  return [near - 2 * hour, near - hour, near].find((moment) => dayThere(moment, place) > textOf(last))!
}
