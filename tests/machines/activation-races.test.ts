/** Every race of an activation: whatever comes first, it ends active and paid once, or inactive and net zero: in the car, at the bank and in our ledger. */
import { describe, expect, test } from "bun:test"
import * as w from "./activation-words.ts"
import {
  type Bank,
  begin,
  carryOut,
  comeToRest,
  digestOf,
  type Event,
  happen,
  isAtRest,
  nextTimer,
  serviceOf,
  stepsFrom,
  tookTooMuch,
  type World,
  wait,
  wrongAnywhere,
  wrongAtRest
} from "./activation-world.ts"
import type { Said } from "./scenario.ts"

const day = 86_400_000
const week: Bank = { holds: ["held"], holdMillis: 7 * day, lateAnswers: true, events: [] }
const car = ["sent", "reported", "heard", "rejected"] as const
const money = ["hold expired", "settled", "settlement failed"] as const

/** Every world that can be reached, with the way there. Steps are taken in any order and as often as one likes. */
const explore = (opening: Said, bank: Bank) => {
  const first = begin(opening)
  const known = new Map<string, { readonly from: string | null; readonly step: string; readonly before: Array<string> }>()
  known.set(digestOf(first), { from: null, step: "purchased", before: [] })
  const ends = new Map<string, string>()
  const wrongs: Array<string> = []
  const wayTo = (digest: string): string => {
    const { from, step } = known.get(digest)!
    return from === null ? step : `${wayTo(from)} → ${step}`
  }
  for (const open = [{ world: first, digest: digestOf(first) }]; open.length > 0; ) {
    const { world, digest } = open.pop()!
    const rests = isAtRest(world)
    if (rests) ends.set(digest, serviceOf(world))
    for (const wrong of [...wrongAnywhere(world), ...tookTooMuch(world), ...(rests ? wrongAtRest(world) : [])])
      wrongs.push(`${wrong}: ${wayTo(digest)}`)
    for (const [step, next] of stepsFrom(world, bank)) {
      const there = digestOf(next)
      const seen = known.get(there)
      if (seen !== undefined) seen.before.push(digest)
      else {
        known.set(there, { from: digest, step, before: [digest] })
        open.push({ world: next, digest: there })
      }
    }
  }
  // Walked backwards from the ends: whoever is not met has no way to any of them.
  const ending = new Set(ends.keys())
  for (const open = [...ending]; open.length > 0; )
    for (const before of known.get(open.pop()!)!.before)
      if (!ending.has(before)) {
        ending.add(before)
        open.push(before)
      }
  const stuck = [...known.keys()].filter((digest) => !ending.has(digest))
  return {
    worlds: known.size,
    wrongs: wrongs.slice(0, 3),
    stuck: stuck.slice(0, 3).map(wayTo),
    ends: [...new Set(ends.values())].sort()
  }
}
const always = ["active", "declined", "escalated.open", "withdrawn"]

describe("an activation, whatever comes first, however late the answers and however often they are lost", () => {
  test.each<readonly [string, Said, Partial<Bank>, ReadonlyArray<string>]>([
    ["paid by a hold", w.purchased(w.permanent), { events: [...car, ...money, "withdraw"] }, always],
    ["for a week, which ends", w.purchased(), { events: [...car, "hold expired", "settled", "withdraw"] }, [...always, "ended"]],
    [
      "of a method that cannot be held",
      w.purchased(w.permanent),
      { holds: ["cannot"], events: [...car, ...money, "withdraw"] },
      always
    ],
    [
      "whose customer has to confirm with the bank",
      w.purchased(w.permanent),
      {
        holds: ["requires_action"],
        lateAnswers: false,
        events: ["sent", "reported", "heard", "hold expired", "withdraw", "announced", "customer confirms", "customer refuses"]
      },
      always
    ],
    [
      "whose hold is too short for the second try",
      w.purchased(w.permanent),
      { holdMillis: 11.5 * 60_000, events: [...car, "hold expired", "withdraw"] },
      always
    ],
    [
      "whose second hold is declined",
      w.purchased(w.permanent),
      { holds: ["held", "declined"], holdMillis: 11.5 * 60_000, events: [...car, "withdraw"] },
      always
    ],
    [
      "of a car that drives",
      w.purchased(),
      { lateAnswers: false, events: ["sent", "reported", "heard", "delayed", "hold expired", "withdraw"] },
      [...always, "ended"]
    ],
    [
      "that support decides about",
      w.purchased(w.permanent),
      { events: ["sent", "reported", "heard", "withdraw", "resolved as a gift", "resolved uncharged"] },
      [...always, "escalated.closed"]
    ],
    [
      "of a car that is stolen or sold meanwhile",
      w.purchased(w.permanent),
      { events: [...car, "stolen", "sold", "withdraw"] },
      [...always, "cancelled"]
    ],
    [
      "that recurs, and is charged at the month's end",
      w.purchased(w.monthly),
      { events: [...car, "sold", "withdraw"] },
      [...always, "cancelled", "ended"]
    ],
    [
      "whose bank takes money back, or whose customer does not get it",
      w.purchased(w.permanent),
      {
        lateAnswers: false,
        events: ["sent", "reported", "heard", "withdraw", ...money, "disputed", "dispute won", "dispute lost", "refund failed"]
      },
      always
    ],
    [
      "that costs nothing",
      w.purchased(w.trial),
      { events: [...car, "withdraw"] },
      ["active", "ended", "escalated.open", "withdrawn"]
    ]
  ])(
    "%s: ends active and paid once, or inactive and net zero",
    (_, opening, bank, ends) => {
      const found = explore(opening, { ...week, ...bank })
      expect(found).toMatchObject({ wrongs: [], stuck: [], ends: [...ends].sort() })
      expect(found.worlds).toBeGreaterThan(100)
    },
    90_000
  )
})

