/** Histories drawn by lot, for what is too much to be tried in every order: months, debts, disputes, refunds that fail. The books add up at every step. */
import { describe, expect, test } from "bun:test"
import * as w from "./activation-words.ts"
import {
  type Bank,
  begin,
  comeToRest,
  type Event,
  moneyOf,
  serviceOf,
  stepsFrom,
  type World,
  wrongAnywhere,
  wrongAtRest
} from "./activation-world.ts"
import type { Said } from "./scenario.ts"

/** mulberry32: the same lots in every run. */
const lots = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
}

const events: ReadonlyArray<Event> = [
  "sent",
  "reported",
  "heard",
  "withdraw",
  "cancelled",
  "settled",
  "settlement failed",
  "disputed",
  "dispute won",
  "dispute lost",
  "refund failed",
  "paid by another method",
  "written off",
  "paid out",
  "hold expired",
  "announced",
  "customer confirms",
  "customer refuses"
]
const bank: Bank = {
  holds: ["held"],
  holdMillis: 7 * 86_400_000,
  lateAnswers: true,
  charges: ["captured", "declined", "requires_action"],
  lastDay: "2026-09-10T00:00:00.000Z",
  events
}

/** So many histories of so many steps. */
const most = 1_200

/** What would otherwise drown the rest. */
const rare: ReadonlySet<string> = new Set<Event>([
  "withdraw",
  "cancelled",
  "settlement failed",
  "disputed",
  "written off",
  "paid out",
  "paid by another method",
  "announced",
  "hold expired"
])
const wander = (opening: Said, seed: number, steps: number, stood: Set<string>) => {
  const lot = lots(seed)
  let world: World = begin(opening)
  let way = "purchased"
  try {
    for (let n = 0; n < steps; n++) {
      const open = stepsFrom(world, bank).filter(([step]) => !rare.has(step) || lot() < 0.1)
      if (open.length === 0) continue
      const [step, next] = open[Math.floor(lot() * open.length)]!
      way = `${way} → ${step}`
      world = next
      stood.add(moneyOf(world))
      const wrong = wrongAnywhere(world)
      if (wrong.length > 0) return `${wrong.join()}: ${way}`
    }
    way = `${way} → rest`
    const wrong = wrongAtRest(comeToRest(world, bank))
    return wrong.length > 0 ? `${wrong.join("; ")}: ${way}` : null
  } catch (thrown) {
    return `${thrown}: ${way} (${serviceOf(world)}, ${moneyOf(world)})`
  }
}

/** Withdrawn from after a month was billed: only where the law of the contract gives more than the fourteen days. */
const patientLaw = {
  edition: 1,
  timeZone: "Europe/Madrid",
  withdrawalDays: 70,
  endsOnWorkingDay: false,
  holidays: [],
  refund: "full"
} as const

describe("a service, whatever fortune brings", () => {
  test.each([
    [
      "month by month",
      w.but(w.purchased(w.monthly), { law: patientLaw }),
      ["billed", "confirming", "owed", "refunding", "refundFailed", "refunded"]
    ],
    [
      "once",
      w.but(w.purchased(w.permanent), { law: patientLaw }),
      ["captured", "uncollected", "writtenOff", "refundFailed", "refunded"]
    ]
  ])(
    "paid %s: its books add up, and every cent has its paper",
    (_, opening, far) => {
      const stood = new Set<string>()
      const wrongs: Array<string> = []
      for (let seed = 1; seed <= most && wrongs.length < 3; seed++) {
        const wrong = wander(opening, seed, 80, stood)
        if (wrong !== null) wrongs.push(`${seed}: ${wrong}`)
      }
      expect(wrongs).toEqual([])
      expect(far.filter((money) => !stood.has(money))).toEqual([])
    },
    60_000
  )
})
