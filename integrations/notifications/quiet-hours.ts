/** When a customer is not to be woken: from ten in the evening to eight in the morning, by the clock on their own wall. */
import { DateTime } from "effect"
import { addDays, dayOf, type TimeZone } from "#machines/calendar.ts"

const evening = 22
const morning = 8

/** The moment itself by day; by night, eight o'clock of the morning that follows. Milliseconds since 1970. */
export const calmFrom = (now: number, zone: TimeZone): number => {
  const { hour } = DateTime.toParts(DateTime.makeZonedUnsafe(now, { timeZone: zone }))
  if (hour >= morning && hour < evening) return now
  const today = dayOf(new Date(now).toISOString(), zone)
  const day = hour < morning ? today : addDays(today, 1)
  const eight = `${day}T${String(morning).padStart(2, "0")}:00:00.000Z`
  return DateTime.toEpochMillis(DateTime.makeZonedUnsafe(eight, { timeZone: zone, adjustForTimeZone: true }))
}
