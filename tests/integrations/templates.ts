/** Every SQL template in the sources of the platform, as the texts it is made of: what a list of statements must not have forgotten. */
import { join } from "node:path"
import { Glob } from "bun"

export interface Template {
  readonly place: string // "src/views/orders.ts:34"
  /** What stands between its parameters and fragments, in order, with single spaces. */
  readonly parts: ReadonlyArray<string>
}

const root = join(import.meta.dir, "..", "..")
const rooms = /^(actors\/system|integrations(?!\/postgres\/migrations)|src\/(http|ingress|views))\//

export const oneSpaced = (text: string) =>
  text
    .replace(/--[^\n]*/g, " ")
    .replace(/\s+/g, " ")
    .trim()

export const templates = async (): Promise<ReadonlyArray<Template>> => {
  const found: Array<Template> = []
  const files = await Array.fromAsync(new Glob("{actors,integrations,src}/**/*.ts").scan({ cwd: root }))
  for (const file of files.filter((file) => rooms.test(file)).sort()) {
    const text = await Bun.file(join(root, file)).text()
    for (const match of text.matchAll(/(?<![\w.])sql(?:<(?:[^<>`]|<(?:[^<>`]|<[^<>`]*>)*>)*>)?`/g)) {
      const line = text.slice(0, match.index).split("\n").length
      found.push({ place: `${file}:${line}`, parts: partsAt(text, match.index + match[0].length) })
    }
  }
  return found
}

/** From after the opening backtick to its end; templates within `${…}` are found by themselves. */
const partsAt = (text: string, from: number): ReadonlyArray<string> => {
  const parts: Array<string> = []
  let begin = from
  for (let at = from; ; at++) {
    if (text[at] === "`") return [...parts, text.slice(begin, at)].map(oneSpaced).filter((part) => part !== "")
    if (text[at] === "$" && text[at + 1] === "{") {
      parts.push(text.slice(begin, at))
      at = closing(text, at + 2)
      begin = at + 1
    }
  }
}

const closing = (text: string, from: number): number => {
  for (let at = from, depth = 1; ; at++) {
    if (text[at] === "{") depth++
    if (text[at] === "}" && --depth === 0) return at
    if (text[at] === "`") at = endOf(text, at + 1)
  }
}

const endOf = (text: string, from: number): number => {
  for (let at = from; ; at++) {
    if (text[at] === "`") return at
    if (text[at] === "$" && text[at + 1] === "{") at = closing(text, at + 2)
  }
}

/** Whether a statement was made by this template: all its parts stand in it, one after another. */
export const made = ({ parts }: Template, statement: string): boolean => {
  let at = 0
  for (const part of parts) {
    at = statement.indexOf(part, at)
    if (at < 0) return false
    at += part.length
  }
  return true
}
