/** Which passwords we take: long ones that are not among the first a guesser tries. No rules of composition (OWASP ASVS 5.0, 6.2.5). */
import list from "./common-passwords.txt" with { type: "text" }

const shortest = 12 // Characters.
const longest = 128
const shortestPart = 4 // Characters of a listed password that counts as half of another.
const houseWords = ["caas"]

const common = new Set(list.slice(list.indexOf("\n\n")).trim().split("\n"))

/** Null where the password is good enough; else `TooShort`, `TooLong`, `TooCommon` or `OwnAddress`. `email` is the person's own. */
export const weakness = (password: string, email: string): "TooShort" | "TooLong" | "TooCommon" | "OwnAddress" | null => {
  const length = [...password].length
  if (length < shortest) return "TooShort"
  if (length > longest) return "TooLong"
  const lower = password.toLowerCase()
  if (isCommon(lower) || isCommon(stem(lower))) return "TooCommon"
  if ([...withoutWords(lower, contextOf(email))].length < shortest) return "OwnAddress"
  return null
}

/** Listed, or two listed ones in a row: of 12 characters and more the list itself has few. */
const isCommon = (text: string) => {
  if (common.has(text)) return true
  for (let cut = shortestPart; cut <= text.length - shortestPart; cut++)
    if (common.has(text.slice(0, cut)) && common.has(text.slice(cut))) return true
  return false
}

/** Without the digits and signs at either end: `password2026!` is `password`. */
const stem = (text: string) => text.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, "")

/** Words a guesser knows of this person and this house (ASVS 6.2.11): they do not count towards the length. */
const contextOf = (email: string) => {
  const local = email.toLowerCase().split("@")[0]!
  return [local, ...local.split(/[._+-]+/), ...houseWords].filter((word) => word.length >= 3).sort((a, b) => b.length - a.length)
}

const withoutWords = (text: string, words: ReadonlyArray<string>) => words.reduce((rest, word) => rest.replaceAll(word, ""), text)
