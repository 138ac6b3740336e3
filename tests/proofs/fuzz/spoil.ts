/** A good body with something wrong in it: another value at one place, or a trap that no JSON reader may walk into. */
import type { Dice } from "../dice.ts"
import { bytes, oddText, weighted, word } from "./chance.ts"

export type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [key: string]: Json }

export interface Sent {
  readonly bytes: string | Uint8Array
  /** Why nobody may accept this, whatever the schema says; null where the schema decides. */
  readonly trap: string | null
}

type Change = (at: Json) => Json | undefined // Undefined: it is taken away.
type Record_ = Readonly<Record<string, Json>>
const isRecord = (json: Json): json is Record_ => typeof json === "object" && json !== null && !Array.isArray(json)

/** The same value, changed at one place of it, each as likely as another. */
const changed = (dice: Dice, json: Json, change: Change): Json | undefined => {
  const places = placesIn(json)
  const place = dice.oneOf(places)
  const go = (at: Json, rest: ReadonlyArray<string | number>): Json | undefined => {
    const [first, ...more] = rest
    if (first === undefined) return change(at)
    if (Array.isArray(at)) return at.flatMap((one, n) => (n === first ? (go(one, more) ?? []) : [one])) as ReadonlyArray<Json>
    const inside = go((at as Record_)[first]!, more)
    const { [first]: _, ...others } = at as Record_
    return inside === undefined ? others : { ...others, [first]: inside }
  }
  return go(json, place)
}

const placesIn = (json: Json, path: ReadonlyArray<string | number> = []): ReadonlyArray<ReadonlyArray<string | number>> => {
  const inside = Array.isArray(json)
    ? json.flatMap((one, n) => placesIn(one, [...path, n]))
    : isRecord(json)
      ? Object.entries(json).flatMap(([key, one]) => placesIn(one, [...path, key]))
      : []
  return [path, ...inside]
}

const nested = (depth: number): Json => (depth === 0 ? "deep" : depth % 2 === 0 ? [nested(depth - 1)] : { a: nested(depth - 1) })

const oddNumbers = [0, -0, -1, 1, 0.5, 1e-7, 2 ** 31, 2 ** 31 - 1, -(2 ** 31), 2 ** 32, 2 ** 53 - 1, 999_999_999_999]

const oddValue = (dice: Dice): Json =>
  weighted<() => Json>(dice, [
    [4, () => oddText(dice)],
    [3, () => dice.oneOf(oddNumbers)],
    [1, () => null],
    [1, () => dice.oneOf([true, false])],
    [1, () => []],
    [1, () => ({})],
    [1, () => [null, {}, []]],
    [1, () => nested(dice.between(2, 20))],
    [1, () => Array.from({ length: dice.between(21, 400) }, (_, n) => n)]
  ])()

const withOddKey = (dice: Dice, at: Json): Json => {
  if (!isRecord(at)) return [at]
  const key = dice.oneOf(["admin", "role", "price", "amountMinor", "id", "x", "toString", "$where", " ", "Ñ"])
  return { ...at, [key]: oddValue(dice) }
}
const withOtherCase = (dice: Dice, at: Json): Json => {
  if (!isRecord(at)) return typeof at === "string" ? at.toUpperCase() : String(at)
  const keys = Object.keys(at)
  if (keys.length === 0) return { X: 1 }
  const key = dice.oneOf(keys)
  const { [key]: value, ...others } = at
  return { ...others, [dice.oneOf([key.toUpperCase(), `${key} `, `${key}s`, `_${key}`])]: value! }
}

const levels = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`

/** Raw JSON, or nearly, that is wrong wherever it stands. */
const traps: ReadonlyArray<readonly [why: string, raw: (dice: Dice) => string]> = [
  [
    "a number that no float holds",
    (dice) => dice.oneOf(["9007199254740993", "-9007199254740993", "1e999", "-1e400", "1".repeat(400)])
  ],
  ["a NUL", () => '"a\\u0000b"'],
  ["half a character", (dice) => dice.oneOf(['"\\ud800"', '"x\\udfff"', '"\\udc00\\ud800"'])],
  ["a field twice", (dice) => dice.oneOf(['{"a":1,"a":2}', '{"a":1,"\\u0061":2}', '{"":1,"":1}', '{"__proto__":1,"__proto__":2}'])],
  ["levels without end", (dice) => levels(dice.oneOf([33, 64, 1000, 20_000]))],
  [
    "no JSON",
    (dice) => dice.oneOf(["NaN", "Infinity", "'a'", "01", "+1", ".5", "{a:1}", "[1,]", "{,}", '"\n"', '"\\x"', "// a", ""])
  ]
]
const marker = "a place for a trap"

const trapped = (dice: Dice, json: Json): Sent => {
  const [why, raw] = dice.oneOf(traps)
  const text = JSON.stringify(changed(dice, json, () => marker) ?? marker)
  return { bytes: text.replace(JSON.stringify(marker), () => raw(dice)), trap: why }
}

const mangled = (dice: Dice, json: Json): Sent => {
  const text = JSON.stringify(json)
  return weighted<() => Sent>(dice, [
    [2, () => ({ bytes: text.slice(0, dice.between(1, text.length - 1)), trap: null })],
    [1, () => ({ bytes: `\uFEFF${text}`, trap: "a byte order mark" })],
    [1, () => ({ bytes: `${text}}`, trap: "more than JSON" })],
    [1, () => ({ bytes: `${text}\0`, trap: "more than JSON" })],
    [1, () => ({ bytes: Buffer.concat([Buffer.from(text.slice(0, -1)), Uint8Array.of(0xff, 0x7d)]), trap: "no UTF-8" })],
    [1, () => ({ bytes: Buffer.from(text, "utf16le"), trap: "another encoding" })],
    [1, () => ({ bytes: `${text.slice(0, -1)}${" ".repeat(66_000)}${text.at(-1)}`, trap: "more than 64 KiB" })],
    [2, () => ({ bytes: bytes(dice, dice.between(1, 300)), trap: null })],
    [1, () => ({ bytes: word(dice, dice.between(1, 60), '{}[]",:0123456789eE+-.tfn \\u'), trap: null })]
  ])()
}

export const spoilt = (dice: Dice, json: Json): Sent => {
  const change = (to: Change): Sent => ({ bytes: JSON.stringify(changed(dice, json, to) ?? null), trap: null })
  return weighted<() => Sent>(dice, [
    [4, () => change(() => oddValue(dice))],
    [3, () => change(() => undefined)],
    [2, () => change((at) => withOddKey(dice, at))],
    [2, () => change((at) => withOtherCase(dice, at))],
    [3, () => trapped(dice, json)],
    [2, () => mangled(dice, json)]
  ])()
}
