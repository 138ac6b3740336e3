/** The numbers by which countries know people, as far as they can be checked without asking anybody. Upper case, without blanks. */

/** Spain. DNI: 8 digits and a letter; NIE: X, Y or Z, 7 digits and a letter. The letter is the number modulo 23. */
export const isDniOrNie = (value: string): boolean => {
  const parts = /^([XYZ]?)(\d{7,8})([A-Z])$/.exec(value)
  if (parts === null || (parts[1] + parts[2]!).length !== 8) return false
  const number = Number(`${parts[1] === "" ? "" : "XYZ".indexOf(parts[1]!)}${parts[2]}`)
  return "TRWAGMYFPDXBNJZSQVHLCKE"[number % 23] === parts[3]
}

/**
 * Germany. Nine characters as printed on the card since November 2010, or on the earlier ones (digits only); with the tenth, the check digit of the
 * machine-readable zone, it is checked too (weights 7-3-1, letters from A = 10).
 */
export const isAusweisnummer = (value: string): boolean => {
  if (!/^[CFGHJKLMNPRTVWXYZ0-9]{9}\d?$/.test(value)) return false
  if (value.length === 9) return true
  const sum = [...value.slice(0, 9)].reduce((total, char, place) => total + Number.parseInt(char, 36) * [7, 3, 1][place % 3]!, 0)
  return sum % 10 === Number(value[9])
}

/** Portugal. NIF of a natural person: nine digits, the first 1, 2, 3 or the first two 45; the last is a check digit modulo 11. */
export const isNif = (value: string): boolean => {
  if (!/^(?:[123]\d|45)\d{7}$/.test(value)) return false
  const rest = [...value.slice(0, 8)].reduce((total, digit, place) => total + Number(digit) * (9 - place), 0) % 11
  return (rest < 2 ? 0 : 11 - rest) === Number(value[8])
}

/** Italy. Codice fiscale: 16 characters; digits may be replaced by letters where two people would share one (omocodia); the last is a check letter. */
export const isCodiceFiscale = (value: string): boolean => {
  const digit = "[0-9LMNPQRSTUV]"
  const shape = new RegExp(`^[A-Z]{6}${digit}{2}[ABCDEHLMPRST]${digit}{2}[A-Z]${digit}{3}[A-Z]$`)
  if (!shape.test(value)) return false
  const sum = [...value.slice(0, 15)].reduce(
    (total, char, place) => total + (place % 2 === 0 ? oddValue(char) : evenValue(char)),
    0
  )
  return String.fromCharCode(65 + (sum % 26)) === value[15]
}

/** Places are counted from one, so the first is odd. Digits count as the letters A to J. */
const alphabetPlace = (char: string) => (/\d/.test(char) ? Number(char) : char.charCodeAt(0) - 65)
const evenValue = alphabetPlace
const oddValues = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23]
const oddValue = (char: string) => oddValues[alphabetPlace(char)]!
