/** Number plates in a row, none twice: what an authority gives out, by the shape of its country. */
import type { Country } from "#machines/vocabulary.ts"

/** `#` is a digit, `@` a letter that every country here prints. */
const shapes: Readonly<Record<Country, string>> = {
  ES: "#### @@@",
  DE: "@-@@ 1###",
  FR: "@@-1##-@@",
  PT: "@@ ## @@",
  IT: "@@ ### @@"
}
const letters = "BCDFGHJKLMNPRTVXYZ" // Without vowels, without those that look like digits, and without S, so never SS.

/** Throws where the country has run out of them. */
export const plateOf = (country: Country, n: number): string => {
  let left = n
  const next = (of: string) => {
    const sign = of[left % of.length]!
    left = Math.floor(left / of.length)
    return sign
  }
  const plate = [...shapes[country]]
    .reverse()
    .map((sign) => (sign === "#" ? next("0123456789") : sign === "@" ? next(letters) : sign))
  if (left > 0) throw new Error(`${country} has no plate left for car ${n}`)
  return plate.reverse().join("")
}
