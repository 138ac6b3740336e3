/** The body of an HTTP input, its media type, and its Idempotency-Key. */
import { bytes, oddText, word } from "./chance.ts"
import { type Draft, latin } from "./draft.ts"
import { shaped } from "./shapes.ts"
import { type Sent, spoilt } from "./spoil.ts"
import { parameterFor, wordFor } from "./vocabulary.ts"

const key = /^[A-Za-z0-9_:.-]{8,128}$/
const json = /^application\/json(?:\s*;\s*charset=(?:utf-8|"utf-8"))?$/i
const rightMedia = ["application/json", "application/json; charset=utf-8"]
const oddMedia = [
  null,
  "text/plain",
  "application/x-www-form-urlencoded",
  "application/json; charset=utf-16",
  "application/json-patch+json",
  "APPLICATION/JSON",
  'application/json;charset="utf-8"',
  "multipart/form-data; boundary=x",
  "*/*",
  "application/json, application/json"
]
/** So that what can be made is finite, and memory can be judged: the same person's same key makes the same thing. */
const keys = 60
const fresh = 0.05

const encodings = ["gzip", "br", "deflate", "x", "identity, gzip"]

export const bodyOf = (draft: Draft): string | Uint8Array | undefined => {
  const { operation, caller, town, known, dice, manner, headers, reasons } = draft
  const { body, method, components } = operation
  if (method === "GET") return undefined
  if (body === null) return paper(draft)
  const value = shaped(body, { dice, components, known: (name) => wordFor(name, dice, town, caller, known) })
  if (operation.mayBeEmpty && dice.throw() < 0.3) return undefined
  const sent: Sent = manner.body ? spoilt(dice, value) : { bytes: JSON.stringify(value), trap: null }
  const media = manner.headers && dice.throw() < 0.7 ? dice.oneOf(oddMedia) : dice.oneOf(rightMedia)
  if (media !== null) headers.push(["content-type", media])
  if (media === null || !json.test(media)) reasons.push("another media type")
  if (manner.headers && dice.throw() < 0.3) {
    headers.push(["content-encoding", dice.oneOf(encodings)])
    reasons.push("an encoding")
  }
  if (sent.trap !== null) reasons.push(sent.trap)
  else if (!operation.takes(valueIn(sent.bytes))) reasons.push("not as described")
  return sent.bytes
}

/** Undefined, which no schema takes, where it is no JSON. */
const valueIn = (sent: string | Uint8Array): unknown => {
  try {
    return JSON.parse(typeof sent === "string" ? sent : new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(sent))
  } catch {
    return undefined
  }
}

const beginnings: Readonly<Record<string, string>> = {
  "application/pdf": "%PDF-1.7\n",
  "image/jpeg": "\xff\xd8\xff",
  "image/png": "\x89PNG\r\n\x1a\n"
}
const noPapers = ["text/html", "application/json", "image/svg+xml", "application/pdf; x=y"]

/** What somebody hands in; or bytes that a route which takes none should not choke on. */
const paper = ({ operation: { reads }, dice, manner, headers, reasons }: Draft): Uint8Array | undefined => {
  if (reads.length === 0) return manner.body ? bytes(dice, dice.between(1, 200)) : undefined
  const type = dice.oneOf(reads)
  headers.push(["content-type", manner.headers ? dice.oneOf(noPapers) : type])
  if (!manner.body)
    return new Uint8Array(Buffer.concat([Buffer.from(beginnings[type] ?? "", "latin1"), bytes(dice, dice.between(0, 400))]))
  reasons.push("no such paper")
  return bytes(dice, dice.between(0, 3))
}

export const keyFor = ({ operation, known, dice, manner, headers, reasons }: Draft) => {
  for (const { name, required } of operation.parameters.filter((one) => one.in === "header")) {
    if (name === "idempotency-key") {
      const wrong = [null, "", "short", "x".repeat(129), "a/b#c d?xxxx", "ñ-ñ-ñ-ñ-ñ", word(dice, 64)]
      const right = dice.throw() < fresh ? word(dice, 24) : `key-${dice.between(100, 99 + keys)}`
      const value = manner.headers ? dice.oneOf(wrong) : right
      if (value !== null) headers.push([name, value])
      if (value === null ? required : !key.test(value)) reasons.push("no right Idempotency-Key")
    } else if (dice.throw() < 0.4) headers.push([name, latin(manner.headers ? oddText(dice) : parameterFor(name, dice, known))])
  }
}