// ── The nine words of the race, in every order ────────────────────────────────────────────────────────────────────

const nine = [
  "withdraw",
  "sent",
  "confirmed",
  "rejected",
  "settled",
  "settlement failed",
  "hold expired",
  "escalated",
  "term ended"
] as const

/** Time passes until `isSo`, or nothing more can be waited for. Nobody answers meanwhile. */
const until = (world: World, isSo: (world: World) => boolean) => {
  let now = world
  for (let timer = nextTimer(now, week); timer !== null && !isSo(now); timer = nextTimer(now, week)) now = wait(now, timer)
  return now
}
const take = (world: World, word: (typeof nine)[number]): World => {
  const event = (name: Event, now = world) => happen(now, name) ?? now
  switch (word) {
    case "confirmed":
      return event("heard", event("reported", event("heard")))
    case "rejected":
      return event("heard", event("rejected", event("heard")))
    case "escalated":
      return /^(pending|retry)/.test(serviceOf(world)) ? until(world, (now) => !/^(pending|retry)/.test(serviceOf(now))) : world
    case "term ended":
      return serviceOf(world) === "active" ? until(world, (now) => serviceOf(now) !== "active") : world
    default:
      return event(word)
  }
}
describe("withdraw, sent, confirmed, rejected, settled, settlement failed, hold expired, escalated, term ended", () => {
  test.each<readonly [string, Bank["holds"][number], Said]>([
    ["held first", "held", w.purchased()],
    ["charged by mandate", "cannot", w.purchased()]
  ])("in every order, each twice, all of them or some, %s", (_, hold, opening) => {
    const bank: Bank = { ...week, holds: [hold] }
    const verdicts = new Map<string, ReadonlyArray<string>>()
    const orders = new Map<string, number>()
    const wrongs: Array<string> = []
    /** How many orders of what is left begin here; each world is looked at once per set of words that are left. */
    const walk = (world: World, left: ReadonlyArray<(typeof nine)[number]>, way: string): number => {
      const digest = digestOf(world)
      const key = `${left.join()} ${digest}`
      const known = orders.get(key)
      if (known !== undefined) return known
      if (!verdicts.has(digest)) {
        verdicts.set(digest, wrongAtRest(comeToRest(world, bank)))
        for (const wrong of verdicts.get(digest)!) wrongs.push(`${wrong}: ${way}`)
      }
      let count = 1 // That nothing more happens.
      for (const word of left) {
        const others = left.filter((other) => other !== word)
        const once = take(world, word)
        // What was promised is done before the next word, or still waits when it comes.
        const later = carryOut(take(carryOut(once, bank), word), bank)
        count += walk(later, others, `${way} → ${word}`)
        walk(take(once, word), others, `${way} → ${word}, and nothing is done`)
      }
      orders.set(key, count)
      return count
    }
    const begun = carryOut(begin(opening), bank)
    expect(walk(begun, nine, "purchased")).toBe(986_410) // Σ 9!/(9−k)!, k words of nine.
    expect(wrongs.slice(0, 3)).toEqual([])
    expect(verdicts.size).toBeGreaterThan(50)
  })
})
