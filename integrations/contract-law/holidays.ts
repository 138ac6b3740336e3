/** Public holidays of a whole country, as its law names them: on a date, or so many days from Easter. What a region adds is not here. */
import { addDays, type Day, isWeekend } from "#machines/calendar.ts"
import type { Country } from "#machines/vocabulary.ts"

interface HolidayRow {
  /** "12-25": every year. */
  readonly dates: ReadonlyArray<string>
  /** Days from Easter Sunday. */
  readonly fromEaster: ReadonlyArray<number>
  /** What falls on a Sunday is kept on the Monday after. */
  readonly movesToMonday: boolean
  readonly source: string
}

const goodFriday = -2
const easterMonday = 1
const ascension = 39
const whitMonday = 50
const corpusChristi = 60

export const holidayRows: Readonly<Record<Country, HolidayRow>> = {
  ES: {
    dates: ["01-01", "01-06", "05-01", "08-15", "10-12", "11-01", "12-06", "12-08", "12-25"],
    fromEaster: [goodFriday],
    movesToMonday: true,
    source:
      "Estatuto de los Trabajadores, art. 37.2; Real Decreto 2001/1983, art. 45. What a region may exchange or move is taken as closed: the later end wins"
  },
  DE: {
    dates: ["01-01", "05-01", "10-03", "12-25", "12-26"],
    fromEaster: [goodFriday, easterMonday, ascension, whitMonday],
    movesToMonday: false,
    source: "Feiertagsgesetze der Länder: those that all sixteen share; 3 October: Einigungsvertrag, art. 2(2)"
  },
  FR: {
    dates: ["01-01", "05-01", "05-08", "07-14", "08-15", "11-01", "11-11", "12-25"],
    fromEaster: [easterMonday, ascension, whitMonday],
    movesToMonday: false,
    source: "Code du travail, art. L3133-1"
  },
  PT: {
    dates: ["01-01", "04-25", "05-01", "06-10", "08-15", "10-05", "11-01", "12-01", "12-08", "12-25"],
    fromEaster: [goodFriday, corpusChristi],
    movesToMonday: false,
    source: "Código do Trabalho, art. 234"
  },
  IT: {
    dates: ["01-01", "01-06", "04-25", "05-01", "06-02", "08-15", "10-04", "11-01", "12-08", "12-25", "12-26"],
    fromEaster: [easterMonday],
    movesToMonday: false,
    source: "Legge 260/1949, art. 2; 4 October from 2026: Legge 151/2025"
  }
}

/** In the order of the calendar. */
export const holidaysOf = (country: Country, year: number): ReadonlyArray<Day> => {
  const { dates, fromEaster, movesToMonday } = holidayRows[country]
  const easter = easterOf(year)
  const named = [...dates.map((date) => `${year}-${date}`), ...fromEaster.map((days) => addDays(easter, days))]
  const moved = movesToMonday ? named.filter(isSunday).map((day) => addDays(day, 1)) : []
  return [...new Set([...named, ...moved])].sort()
}

const isSunday = (day: Day) => isWeekend(day) && !isWeekend(addDays(day, 1))

/** Easter Sunday of the Gregorian calendar (Meeus, Jones and Butcher). */
const easterOf = (year: number): Day => {
  const golden = year % 19
  const century = Math.floor(year / 100)
  const ofCentury = year % 100
  const skipped = Math.floor((century - Math.floor((century + 8) / 25) + 1) / 3)
  const epact = (19 * golden + century - Math.floor(century / 4) - skipped + 15) % 30
  const toSunday = (32 + 2 * (century % 4) + 2 * Math.floor(ofCentury / 4) - epact - (ofCentury % 4)) % 7
  const late = Math.floor((golden + 11 * epact + 22 * toSunday) / 451)
  const day = epact + toSunday - 7 * late + 114
  return `${year}-${String(Math.floor(day / 31)).padStart(2, "0")}-${String((day % 31) + 1).padStart(2, "0")}`
}
