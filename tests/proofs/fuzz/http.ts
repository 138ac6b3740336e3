/** HTTP inputs in chains: each asks what earlier answers named, again, under another key, as somebody else, and in every wrong way. */

import type { Dice } from "../dice.ts"
import { type Ask, askOf, strayAsk } from "./asks.ts"
import { during, knownTo, remember } from "./belongings.ts"
import { brokenRequest } from "./broken-requests.ts"
import { diceOf, weighted } from "./chance.ts"
import { flawless, type Header, mannerOf } from "./draft.ts"
import { type Fuzzed, type FuzzOptions, Tally } from "./fuzzed.ts"
import { type Operation, operationsOf } from "./operations.ts"
import { send } from "./sending.ts"
import { openWays } from "./sessions.ts"
import { type Person, startTown, type Town } from "./town.ts"
import { type Asked, inWords, unlikeFirst, verdict } from "./verdict.ts"

const chainsAtOnce = 16
const longest = 24 // Inputs of a chain.
const bySocket = 0.05 // Of the inputs: the others are handed to the listener without one.
const brokenShare = 0.01 // Of the inputs: no HTTP at all.

/** Asked more seldom: a password's hash, a file of everything. */
const dear = /\/api\/auth\/sessions$|\/export$/

interface Place {
  readonly town: Town
  readonly operations: ReadonlyArray<Operation>
  readonly tally: Tally
}

export const fuzzHttp = async (options: FuzzOptions): Promise<Fuzzed> => {
  const tally = new Tally("http", options)
  const town = await startTown()
  try {
    const operations = [...(await operationsOf("public")), ...(await operationsOf("intranet"))]
    const doors = Object.values(town.house.apps)
    for (const door of doors) door.listen({ port: 0, hostname: "127.0.0.1" })
    let next = options.at ?? 0
    const worker = async () => {
      while (tally.done < options.inputs && (options.at === undefined || next === options.at)) {
        await chain({ town, operations, tally }, next++)
        town.house.world.mail.forget()
      }
    }
    await Promise.all(Array.from({ length: chainsAtOnce }, worker))
    await Promise.all(doors.map((door) => door.stop(true)))
    return tally.end()
  } finally {
    await town.house.close()
  }
}

const routeOf = ({ door, method, path }: Operation) => `${door} ${method} ${path}`

type Kind = "new" | "again" | "under another key" | "as somebody else" | "stray"

const chain = async ({ town, operations, tally }: Place, n: number) => {
  const dice = diceOf(tally.options.seed, n)
  const mine = dice.oneOf(town.people)
  const known = knownTo(mine, town)
  const theirs = operations.filter(({ door, path }) => door === mine.door && isFor(mine, path))
  let last: Asked | null = null // That was done, and changed something.
  for (let length = dice.between(4, longest); length > 0; length--) {
    const kind: Kind = weighted<Kind>(dice, [
      [76, "new"],
      [last === null ? 0 : 6, "again"],
      [last === null ? 0 : 3, "under another key"],
      [last === null ? 0 : 5, "as somebody else"],
      [6, "stray"]
    ])
    if (dice.throw() < brokenShare) {
      const said = await brokenRequest(town.house.apps[mine.door].server!.port!, dice, mine.token)
      if (said !== null) tally.fails(n, said)
      tally.meets("broken")
      tally.judged(1)
      continue
    }
    const caller = dice.throw() < 0.85 ? mine : dice.oneOf(town.people)
    const fresh = () => {
      const operation = pick(operations, theirs, dice)
      return askOf({
        operation,
        caller,
        town,
        known,
        dice,
        manner: last === null && dice.throw() < 0.7 ? flawless : mannerOf(dice)
      })
    }
    const ask: Ask =
      kind === "stray" ? strayAsk(operations, caller, dice) : kind === "new" ? fresh() : repeated(kind, last!, town, dice)
    const { answer, changedHands } = await during(town, ask, () => send(town, ask, dice.throw() < bySocket))
    const said = verdict(town, operations, { ask, answer }, changedHands) ?? (kind === "again" ? unlikeFirst(last!, answer) : null)
    if (said !== null) tally.fails(n, `${said}\n    ${kind}: ${inWords({ ask, answer })}`)
    tally.meets(`${kind}: ${Math.floor(answer.status / 100)}xx`)
    if (answer.status === 503) tally.meets("503") // Said on purpose: a database that is slow to answer.
    tally.slowestMillis = Math.max(tally.slowestMillis, answer.millis)
    tally.judged(1)
    if (answer.status >= 400) continue
    tally.meets(`done as ${ask.caller?.role ?? "nobody"}`)
    if (ask.operation !== null) tally.meets(routeOf(ask.operation))
    known.hear(answer.body)
    remember(town, { ask, answer })
    if (ask.operation !== null && ask.operation.method !== "GET") last = { ask, answer }
  }
}

/** Where somebody of this role belongs; the others' doors are tried all the same. */
const isFor = ({ role }: Person, path: string) =>
  !path.startsWith("/webhooks/") &&
  (role === "seller" || role === "manager" ? !/\/api\/(operator|admin)\//.test(path) : !path.startsWith("/api/dealer/"))

const pick = (all: ReadonlyArray<Operation>, theirs: ReadonlyArray<Operation>, dice: Dice): Operation => {
  const operation = dice.oneOf(dice.throw() < 0.85 ? theirs : all)
  return dear.test(operation.path) && dice.throw() < 0.9 ? dice.oneOf(theirs) : operation
}

const repeated = (kind: Kind, { ask }: Asked, town: Town, dice: Dice): Ask => {
  if (kind === "under another key") {
    const other = ({ 0: name, 1: value }: Header): Header => [
      name,
      name === "idempotency-key" ? `other-${value}`.slice(0, 128) : value
    ]
    return { ...ask, headers: ask.headers.map(other) }
  }
  if (kind !== "as somebody else") return ask
  const caller = dice.oneOf(town.people.filter((other) => mayRepeat(other, ask)))
  const invalid = ask.invalid ?? (caller.door === ask.door || openWays.test(ask.path) ? null : "a session of the other door")
  const others = ask.headers.filter(([name]) => !/^(authorization|cookie|origin)$/.test(name))
  return { ...ask, caller, invalid, headers: [["authorization", `Bearer ${caller.token}`], ...others] }
}

/** Who sells to another house's customer learns who that is: then it is no secret any more. */
const mayRepeat = ({ role, dealership }: Person, { caller, door }: Ask) =>
  door === "public" || (role !== "seller" && role !== "manager") || dealership === caller?.dealership
