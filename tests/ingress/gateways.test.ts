/** Two gateways on one stream and one database: what each of them hears is one story of a car, and nobody's death loses a word of it. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { Effect } from "effect"
import { nanos } from "nats"
import { Overloaded } from "#actors/system/letter.ts"
import { Redis } from "#integrations/redis/redis.ts"
import { healReports } from "#integrations/vehicle-link/reports.ts"
import { ingressLag } from "#src/ingress/lag.ts"
import { Pace } from "#src/ingress/pace.ts"
import { Car, receiptOf } from "./car.ts"
import { type Road, road, until } from "./road.ts"
import { handled } from "./world.ts"

let here: Road
let there: Road
beforeAll(async () => {
  here = await road({ natsUrl: process.env.NATS_URL! })
  there = await road({ natsUrl: process.env.NATS_URL!, databaseUrl: here.databaseUrl, space: here.space, keys: here.keys })
})
afterAll(async () => {
  await there.close()
  await here.close()
})

let serial = 700_000
const newCars = async (count: number) => {
  const cars = Array.from({ length: count }, () => new Car(++serial))
  await here.knows(...cars)
  return cars
}
const send = async (...reports: ReadonlyArray<readonly [Car, string]>) => {
  for (const [{ vin }, jws] of reports) here.publish(vin, "report", jws)
  await here.broker.flush()
}
const toldOf = (car: Car) => [...here.toldOf(car), ...there.toldOf(car)]
const reader = "report-ingress"
const stream = () => `VEHICLE_REPORTS_${here.space}`
const manager = () => here.broker.jetstreamManager({ checkAPI: false })

/** What the vehicle was told last, as the tables have it. */
const newest = async ({ vin }: Car) => {
  const [row] =
    await here.sql`SELECT boot_id AS boot, counter::int FROM vehicle_reports WHERE vin = ${vin} ORDER BY version DESC LIMIT 1`
  return row as { readonly boot: string; readonly counter: number }
}

