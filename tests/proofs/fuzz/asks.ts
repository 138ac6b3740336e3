/** One HTTP input: what is asked, by whom, and why it may not be accepted where it may not. */
import type { Door } from "#tests/http/house.ts"
import type { Dice } from "../dice.ts"
import { addressOf } from "./addresses.ts"
import { bodyOf, keyFor } from "./bodies.ts"
import { bytes, oddText, weighted, word } from "./chance.ts"
import { type Draft, type Header, latin } from "./draft.ts"
import type { Operation } from "./operations.ts"
import { sessionOf } from "./sessions.ts"
import type { Person } from "./town.ts"

export interface Ask {
  /** What it was made for; null where nobody offers it. */
  readonly operation: Operation | null
  readonly door: Door
  readonly method: string
  readonly path: string
  readonly headers: ReadonlyArray<Header>
  readonly body: string | Uint8Array | undefined
  readonly caller: Person | null
  /** Why nobody may say yes to this; null where somebody may. */
  readonly invalid: string | null
  /** The identifiers in its path. */
  readonly names: ReadonlyArray<string>
}

export const askOf = (making: Omit<Draft, "headers" | "reasons">): Ask => {
  const draft: Draft = { ...making, headers: [], reasons: [] }
  const { path, names } = addressOf(draft)
  const caller = sessionOf(draft)
  keyFor(draft)
  const body = bodyOf(draft)
  if (making.manner.headers) draft.headers.push(...oddHeaders(making.dice))
  const { operation } = making
  const { door, method } = operation
  return { operation, door, method, path, headers: draft.headers, body, caller, invalid: draft.reasons[0] ?? null, names }
}

const oddHeaders = (dice: Dice): ReadonlyArray<Header> => {
  const odd: ReadonlyArray<Header> = [
    ["accept", "text/html"],
    ["accept-language", latin(oddText(dice)) || "x"],
    ["range", "bytes=0-0"],
    ["x-forwarded-for", "127.0.0.1, evil"],
    ["x-http-method-override", "DELETE"],
    ["if-none-match", "*"],
    ["expect", "100-continue"],
    ["forwarded", 'for="[::1]";host=evil'],
    ["content-length", "0"],
    ["x-long", "x".repeat(8_000)],
    ["traceparent", latin(oddText(dice)) || "x"],
    ["upgrade", "websocket"]
  ]
  return Array.from({ length: dice.between(0, 3) }, () => dice.oneOf(odd))
}

const methods = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "PROPFIND", "get"]
const guessed = [
  "/.env",
  "/admin",
  "/graphql",
  "/metrics",
  "/debug",
  "/api",
  "/openapi.json",
  "/api/auth/accounts",
  "//",
  "/%2e%2e/"
]

/** A method or a path that nobody offered, or nearly one that somebody did. */
export const strayAsk = (all: ReadonlyArray<Operation>, caller: Person, dice: Dice): Ask => {
  const { door, path } = dice.oneOf(all)
  const right = path.replace(/\{\w+\}/g, () => word(dice, 8))
  const stray = weighted<() => string>(dice, [
    [3, () => right],
    [1, () => `${right}/`],
    [1, () => `/${right}`],
    [1, () => right.toUpperCase()],
    [1, () => `${right}/${encodeURIComponent(oddText(dice))}`],
    [1, () => right.replace("/api/", "/api/../api/")],
    [1, () => `${right}%00`],
    [1, () => `${right};x=y`],
    [1, () => `/${encodeURIComponent(oddText(dice))}`],
    [1, () => `/api/${word(dice, 12)}`],
    [1, () => dice.oneOf(guessed)]
  ])()
  const headers: ReadonlyArray<Header> = [["authorization", `Bearer ${caller.token}`]]
  const body = dice.throw() < 0.3 ? bytes(dice, dice.between(0, 64)) : undefined
  return { operation: null, door, method: dice.oneOf(methods), path: stray, headers, body, caller, invalid: null, names: [] }
}
