/** Amounts, days and instants as a reader of Spanish or English expects them on paper: the same everywhere, whatever the machine's own language. */
import { DateTime } from "effect"
import type { Day, TimeZone } from "#machines/calendar.ts"
import type { Instant } from "#machines/vocabulary.ts"

export type Language = "es" | "en"

/** "1.234,56 €" or "€1,234.56". */
export const amount = (minor: number, language: Language): string => {
  const cents = String(Math.abs(minor)).padStart(3, "0")
  const whole = cents.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, language === "es" ? "." : ",")
  const sign = minor < 0 ? "-" : ""
  return language === "es" ? `${sign}${whole},${cents.slice(-2)} €` : `${sign}€${whole}.${cents.slice(-2)}`
}

const months = [
  ...["January", "February", "March", "April", "May", "June"],
  ...["July", "August", "September", "October", "November", "December"]
]

/** "31/03/2026" or "31 March 2026". */
export const dayText = (day: Day, language: Language): string => {
  const [year, month, date] = day.split("-") as [string, string, string]
  return language === "es" ? `${date}/${month}/${year}` : `${Number(date)} ${months[Number(month) - 1]} ${year}`
}

/** "31/03/2026, 14:05:09 (Europe/Madrid, UTC+02:00)". */
export const momentText = (at: Instant, zone: TimeZone, language: Language): string => {
  const iso = DateTime.formatIsoOffset(DateTime.makeZonedUnsafe(at, { timeZone: zone }))
  const [, day, clock, offset] = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)\.\d+(.+)$/.exec(iso)!
  return `${dayText(day!, language)}, ${clock} (${zone}, UTC${offset === "Z" ? "+00:00" : offset})`
}
