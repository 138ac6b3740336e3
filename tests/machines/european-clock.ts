/** How clocks go in our places, written down a second time: the Union's rule itself (Directive 2000/84/EC, art. 1 to 3), without any table of zones. */

/** Hours ahead of UTC in winter. */
export const winterHours = {
  "Europe/Madrid": 1,
  "Atlantic/Canary": 0,
  "Europe/Lisbon": 0,
  "Atlantic/Madeira": 0,
  "Atlantic/Azores": -1,
  "Europe/Berlin": 1,
  "Europe/Paris": 1,
  "Europe/Rome": 1
} as const
export type Place = keyof typeof winterHours
export const places = Object.keys(winterHours) as ReadonlyArray<Place>

const hour = 3_600_000

/** One o'clock UTC, everywhere at once. */
const lastSunday = (year: number, month: number): number => {
  const last = new Date(Date.UTC(year, month + 1, 0, 1))
  return last.getTime() - last.getUTCDay() * 24 * hour
}
export const summerOf = (year: number) => ({ begins: lastSunday(year, 2), ends: lastSunday(year, 9) })

/** What the calendar on the wall says there, and the time beside it: "2026-03-29T00:30:00.000". */
export const onTheWall = (moment: number, place: Place): string => {
  const { begins, ends } = summerOf(new Date(moment).getUTCFullYear())
  const hours = winterHours[place] + (moment >= begins && moment < ends ? 1 : 0)
  return new Date(moment + hours * hour).toISOString().slice(0, -1)
}
export const dayThere = (moment: number, place: Place): string => onTheWall(moment, place).slice(0, 10)

/** Every day that it was anywhere between two moments, the second not counted. Clocks change on full hours, so half of one is a fine step. */
export const daysThere = (from: number, to: number, place: Place): ReadonlyArray<string> => {
  const days = new Set<string>()
  for (let moment = from; moment < to; moment += hour / 2) days.add(dayThere(moment, place))
  if (to > from) days.add(dayThere(to - 1, place))
  return [...days]
}
