/** JSON without its traps: no key twice, no number that a float cannot hold, no text that Postgres cannot, no depth without end. */
import { badJson, malformed } from "./problem.ts"

const maximumDepth = 32

/** The value of a JSON text in UTF-8. Throws a Problem: 400 where it is not JSON, 422 where it is JSON we will not guess about. */
export const readStrictJson = (bytes: Uint8Array): unknown => {
  let text: string
  let value: unknown
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw badJson("The body is not UTF-8.")
  }
  try {
    value = JSON.parse(text)
  } catch {
    throw badJson("The body could not be parsed as JSON.")
  }
  inspect(text)
  return value
}

/** Walks a text that JSON.parse has accepted: only strings, numbers and brackets are worth a look. */
const inspect = (text: string) => {
  const open: Array<Set<string> | null> = [] // The keys of each open object; null for an array.
  const token = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|[[\]{}]/g
  for (let found = token.exec(text); found !== null; found = token.exec(text)) {
    const [word] = found
    const first = word[0]!
    if (first === "{" || first === "[") {
      if (open.push(first === "{" ? new Set() : null) > maximumDepth) throw malformed(`Nest at most ${maximumDepth} levels deep.`)
    } else if (first === "}" || first === "]") open.pop()
    else if (first !== '"') {
      if (!(Math.abs(Number(word)) <= Number.MAX_SAFE_INTEGER))
        throw malformed(`The number ${word.slice(0, 40)} is too large to be exact.`)
    } else {
      const string: string = JSON.parse(word) // Two spellings of one key are one key.
      if (string.includes("\0") || !string.isWellFormed()) throw malformed("A text holds a NUL or half a character.")
      if (!isKey(text, token.lastIndex)) continue
      const keys = open.at(-1)
      if (keys?.has(string)) throw malformed(`The field ${JSON.stringify(string.slice(0, 64))} is there twice.`)
      keys?.add(string)
    }
  }
}

/** Whether the string that ends here is a key: the next thing is a colon. */
const isKey = (text: string, end: number) => {
  let at = end
  while (text[at] === " " || text[at] === "\n" || text[at] === "\r" || text[at] === "\t") at++
  return text[at] === ":"
}
