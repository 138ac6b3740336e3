/** Webhooks at the real door, with the real ingress behind it: forged, signed and wrong, sent again, out of order, huge. */

import { Effect } from "effect"
import { SubjectId } from "#machines/vocabulary.ts"
import { type HttpHouse, httpHouse, secrets } from "#tests/http/house.ts"
import { soldOrder } from "#tests/ingress/sold-order.ts"
import type { Dice } from "../dice.ts"
import { answerOf, wrongWith } from "./answers.ts"
import { diceOf, weighted, word } from "./chance.ts"
import { type Delivery, forgeries, signedDelivery, sources } from "./forgeries.ts"
import { type Fuzzed, type FuzzOptions, Tally } from "./fuzzed.ts"
import { type Accepted, contradictionsIn, countKept, strangersIn } from "./kept-webhooks.ts"
import { type Operation, operationsOf } from "./operations.ts"
import { theWords } from "./partners-words.ts"
import { type Json, spoilt } from "./spoil.ts"

const chapter = 1_000 // Inputs, after which the tables are looked at.
const atOnce = 32
const orders = 100
const largest = 64 * 1024 // Bytes of a body.

interface Place {
  readonly house: HttpHouse
  readonly operations: ReadonlyArray<Operation>
  readonly tally: Tally
  kept: number
}

export const fuzzWebhooks = async (options: FuzzOptions): Promise<Fuzzed> => {
  const tally = new Tally("webhooks", options)
  const house = await httpHouse()
  try {
    const numbers = Array.from({ length: orders }, (_, n) => n)
    await house.runtime.runPromise(
      Effect.forEach(numbers, (n) => soldOrder(n, SubjectId.make(`sub_customer-${n}`)), { concurrency: 16, discard: true })
    )
    const place: Place = { house, operations: await operationsOf("public"), tally, kept: 0 }
    for (let n = options.at ?? 0; tally.done < options.inputs && (options.at === undefined || n === options.at); n++)
      await play(place, n, Math.min(chapter, options.inputs - tally.done))
    for (const wrong of await strangersIn(house)) tally.fails(0, wrong)
    return tally.end()
  } finally {
    await house.close()
  }
}

const play = async (place: Place, n: number, inputs: number) => {
  const { tally, house } = place
  const dice = diceOf(tally.options.seed, n)
  const accepted: Array<Accepted> = []
  let next = 0
  const worker = async () => {
    while (next < inputs) {
      const input = next++
      const said = await send(place, `${n}_${input}`, diceOf(dice.between(0, 2 ** 31), input), accepted)
      if (said !== null) tally.fails(n, said)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  for (const wrong of await contradictionsIn(house, accepted)) tally.fails(n, wrong)
  place.kept += accepted.length
  const kept = await countKept(house)
  if (kept !== place.kept) tally.fails(n, `${kept} webhooks are kept, and ${place.kept} were signed`)
  place.kept = kept
  tally.judged(inputs)
}

type Kind = "right" | "signed and wrong" | "forged" | "again" | "again, too late" | "another body under its id"

/** Answers what went wrong. */
const send = async (place: Place, name: string, dice: Dice, accepted: Array<Accepted>): Promise<string | null> => {
  const { house, tally } = place
  const before = accepted.length === 0 ? null : dice.oneOf(accepted.slice(-64))
  const kind = weighted<Kind>(dice, [
    [14, "right"],
    [18, "signed and wrong"],
    [53, "forged"],
    ...(before === null
      ? []
      : ([
          [9, "again"],
          [3, "again, too late"],
          [3, "another body under its id"]
        ] as const))
  ])
  const { source, id, body } = said(kind, name, dice, before)
  const right = signedDelivery(
    secrets[source],
    source,
    id,
    body,
    kind === "again, too late" ? dice.oneOf([302, 1_000, -302]) : dice.between(-290, 290)
  )
  const [forgery, forge] = dice.oneOf(Object.entries(forgeries))
  const delivery =
    kind === "forged" ? forge(right, dice, { source, secrets, id }) : kind === "right" ? withTricks(dice, right) : right
  const { path, ...request } = delivery
  const begin = performance.now()
  const response = await house.apps.public.handle(new Request(`http://localhost${path}`, request as RequestInit))
  const answer = await answerOf(response, begin)
  tally.slowestMillis = Math.max(tally.slowestMillis, answer.millis)
  tally.meets(kind)
  if (kind === "forged") tally.meets(`forged: ${forgery}`)

  const operation = place.operations.find((one) => one.method === request.method && one.path === path) ?? null
  const invalid = kind === "forged" ? "it is forged" : null
  const expected = statusesOf(kind, before, Buffer.byteLength(body) > largest)
  const isExpected = expected.includes(answer.status)
  if (isExpected && (kind === "right" || kind === "signed and wrong") && answer.status !== 413)
    accepted.push({ source, id, body, status: answer.status })
  const wrong =
    wrongWith({ operation, answer, invalid, canaries: [], isHead: false }) ??
    (isExpected ? null : `${answer.status} instead of ${expected.join(" or ")}`)
  return wrong === null
    ? null
    : `${wrong}\n    ${kind}${kind === "forged" ? ` ${forgery}` : ""}: ${inWords(delivery)}\n    → ${answer.status} ${answer.text.slice(0, 300)}`
}

const said = (kind: Kind, name: string, dice: Dice, before: Accepted | null): Pick<Accepted, "source" | "id" | "body"> => {
  if (before !== null && (kind === "again" || kind === "again, too late")) return before
  if (before !== null && kind === "another body under its id") return { ...before, body: `${before.body} ` }
  const source = dice.oneOf(sources)
  const words = theWords(source, dice.between(0, orders + 5), dice) // Some of them of nobody's order.
  const body = kind === "signed and wrong" ? wrongText(dice, words as Json) : JSON.stringify(words)
  return { source, id: `${kind === "forged" ? "forged" : "signed"}_${name}`, body }
}

const statusesOf = (kind: Kind, before: Accepted | null, isTooLarge: boolean): ReadonlyArray<number> => {
  if (isTooLarge) return [413]
  switch (kind) {
    case "forged":
      return [401, 403, 404, 413]
    case "right":
      return [202]
    case "signed and wrong":
      return [202, 422] // What is wrong may be a field that we do not read.
    case "again":
      return [before!.status]
    case "again, too late":
      return [401]
    case "another body under its id":
      return [409]
  }
}

/** Text that a partner might sign by mistake. */
const wrongText = (dice: Dice, words: Json): string => {
  const { bytes } = spoilt(dice, words)
  return typeof bytes === "string"
    ? bytes
    : Buffer.from(bytes)
        .toString("latin1")
        .replace(/[^\x20-\x7e]/g, "?")
}

/** All that a sender may do with headers without being another. */
const withTricks = (dice: Dice, right: Delivery): Delivery => {
  const made = right.headers["webhook-signature"]!
  const other = `v1,${Buffer.from(word(dice, 32)).toString("base64")}`
  const signature = dice.oneOf([made, made, `${other} ${made}`, `${made} ${other}`, `v1a,${word(dice, 40)} ${made}`])
  const more = dice.oneOf<Record<string, string>>([{}, { "content-type": "text/plain" }, { "x-forwarded-for": "10.0.0.1" }])
  return { ...right, headers: { ...right.headers, "webhook-signature": signature, ...more } }
}

const inWords = ({ method, path, headers, body }: Delivery) => {
  const sent = typeof body === "string" ? body.slice(0, 400) : Buffer.from(body.slice(0, 200)).toString("latin1")
  return `${method} ${path} ${JSON.stringify(headers).slice(0, 600)} ${sent}`
}
