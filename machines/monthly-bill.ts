/** What a month of a recurring service costs (mes vencido, S14): the days it was there, out of the days the month has. The preview is the same sum. */
import {
  type Day,
  dayOf,
  daysFrom,
  daysIn,
  firstDayOf,
  lastDayOf,
  type Month,
  monthOf,
  nextMonth,
  type TimeZone
} from "./calendar.ts"
import type { Instant, Money } from "./vocabulary.ts"

export interface MonthlyBill {
  readonly month: Month
  readonly from: Day
  readonly to: Day // Both counted.
  readonly days: number
  readonly daysInMonth: number
  readonly amount: Money
}

/** A running service; `endedAt` is null while it runs. */
export interface Running {
  readonly activeSince: Instant
  readonly endedAt: Instant | null
  readonly timeZone: TimeZone
  readonly price: Money // A whole month's.
}

/** A day on which it was there for a moment is consumed; one that it ended at the first instant of is not. Null: nothing of this month. */
export const billFor = (month: Month, running: Running): MonthlyBill | null => {
  if (wasNeverThere(running)) return null
  const { activeSince, endedAt, timeZone, price } = running
  const from = later(dayOf(activeSince, timeZone), firstDayOf(month))
  const to = endedAt === null ? lastDayOf(month) : earlier(lastDayOf(month), lastDay(endedAt, timeZone))
  const days = daysFrom(from, to)
  const daysInMonth = daysIn(month)
  if (days === 0) return null
  const amountMinor = Math.floor((2 * price.amountMinor * days + daysInMonth) / (2 * daysInMonth)) // Half a cent is rounded up.
  return { month, from, to, days, daysInMonth, amount: { ...price, amountMinor } }
}

/** The months there is something to bill for after `billed`, the last one that was; the first one where none was. Null: none any more. */
export const monthAfter = (billed: Month | null, running: Running): Month | null => {
  if (wasNeverThere(running)) return null
  const { activeSince, endedAt, timeZone } = running
  const month = billed === null ? monthOf(dayOf(activeSince, timeZone)) : nextMonth(billed)
  return endedAt !== null && month > monthOf(lastDay(endedAt, timeZone)) ? null : month
}

export interface MonthPreview {
  /** If it stopped at this moment. */
  readonly soFar: MonthlyBill
  /** If nothing changes to the month's end. */
  readonly expected: MonthlyBill
}

/** "What will I pay this month": the month's bill before the month is over. Null: nothing of this month. */
export const previewOf = (running: Running, now: Instant): MonthPreview | null => {
  const month = monthOf(dayOf(now, running.timeZone))
  const { endedAt } = running
  const thisMoment = new Date(Date.parse(now) + 1).toISOString() // The day that it is now is consumed already.
  const soFar = billFor(month, { ...running, endedAt: endedAt !== null && endedAt < thisMoment ? endedAt : thisMoment })
  const expected = billFor(month, running)
  return soFar === null || expected === null ? null : { soFar, expected }
}

const wasNeverThere = ({ activeSince, endedAt }: Running) => endedAt !== null && Date.parse(endedAt) <= Date.parse(activeSince)
const lastDay = (endedAt: Instant, zone: TimeZone): Day => dayOf(new Date(Date.parse(endedAt) - 1).toISOString(), zone)
const later = (one: Day, other: Day) => (one > other ? one : other)
const earlier = (one: Day, other: Day) => (one < other ? one : other)
