/** The platform is killed with SIGKILL at every moment that has a name, in the middle of whole stories; nobody notices in the end. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { crashPoints } from "./crash-points.ts"
import { openScene, type Scene } from "./scene.ts"
import type { OwnedCar, ServiceKind } from "./service-stories.ts"
import type { Kind } from "./stories.ts"

const hour = 3_600_000
const lifeMillis = 25_000 // Wall clock: within this a life meets one of the moments that are left.
const kinds: ReadonlyArray<Kind> = ["home", "pickup", "forfeit", "factoryCancels"]
/** Each on a car of its own, told again and again. The API IoT has the fifth car that is built: it has to be asked. */
const services: ReadonlyArray<ReadonlyArray<ServiceKind>> = [
  ["held", "driven", "refused"],
  ["silent", "stolen"],
  ["confirmed", "byMandate", "disputed"],
  ["linked", "sold"],
  ["held"]
]
/** A service is tried again after minutes of platform time: they pass while the platform dies, and faster when it does not any more. */
const minutes = { passed: 10 * 60_000, every: 1_500, atLast: 500 } // Milliseconds; the last two by the wall clock.

const silence = [["timer: taken"], ["timer: told"], crashPoints.filter((point) => point.endsWith("AskFactory"))]

let scene: Scene
beforeAll(async () => {
  scene = await openScene({ pace: 80, say: () => {} })
}, 60_000)
let time: ReturnType<typeof setInterval> | undefined
const letTimePass = (every: number) => {
  clearInterval(time)
  time = setInterval(() => void scene.pass(minutes.passed).catch(() => {}), every)
}
afterAll(() => {
  clearInterval(time)
  return scene?.close()
}, 30_000)

/** In their owners' hands, the one behind the API IoT last. */
const cars = async (): Promise<ReadonlyArray<OwnedCar>> => {
  const all = await Promise.all(services.map((_, n) => scene.stories.deliver(`Customer 1${n}`)))
  const isBehindApi = ({ vin }: OwnedCar) => scene.world.fleet.car(vin).link === "apiIot"
  return [...all].sort((a, b) => Number(isBehindApi(a)) - Number(isBehindApi(b)))
}

/** Two orders whose factory says nothing, so that we have to ask: their timers are due once a day has passed. */
const silentOrders = async () => {
  const { stories, world } = scene
  world.factory.misbehave({ fault: "loseWebhook", times: 6 })
  const sold = await Promise.all(["Customer 1", "Customer 2"].map((name) => stories.sell(name, "home")))
  const told = Promise.all(sold.map((order) => stories.goOn(order, "home")))
  while (world.factory.ledger().filter(({ kind }) => kind === "shipped").length < 2) await Bun.sleep(50)
  await scene.quiet()
  return { told }
}

describe("a platform that is killed at any moment", () => {
  const lives: Array<string> = []
  const endings: Array<Promise<void>> = []

  test("goes on in its next life, until every named moment has killed it once", async () => {
    await scene.platform.start()
    const owned = await cars()
    const { told } = await silentOrders()
    endings.push(told.then(() => {}))
    await scene.platform.kill()
    await scene.pass(25 * hour)

    const left = new Set(crashPoints)
    const isOver = () => left.size === 0
    const failed = Promise.withResolvers<never>()
    for (const [n, kind] of kinds.entries()) {
      const lane = (async () => {
        do await scene.stories.tell(kind, `Customer ${n + 1}`)
        while (!isOver())
      })()
      lane.catch(failed.reject)
      endings.push(lane)
    }
    for (const [n, kinds] of services.entries()) {
      const lane = (async () => {
        const names = [`Customer 1${n}`, `Customer 2${n}`] // Who has it, and who may have it next.
        for (let car = owned[n]!, told = 0; told === 0 || !isOver(); told++) {
          const kind = kinds[told % kinds.length]!
          car = await scene.services.tell(kind, car, names[1]!)
          if (kind === "sold") names.reverse()
        }
      })()
      lane.catch(failed.reject)
      endings.push(lane)
    }
    letTimePass(minutes.every)
    while (!isOver()) {
      // First what only the two silent orders can meet: a life that dies elsewhere would use their timers up.
      const next = silence.find((points) => points.some((point) => left.has(point))) ?? [...left]
      const doom = Object.fromEntries(next.filter((point) => left.has(point)).map((point) => [point, 1]))
      await scene.platform.start(doom)
      const point = await Promise.race([scene.platform.died(lifeMillis), failed.promise])
      expect(point, `none of these was reached: ${[...left].join(", ")}`).not.toBeNull()
      expect(left.delete(point!)).toBe(true)
      lives.push(point!)
    }
    expect([...lives].sort()).toEqual([...crashPoints].sort())
    expect(lives.length).toBeLessThanOrEqual(100)
  }, 400_000)

  test("brings every order and every service where it must be", async () => {
    await scene.platform.start()
    letTimePass(minutes.atLast)
    await Promise.all(endings)
    clearInterval(time)
    await scene.quiet()
    const [row] = await scene.sql`SELECT count(*)::int AS open FROM actors WHERE type = 'order' AND NOT closed`
    expect(row).toEqual({ open: 0 })
    const { delivered, cancelled, forfeited } = scene.stories.ended
    expect(delivered).toBeGreaterThanOrEqual(6)
    expect(cancelled).toBeGreaterThanOrEqual(1)
    expect(forfeited).toBeGreaterThanOrEqual(1)
    // Nobody who waits for a car, or for the bank, was forgotten.
    const [services] = await scene.sql`
      SELECT count(*)::int AS open FROM actors WHERE type = 'activation' AND state_path ~ 'service[.](pending|retry)'`
    expect(services).toEqual({ open: 0 })
    const ended = scene.services.ended
    expect(ended["withdrawn refunded"]).toBeGreaterThanOrEqual(4)
    for (const once of ["withdrawn voided", "escalated voided", "cancelled"]) expect([once, ended[once]! > 0]).toEqual([once, true])
    // The lives were short enough to leave work half done, and callers without an answer.
    const [again] = await scene.sql`SELECT count(*)::int AS commands FROM outbox WHERE attempts > 1`
    expect(again.commands).toBeGreaterThan(10)
    const { acts } = scene.stories.chronicle
    expect(acts.filter(({ saw }) => saw === "ok").length).toBeGreaterThan(50)
    expect(acts.filter(({ saw }) => saw === "fail").length).toBeGreaterThan(0)
  }, 180_000)

  test("has charged, ordered, registered and carried everything once, as the partners' own books say", async () => {
    const { violated, invariants } = await scene.verify()
    expect(invariants.flatMap(({ id, violations }) => violations.map((violation) => `${id} ${violation}`))).toEqual([])
    expect(violated).toBe(0)
    // Nothing was parked or wiped; months, and payments that never settle, are killed in money-kills.test.ts.
    expect(invariants.filter(({ checked }) => checked === 0).map(({ id }) => id)).toEqual(["I14", "I17", "I27", "I30", "I65"])
  }, 30_000)

  test("says the same, and goes on, once Redis and NATS have forgotten everything", async () => {
    const beforeWipe = await scene.verify()
    await scene.wipe()
    expect(scene.wiped()).toBe(2) // Reminders of webhooks, and reports.
    await scene.stories.tell("home", "Customer 1")
    await scene.quiet()
    const { invariants } = await scene.verify({ beforeWipe })
    expect(invariants.flatMap(({ id, violations }) => violations.map((violation) => `${id} ${violation}`))).toEqual([])
    expect(invariants.find(({ id }) => id === "I17")!.checked).toBeGreaterThan(25)
  }, 60_000)
})
