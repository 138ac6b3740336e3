/** The long form of the kill tests: random moments, partners that misbehave, servers that forget, days that pass; and a judge at the end. */

import type { Fault } from "#integrations/http/faults.ts"
import type { Report } from "#src/verify/findings.ts"
import { crashPoints } from "./crash-points.ts"
import { Dice } from "./dice.ts"
import { keepRecord } from "./kept-record.ts"
import { machine } from "./machine.ts"
import { openScene, type Scene } from "./scene.ts"
import { serviceKinds } from "./service-stories.ts"
import type { Kind } from "./stories.ts"

export interface ChaosOptions {
  readonly kills: number
  readonly seed: number
  /** As it was called, for the record. */
  readonly command: string
}

const lanes = { sales: 4, cars: 4 } // Stories told at once, each by a customer of its own, or about a car of its own.
const kinds: ReadonlyArray<Kind> = ["home", "pickup", "forfeit", "factoryCancels"]
const lifeMillis = { least: 300, most: 2_000 } // Of a platform that stands; then it is killed wherever it is.
const moments = 4 // Named ones that a life may die at; it meets one of them, or none.
const often = 4 // A moment kills at its first to fourth time in a life.
const every = { fault: 4, mishap: 3, day: 25, wipe: 40, look: 50 } // Lives.
const minutes = { passed: 10 * 60_000, every: 1_500 } // Milliseconds of platform time, and of the wall clock: a service is tried again after minutes.
const silentDays = 20_000 // Milliseconds of the wall clock between two days, while the last stories end.
const hour = 3_600_000

/** Nothing here loses more than an answer, but the factory's webhooks: for those we have to ask. */
const faults: Readonly<
  Record<"factory" | "payments" | "registration" | "transport" | "workshops" | "apiIot", ReadonlyArray<Fault>>
> = {
  factory: [
    { fault: "dropReply" },
    { fault: "garbage" },
    { fault: "duplicate", copies: 5 },
    { fault: "reorder" },
    { fault: "loseWebhook", times: 3 }
  ],
  payments: [
    { fault: "dropReply" },
    { fault: "garbage", form: "wrongTypes" },
    { fault: "wrongAmount" },
    { fault: "error500AfterWork" },
    { fault: "duplicate", copies: 5 }
  ],
  registration: [
    { fault: "dropReply" },
    { fault: "garbage", form: "truncated" },
    { fault: "error500" },
    { fault: "down", ms: 500 }
  ],
  transport: [{ fault: "dropReply" }, { fault: "loseRequest" }, { fault: "duplicate", copies: 5 }, { fault: "reorder" }],
  workshops: [{ fault: "dropReply" }, { fault: "error500" }, { fault: "garbage", form: "html" }, { fault: "down", ms: 500 }],
  apiIot: [
    { fault: "dropReply" },
    { fault: "error500AfterWork" },
    { fault: "loseRequest" },
    { fault: "garbage", form: "truncated" }
  ]
}

/** What befalls a car, and what its owner may never notice. */
const mishaps: Readonly<Record<string, (car: ReturnType<Scene["world"]["fleet"]["car"]>) => void>> = {
  rebooted: (car) => car.reboot(),
  "rebooted before it answered": (car) => {
    car.failsBeforeAnswering = true
  },
  "lost what it heard": (car) => {
    car.losing = 2
  },
  "its reports were lost": (car) => {
    car.losingReports = 2
  },
  "its flash was set back": (car) => car.restoreFlash()
}

