/** Five hundred random histories of cars, owners and services on real servers, each held against a small model after everything it does. */
import { describe, expect, test } from "bun:test"
import { optionTermsOf } from "#integrations/catalogue/options.ts"
import type { Term } from "#machines/option-terms.ts"
import { type Interval, Model } from "./simulation/model.ts"
import type { Seen, SeenService } from "./simulation/seen.ts"
import type { Method } from "./simulation/service.ts"
import { type Simulation, simulate } from "./simulation/simulate.ts"

const seed = 20_261_122 // Any number. `./caas simulate --seed S` draws others.
const histories = 500 // `./caas simulate` lives a thousand.
const patience = 600_000 // Wall clock, on a busy machine.

describe("random histories of cars and their services", () => {
  let simulation: Simulation

  test(
    "go as a small model says, in the car, at the gateway and with us; and every invariant holds",
    async () => {
      const servers = { databaseUrl: process.env.DATABASE_URL!, natsUrl: process.env.NATS_URL!, redisUrl: process.env.REDIS_URL! }
      const say = (line: string) => console.error(`simulation, seed ${seed}: ${line}`)
      simulation = await simulate({ servers, seed, histories, size: 125, acts: 14, shrinkMillis: 60_000, say })
      expect(simulation.wrong).toEqual([])
      expect(simulation.histories).toBe(histories)
      expect(simulation.acts).toBeGreaterThan(8 * histories)
      expect(simulation.services).toBeGreaterThan(2 * histories)
    },
    patience
  )

  test("have met every rare situation", () => expect(simulation.tally.missing).toEqual([]))
})

describe("the model", () => {
  const minute = 60_000
  const at = Date.parse("2026-03-01T12:00:00.000Z")
  const week: Term = { kind: "temporary", count: 7, unit: "day" }
  const terms = optionTermsOf("concert-audio", week, "ES")!
  const until = at + 7 * 24 * 60 * minute + 2 * minute

  const active: SeenService = {
    activationId: "act_1",
    phase: "active",
    money: "captured",
    purchasedAt: at,
    activeSince: at,
    until,
    failedTries: 0,
    waitsForParking: false,
    netMinor: terms.price.amountMinor,
    unsettled: false,
    supportCase: "none"
  }
  const running = [{ activationId: "act_1", until }]
  const seen: Seen = { at: at + 5_000, services: [active], clockBehind: 0, running, inStep: true, obeys: true, link: "nats" }
  const interval: Interval = { passed: 5_000, quiet: 5_000, couldObey: true, everyTry: false }
  const bought = () => {
    const model = new Model("ES", "Modelo Uno", "nats", 1, at)
    model.bought("act_1", terms, "card", 1)
    return model
  }

  test("has nothing to say where all went well", () => expect(bought().see(seen, interval)).toEqual([]))

  const off = { activeSince: null, until: null, netMinor: 0 }
  const flaws: ReadonlyArray<readonly [string, RegExp, Partial<SeenService>, Partial<Seen>, Partial<Interval>]> = [
    ["money taken twice", /the gateway has 1580 for it, and 790 is due/, { netMinor: 1580 }, {}, {}],
    ["nothing taken for what is active", /the gateway has 0 for it, and 790 is due/, { netMinor: 0 }, {}, {}],
    ["money kept for what is over", /has 790 for it, and 0 is due/, { phase: "cancelled" }, { running: [] }, {}],
    [
      "money that never came given back",
      /has -790 for it, and 0 is due/,
      { ...off, phase: "withdrawn", netMinor: -790, unsettled: true },
      { running: [] },
      {}
    ],
    ["an end before the term", /lasts for 6\.9/, { until: until - 60 * minute }, {}, {}],
    ["a service without its end", /its end is null/, { until: null }, {}, {}],
    ["a support case that nothing led to", /its support case is open/, { supportCase: "open" }, {}, {}],
    [
      "a case without its tries",
      /0 tries failed/,
      { ...off, phase: "escalated", supportCase: "open" },
      { running: [] },
      { passed: 10 * minute }
    ],
    ["a car that does not run what is active", /does not run concert-audio/, {}, { running: [] }, {}],
    ["a car that runs what is not active", /runs concert-audio, which is declined/, { ...off, phase: "declined" }, {}, {}],
    [
      "a car that runs what nobody bought",
      /runs act_2, which nobody bought/,
      {},
      { running: [...running, { activationId: "act_2", until: null }] },
      {}
    ],
    [
      "a service that nobody bought",
      /act_2: nobody bought it/,
      {},
      { services: [active, { ...active, activationId: "act_2" }] },
      {}
    ],
    [
      "a car that cannot have confirmed",
      /is active, and may be trying/,
      {},
      { obeys: false, inStep: false, running: [] },
      { couldObey: false }
    ],
    ["a car that was heard, and is tried again", /is trying, and may be active/, { ...off, phase: "trying" }, {}, {}],
    ["a term that is over and goes on", /is active, and may be .*ended/, {}, { at: until + 10 * minute, running: [] }, {}],
    ["a car that goes on after the end", /still runs act_1/, { phase: "ended" }, { at: until + 10 * minute }, {}]
  ]
  test.each(flaws)("finds %s", (_, sentence, service, around, during) => {
    const model = bought()
    const first = { ...seen, services: [{ ...active, ...service }], ...around }
    expect(model.see(first, { ...interval, ...during }).join("\n")).toMatch(sentence)
  })

  test("finds a car that obeys and lags behind for no reason", () => {
    const model = bought()
    expect(model.see(seen, interval)).toEqual([])
    expect(model.see({ ...seen, inStep: false }, interval)).toEqual(["the car obeys, and does not have our document"])
  })

  test("sells nothing more to whoever owes, and knows no debt of whoever cannot", () => {
    const more = optionTermsOf("heated-seats", { kind: "permanent" }, "ES")!
    const after = (method: Method, money: string, netMinor: number) => {
      const model = new Model("ES", "Modelo Uno", "nats", 1, at)
      model.bought("act_1", terms, method, 1)
      expect(model.see({ ...seen, services: [{ ...active, money, netMinor }] }, interval)).toEqual([])
      return model
    }
    expect(after("emptyAccount", "owed", 0).purchase(more, "card", true)).toEqual(["PaymentOverdue"])
    expect(after("failingCard", "captured", terms.price.amountMinor).purchase(more, "card", true)).toEqual([null, "PaymentOverdue"])
    expect(after("card", "captured", terms.price.amountMinor).purchase(more, "card", true)).toEqual([null])
  })

  test("knows both ends of a race, and no third", () => {
    const ends = (["withdrawn", "active"] as const).map((phase) => {
      const model = bought()
      model.atOnce(
        () => model.becomes(model.services[0]!, "trying"),
        () => model.mayLag()
      )
      const net = phase === "active" ? {} : { netMinor: 0, activeSince: null, until: null }
      return model.see({ ...seen, services: [{ ...active, phase, ...net }], running: phase === "active" ? running : [] }, interval)
    })
    expect(ends[0]).not.toEqual([])
    expect(ends[1]).toEqual([])
  })
})
