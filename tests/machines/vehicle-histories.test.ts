/** Random lives of a car and its actor: whatever is lost, late, restored or driven through, in the end the car runs what is wanted, and nothing else. */
import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { decide, type State } from "#actors/system/decide.ts"
import type { ConfigureVehicle, RunningFeature } from "#machines/vehicle.ts"
import { vehicleMachine } from "#machines/vehicle.ts"
import { after, type Said } from "./scenario.ts"
import * as v from "./vehicle-words.ts"

type Document = typeof ConfigureVehicle.Type
interface Flash {
  readonly version: number
  readonly features: ReadonlyArray<RunningFeature>
}

/** A small honest car: it takes a number once, applies while parked, and forgets what was in its memory when it boots. */
class Car {
  highest = 0
  counter = 0
  boot = 1
  parked = true
  waiting: Document | null = null
  readonly flashes: Array<Flash> = [{ version: 0, features: [] }]

  get flash() {
    return this.flashes.at(-1)!
  }
  hear(document: Document) {
    if (document.cfgVersion <= this.highest) return
    this.highest = document.cfgVersion
    this.waiting = document
    this.settle()
  }
  settle() {
    if (!this.parked || this.waiting === null) return
    this.flashes.push({ version: this.waiting.cfgVersion, features: v.obeyed(this.waiting) })
    this.waiting = null
  }
  reboot() {
    this.boot++
    this.waiting = null
  }
  report() {
    const { version, features } = this.flash
    return v.reported(++this.counter, version, features, {
      waitingVersion: this.waiting?.cfgVersion ?? null,
      bootId: `boot_${this.boot}`
    })
  }
}

class World {
  readonly car = new Car()
  state: State
  minute = 10
  timer: number | null = null
  /** On their way, oldest first. */
  readonly documents: Array<Document> = []
  readonly reports: Array<Said> = []
  readonly confirmed: Array<{ activationId: string; until: string | null; cfgVersion: number }> = []
  readonly had = new Set<string>()
  generation: Record<string, number> = {}

  constructor(link: "nats" | "apiIot") {
    this.state = after(vehicleMachine, v.owned(link === "nats" ? v.builtWithKey : v.builtBehindApi))
  }
  get now() {
    return Date.parse("2026-03-02T09:00:00.000Z") + this.minute * 60_000
  }
  tell(message: Said) {
    const at = new Date(this.now).toISOString()
    const decision = decide(vehicleMachine, this.state, { ...message, at } as Said, message.type === "PurchaseOption")
    if (decision._tag !== "Accepted") return expect(decision.reason).not.toBe("NotExpectedNow")
    this.state = decision.state
    for (const change of decision.timers) this.timer = change._tag === "Set" ? this.now + change.afterMillis : null
    for (const one of decision.emitted as ReadonlyArray<any>) {
      if (one.type === "ConfigureVehicle") this.documents.push(one)
      if (one.type === "AskVehicle") this.reports.push(this.car.report())
      if (one.type === "ConfirmOption") this.confirmed.push(one)
    }
  }
  /** The car has changed: it says so, and what it ran is written down by somebody who does not ask us. */
  speaks() {
    for (const { activationId, until } of this.car.flash.features) this.had.add(`${activationId} ${until}`)
    this.reports.push(this.car.report())
  }
  deliver() {
    const document = this.documents.shift()
    if (document === undefined) return
    this.car.hear(document)
    this.speaks()
  }
  fire() {
    if (this.timer === null) return
    this.minute = Math.max(this.minute, Math.ceil((this.timer - this.now) / 60_000) + this.minute)
    this.timer = null
    this.tell(v.nextTry())
  }
}

const services = [v.seats, v.week, v.lane]
const steps: Readonly<Record<string, (world: World, pick: number) => void>> = {
  want: (world, pick) => {
    const of = services[pick % services.length]!
    const n = (world.generation[of.option] ??= 1)
    const until = of === v.week ? new Date(Date.parse(v.firstEnd) + world.minute * 60_000).toISOString() : null
    world.tell(v.wanted(of, { n, until }))
  },
  drop: (world, pick) => {
    const of = services[pick % services.length]!
    world.tell(v.dropped(of, world.generation[of.option] ?? 1))
    world.generation[of.option] = (world.generation[of.option] ?? 1) + 1
  },
  deliver: (world) => world.deliver(),
  deliverAgain: (world) => {
    if (world.documents[0] !== undefined) world.documents.push(world.documents[0])
  },
  loseDocument: (world) => void world.documents.shift(),
  report: (world) => {
    const report = world.reports.shift()
    if (report !== undefined) world.tell(report)
  },
  reportLate: (world, pick) => {
    const [report] = world.reports.splice(pick % Math.max(1, world.reports.length), 1)
    if (report !== undefined) world.tell(report)
  },
  loseReport: (world) => void world.reports.shift(),
  drive: ({ car }) => void (car.parked = false),
  park: (world) => {
    world.car.parked = true
    world.car.settle()
    world.speaks()
  },
  reboot: (world) => {
    world.car.reboot()
    world.speaks()
  },
  restore: (world, pick) => {
    const { flashes } = world.car
    flashes.push(flashes[pick % flashes.length]!)
    world.car.reboot()
    world.speaks()
  },
  time: (world) => void world.minute++,
  fire: (world) => world.fire()
}

/** Everything arrives from now on; how many rounds it took. */
const settle = (world: World) => {
  let said = 0
  steps.park!(world, 0)
  for (let round = 1; round <= 30; round++) {
    while (world.documents.length > 0 || world.reports.length > 0) {
      while (world.documents.length > 0) world.deliver()
      steps.report!(world, 0)
      if (++said > 200) throw new Error("They never stop talking.")
    }
    if (world.timer === null) return round
    world.fire()
  }
  throw new Error(`Still waiting: ${JSON.stringify([world.state.context.sending, world.car.flash, world.car.highest])}`)
}
describe("a car and its actor, whatever happens between them", () => {
  test.each(["nats", "apiIot"] as const)(
    "agree in the end, by the road %s; and nothing was confirmed that the car did not run",
    (link) => {
      const life = fc.array(fc.tuple(fc.constantFrom(...Object.keys(steps)), fc.nat(50)), { minLength: 1, maxLength: 40 })
      let confirmed = 0
      fc.assert(
        fc.property(life, (choices) => {
          const world = new World(link)
          for (const [step, pick] of choices) {
            const before = world.state.context.cfgVersion
            steps[step]!(world, pick)
            expect(world.state.context.cfgVersion).toBeGreaterThanOrEqual(before)
          }
          expect(settle(world)).toBeLessThan(20)

          const { desired, cfgVersion } = world.state.context
          const wanted = desired.flatMap((wish: any) =>
            wish.features.map(({ id }: any) => `${id} ${wish.activationId} ${wish.until}`)
          )
          expect(world.car.flash.features.map(({ id, activationId, until }) => `${id} ${activationId} ${until}`).sort()).toEqual(
            wanted.sort()
          )
          expect(world.car.flash.version).toBe(cfgVersion)
          expect(desired.every((wish: any) => wish.confirmed?.until === wish.until)).toBe(true) // Each activation knows.
          for (const { activationId, until } of world.confirmed) expect(world.had).toContain(`${activationId} ${until}`)
          confirmed += world.confirmed.length
        }),
        { numRuns: 1_000, includeErrorInReport: true }
      )
      expect(confirmed).toBeGreaterThan(300)
    }
  )
})