/** Answers whether everything held; the record lies in tests/proofs/results. */
export const chaos = async ({ kills, seed, command }: ChaosOptions): Promise<boolean> => {
  const startedAt = new Date()
  const begin = performance.now()
  const seconds = () => Math.round((performance.now() - begin) / 100) / 10
  const say = (line: string) => console.error(`${seconds().toFixed(1).padStart(7)} s  ${line}`)
  const dice = new Dice(seed)
  const scene = await openScene({ pace: 80, say })
  const timers: Array<ReturnType<typeof setInterval>> = []
  try {
    const died: Record<string, number> = {}
    const done: Record<string, number> = {}
    const count = (counts: Record<string, number>, what: string) => {
      counts[what] = (counts[what] ?? 0) + 1
    }
    const looks: Array<Report> = []
    const failed = Promise.withResolvers<never>()
    failed.promise.catch(() => {})
    let over = false

    await scene.platform.start() // Somebody has to be able to sign in.
    timers.push(setInterval(() => void scene.pass(minutes.passed).catch(() => {}), minutes.every))
    const sales = Array.from({ length: lanes.sales }, async (_, n) => {
      const own = new Dice(seed + n + 1)
      while (!over) await scene.stories.tell(own.oneOf(kinds), `Customer ${n + 1}`)
    })
    const cars = Array.from({ length: lanes.cars }, async (_, n) => {
      const own = new Dice(seed + 100 + n)
      const names = [`Customer 1${n}`, `Customer 2${n}`]
      for (let car = await scene.stories.deliver(names[0]!); !over; ) {
        const kind = own.oneOf(serviceKinds)
        car = await scene.services.tell(kind, car, names[1]!)
        if (kind === "sold") names.reverse()
      }
    })
    const ends = [...sales, ...cars]
    for (const lane of ends) lane.catch(failed.reject)
    const live = async (life: number) => {
      if (life % every.fault === 0) count(done, misbehave(scene, dice))
      if (life % every.mishap === 0) {
        const what = dice.oneOf(Object.keys(mishaps))
        const cars = scene.world.fleet.cars()
        if (cars.length > 0) {
          mishaps[what]!(dice.oneOf(cars))
          count(done, `a car: ${what}`)
        }
      }
      if (life % every.day === 0) {
        await scene.pass(25 * hour)
        count(done, "a day passed")
      }
      if (life % every.wipe === 0) {
        await scene.wipe()
        count(done, "Redis and NATS wiped")
      }
      const point = await oneLife(scene, dice)
      count(died, point)
      if (life % every.look === 0) {
        const report = await scene.verify({ quiet: false })
        looks.push(report)
        if (report.violated > 0) throw new Error(`While it all went on: ${JSON.stringify(violationsOf(report))}`)
      }
      say(`kill ${life}/${kills}  ${point}`)
    }
    await scene.platform.kill()
    for (let life = 1; life <= kills; life++) await Promise.race([live(life), failed.promise])

    over = true
    await scene.platform.start()
    say("the last stories come to their end")
    timers.push(setInterval(() => scene.pass(25 * hour), silentDays))
    await Promise.race([Promise.all(ends), failed.promise])
    for (const timer of timers) clearInterval(timer)
    await scene.quiet()
    const report = await scene.verify()
    await scene.wipe()
    await scene.stories.tell("home", "Customer 1")
    await scene.quiet()
    const afterWipe = await scene.verify({ beforeWipe: report })
    const held = [report, afterWipe].every(({ violated }) => violated === 0)

    const { acts } = scene.stories.chronicle
    const saw = (what: string) => acts.filter((act) => act.saw === what).length
    const [size] = await scene.sql`
      SELECT (SELECT count(*)::int FROM actors) AS actors, (SELECT count(*)::int FROM journal) AS turns,
             (SELECT count(*)::int FROM outbox) AS commands, (SELECT count(*)::int FROM webhooks) AS webhooks,
             (SELECT count(*)::int FROM outbox WHERE attempts > 1) AS "commandsTriedAgain"`
    const record = {
      command,
      seed,
      startedAt: startedAt.toISOString(),
      seconds: seconds(),
      machine: machine(),
      kills: {
        total: Object.values(died).reduce((sum, n) => sum + n, 0),
        byPoint: sorted(died),
        neverMet: crashPoints.filter((point) => died[point] === undefined)
      },
      besides: sorted(done),
      orders: sorted(scene.stories.ended),
      services: sorted(scene.services.ended),
      callers: { ok: saw("ok"), fail: saw("fail"), info: saw("info") },
      database: size,
      looksWhileItWentOn: looks.map(({ checked, violated }) => ({ checked, violated })),
      verify: summaryOf(report),
      verifyAfterWipe: summaryOf(afterWipe)
    }
    const file = keepRecord("chaos", startedAt, record)
    say(
      `${held ? "everything held" : `violated: ${JSON.stringify([...violationsOf(report), ...violationsOf(afterWipe)])}`}; ${file}`
    )
    return held
  } catch (error) {
    say(`${scene.platform.lastWords()}\nStill open:\n${await scene.open()}`)
    throw error
  } finally {
    for (const timer of timers) clearInterval(timer)
    await scene.close()
  }
}

/** Answers where it ended: at a named moment, before it stood, or anywhere. */
const oneLife = async ({ platform }: Scene, dice: Dice): Promise<string> => {
  const fate = dice.throw()
  if (fate < 0.1) {
    const standing = platform.start()
    standing.catch(() => {})
    await Bun.sleep(dice.between(20, 900))
    return (await platform.kill()) ?? "while it started, or just after"
  }
  const dooms = Array.from({ length: moments }, () => [dice.oneOf(crashPoints), dice.between(1, often)] as const)
  await platform.start(fate < 0.9 ? Object.fromEntries(dooms) : {})
  return (await platform.died(dice.between(lifeMillis.least, lifeMillis.most))) ?? (await platform.kill()) ?? "anywhere"
}

const misbehave = ({ world }: Scene, dice: Dice): string => {
  const partner = dice.oneOf(Object.keys(faults) as Array<keyof typeof faults>)
  const fault = dice.oneOf(faults[partner])
  world[partner].misbehave(fault)
  return `${partner}: ${fault.fault}`
}

const violationsOf = ({ invariants }: Report) =>
  invariants.flatMap(({ id, violations }) => violations.map((violation) => `${id} ${violation}`))
const summaryOf = ({ checked, violated, invariants }: Report) => ({
  checked,
  violated,
  invariants: Object.fromEntries(
    invariants.map(({ id, checked, violations }) => [id, violations.length === 0 ? checked : violations])
  )
})
const sorted = (counts: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)))