describe("two gateways", () => {
  test("share the reports of many cars, and lose and double none", async () => {
    const cars = await newCars(600)
    const reports = cars.map((car) => [car, car.says()] as const)
    await send(...reports)
    await here.quiet()
    const ids = [...here.told, ...there.told].map(({ id }) => id)
    expect(new Set(ids)).toEqual(new Set(reports.map(([, jws]) => `car/${receiptOf(jws)}`)))
    expect(ids).toHaveLength(reports.length)
    expect(Math.min(here.told.length, there.told.length)).toBeGreaterThan(reports.length / 10)
  })

  test("know of each other what a car said: one that goes back and forth is never taken for one that repeats itself", async () => {
    const cars = await newCars(60)
    const boots = ["boot-1", "boot-2", "boot-1", "boot-1", "boot-2", "boot-1", "boot-2", "boot-2"]
    for (const bootId of boots) {
      await send(...cars.map((car) => [car, car.says({ bootId })] as const))
      await here.quiet()
    }
    // All at once, as many as the broker keeps of one car.
    await send(...cars.flatMap((car) => boots.toReversed().map((bootId) => [car, car.says({ bootId })] as const)))
    await here.quiet()
    const last = await Promise.all(cars.map(newest))
    expect(last.filter(({ boot }) => boot !== "boot-1")).toEqual([])
    for (const car of cars) {
      const told = toldOf(car).map(({ message }) => message.counter)
      expect(new Set(told).size).toBe(told.length)
      expect(told).toEqual(expect.arrayContaining([1, 2, 3, 5, 6, 7])) // Whoever heard them.
      expect(told).not.toContain(4)
    }
  })

  test("wake nobody for a car that says nothing new, whichever of them it reaches; without what Redis knew, once more", async () => {
    const [car] = (await newCars(1)) as [Car]
    const repeats = async () => {
      for (let n = 0; n < 12; n++) {
        await send([car, car.says()])
        await here.quiet()
      }
    }
    await repeats()
    expect(toldOf(car).map(({ message }) => message.counter)).toEqual([1])
    const redis = await here.runtime.runPromise(Redis)
    await redis.del(`heard:${car.vin}`)
    await repeats()
    expect(toldOf(car).map(({ message }) => message.counter)).toEqual([1, 13])
    expect(here.acknowledgedTo(car)).toHaveLength(24)
  })

  test("answer the same bytes the same, whoever of them answered first, and ask nobody", async () => {
    const [car] = (await newCars(1)) as [Car]
    const jws = car.says()
    await send([car, jws])
    await until(
      "an acknowledgement",
      () => here.acknowledgedTo(car).length,
      (count) => count === 1
    )
    await here.sql`DELETE FROM vehicle_reports WHERE vin = ${car.vin}` // Whoever asked would tell it again.
    for (let n = 0; n < 12; n++) {
      await send([car, jws])
      await here.quiet()
    }
    expect(toldOf(car)).toHaveLength(1)
    await until(
      "twelve more",
      () => here.acknowledgedTo(car).length,
      (count) => count === 13
    )
    expect(new Set(here.acknowledgedTo(car).map(({ jws }) => jws)).size).toBe(1)
  })

  test("believe no acknowledgement that is not ours: a report that somebody says was answered is heard", async () => {
    const [car] = (await newCars(1)) as [Car]
    const jws = car.says()
    const forged = car.sign({ v: 1, vin: car.vin, counter: 1, receiptId: receiptOf(jws) }, { typ: "caas-acknowledged+jws" })
    here.broker.publish(`${here.space}.vehicles.${car.vin}.acknowledged`, forged)
    await send([car, jws])
    await here.quiet()
    expect(toldOf(car)).toHaveLength(1)
  })

  test("make the limits of a queue their own, where another version of ours has made it", async () => {
    const { consumers } = await manager()
    const ours = (await consumers.info(stream(), reader)).config.max_ack_pending
    await consumers.update(stream(), reader, { max_ack_pending: 1 })
    expect(await here.runtime.runPromise(healReports)).toBe("well")
    expect((await consumers.info(stream(), reader)).config.max_ack_pending).toBe(ours)
  })

  test("hear what another one held when it died", async () => {
    const cars = await newCars(40)
    const reports = cars.map((car) => [car, car.says()] as const)
    const { consumers } = await manager()
    // A reader like ourselves that takes and never answers. That half a minute passes for the broker sooner is this test's doing.
    await consumers.update(stream(), reader, { ack_wait: nanos(1_000) })
    const taken = await (await here.broker.jetstream().consumers.get(stream(), reader)).fetch({ max_messages: 20, expires: 2_000 })
    let held = 0
    const holding = (async () => {
      for await (const _ of taken) held++
    })()
    await send(...reports)
    await until(
      "something it holds",
      () => held,
      (count) => count > 0
    )
    await taken.close()
    await holding
    await here.quiet()
    expect(new Set(cars.flatMap(toldOf).map(({ id }) => id))).toEqual(new Set(reports.map(([, jws]) => `car/${receiptOf(jws)}`)))
    await consumers.update(stream(), reader, { ack_wait: nanos(30_000) })
  })

  test("leave to the others what they hold when they stop, at once", async () => {
    const third = await road({ natsUrl: process.env.NATS_URL!, databaseUrl: here.databaseUrl, space: here.space, keys: here.keys })
    third.vehicles.answer = () => Effect.never
    const cars: Array<Car> = []
    while (third.told.length < 10) {
      const [car] = (await newCars(1)) as [Car]
      cars.push(car)
      await send([car, car.says()])
    }
    const held = third.told.map(({ id }) => id)
    await third.runtime.dispose()
    // The broker alone would wait for half a minute.
    const ids = () => new Set([...here.told, ...there.told].map(({ id }) => id))
    await until("what it held", ids, (heard) => held.every((id) => heard.has(id)), 5_000)
    // One that was on its way to it when it stopped is not lost, but late.
    await (await manager()).consumers.update(stream(), reader, { ack_wait: nanos(1_000) })
    await here.quiet()
    await (await manager()).consumers.update(stream(), reader, { ack_wait: nanos(30_000) })
    expect(cars.filter((car) => toldOf(car).length !== 1)).toEqual([])
    await third.broker.close()
    await third.sql.close()
  })

  test("ask for less while the actors have no room, say how far they are behind, and hear everybody in the end", async () => {
    const full = ({ path }: { readonly path: string }) => Effect.fail(new Overloaded({ path, retryAfterSeconds: 1 }))
    here.vehicles.answer = full
    there.vehicles.answer = full
    const cars = await newCars(2_000)
    const before = here.told.length + there.told.length
    await send(...cars.map((car) => [car, car.says()] as const))
    const lag = () => here.runtime.runPromise(ingressLag)
    const behind = await until(
      "reports that were refused once",
      async () => (await lag()).find(({ queue }) => queue === "VEHICLE_REPORTS")!,
      ({ redelivered }) => redelivered > 0
    )
    expect(behind.unanswered).toBeGreaterThan(0)
    expect(behind.waiting).toBeGreaterThan(0) // Most of them are left where they are.
    expect(await here.left()).toBe(cars.length)
    expect(here.told.length + there.told.length - before).toBeLessThan(cars.length)

    here.vehicles.answer = handled
    there.vehicles.answer = handled
    await here.quiet()
    expect(cars.filter((car) => here.acknowledgedTo(car).length !== 1)).toEqual([])
    expect((await lag()).find(({ queue }) => queue === "VEHICLE_REPORTS")).toMatchObject({
      waiting: 0,
      unanswered: 0,
      redelivered: 0
    })
  })
})

describe("the pace of a gateway", () => {
  const [quick, slow] = [20, 400] // Milliseconds.
  const after = (
    pace: Pace,
    ...fetches: ReadonlyArray<{ readonly quick?: number; readonly slow?: number; readonly refused?: number }>
  ) =>
    fetches.map((fetch) => {
      for (let n = 0; n < (fetch.quick ?? 0); n++) pace.went(true, quick)
      for (let n = 0; n < (fetch.slow ?? 0); n++) pace.went(true, slow)
      for (let n = 0; n < (fetch.refused ?? 0); n++) pace.went(false, quick)
      pace.adapt()
      return [pace.hands, pace.rest]
    })

  test("halves with each fetch that finds the actors busy, and rests, up to two seconds", () =>
    expect(
      after(
        new Pace(),
        { refused: 256 },
        { quick: 10, refused: 118 },
        { refused: 64 },
        { refused: 32 },
        { refused: 16 },
        { refused: 8 }
      )
    ).toEqual([
      [256, 250],
      [128, 500],
      [64, 1_000],
      [64, 2_000],
      [64, 2_000],
      [64, 2_000]
    ]))

  test("slows down where what is under way takes too long, so that nobody who comes later waits for it", () => {
    const pace = new Pace()
    expect(after(pace, { slow: 256 }, { slow: 150, quick: 50 }, { slow: 10, quick: 100 })).toEqual([
      [384, 0],
      [288, 0],
      [320, 0]
    ])
    for (let fetch = 0; fetch < 30; fetch++) after(pace, { slow: 8 })
    expect([pace.hands, pace.limit, pace.batch]).toEqual([64, 32, 32])
  })

  test("recovers step by step, and is not disturbed by a few that are busy, nor by silence", () => {
    const pace = new Pace()
    expect(after(pace, { refused: 256 }, { refused: 128 }, {}, { quick: 64 }, { quick: 75, refused: 25 })).toEqual([
      [256, 250],
      [128, 500],
      [128, 500],
      [160, 0],
      [192, 0]
    ])
    for (let fetch = 0; fetch < 10; fetch++) after(pace, { quick: 100 })
    expect([pace.hands, pace.limit, pace.batch]).toEqual([512, 256, 64])
  })
})
