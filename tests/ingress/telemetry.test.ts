/** What cars measure, over the real broker into the real stores: shown, bounded, and heard by no actor. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { Effect, Metric } from "effect"
import { type Sample, Telemetry } from "#integrations/telemetry/telemetry.ts"
import { lostSamples } from "#src/ingress/telemetry.ts"
import { Car } from "./car.ts"
import { type Road, road, until } from "./road.ts"

let world: Road
const early = new Car(0)
beforeAll(async () => {
  world = await road({ natsUrl: process.env.NATS_URL! })
  // Who speaks before anybody listens is not heard: the first one goes on until it is.
  const heard = async () => {
    send(early, sample())
    return (await last(early)) !== null
  }
  await until("somebody who listens", heard, (is) => is)
})
afterAll(() => world.close())

const sample = (more: Partial<Sample> = {}): Sample => ({
  at: "2026-03-02T09:00:00.000Z",
  odometerMetres: 12_345,
  chargePercent: 80,
  parked: true,
  cabinCelsius: 21,
  ...more
})
const send = (car: Car, body: unknown) =>
  world.publish(car.vin, "telemetry", typeof body === "string" ? body : JSON.stringify(body))
const last = (car: Car) => world.runtime.runPromise(Telemetry.use((telemetry) => telemetry.last(car.vin)))
const kept = async () => Number((await world.sql`SELECT count(*) AS n FROM telemetry WHERE vin <> ${early.vin}`)[0].n)
const lost = () => world.runtime.runPromise(Effect.map(Metric.value(lostSamples), ({ count }) => Number(count)))

describe("telemetry", () => {
  test("is shown by its newest sample, kept in the table, and wakes nobody", async () => {
    const [one, other] = [new Car(1), new Car(2)]
    const rows = await kept()
    send(one, sample({ odometerMetres: 1 }))
    send(one, sample({ odometerMetres: 2 }))
    send(other, sample({ odometerMetres: 3 }))
    await until("three rows", kept, (now) => now === rows + 3)
    expect(await last(one)).toMatchObject({ vin: one.vin, sample: sample({ odometerMetres: 2 }) })
    expect(await last(other)).toMatchObject({ vin: other.vin, sample: sample({ odometerMetres: 3 }) })
    expect(world.told).toEqual([])
  })

  test("that is none is thrown away and counted, and the next one is kept", async () => {
    const car = new Car(3)
    const [before, rows] = [await lost(), await kept()]
    const rubbish = [
      "",
      "{",
      "[]",
      "\u0000",
      JSON.stringify(sample({ chargePercent: 101 })),
      JSON.stringify(sample({ odometerMetres: -1 })),
      JSON.stringify({ ...sample(), at: "yesterday" }),
      JSON.stringify({ ...sample(), padding: "x".repeat(4 * 1024) }),
      "x".repeat(1024 * 1024) // As much as the broker takes from anybody.
    ]
    for (const text of rubbish) send(car, text)
    world.publish("nobody", "telemetry", JSON.stringify(sample())) // No car has such a name: not even counted.
    send(car, sample())
    await until("one row more", kept, (count) => count === rows + 1)
    expect(await lost()).toBe(before + rubbish.length)
    expect(await last(car)).toMatchObject({ sample: sample() })
  })

  test("that is too much at once loses its oldest, not its newest, and nobody waits", async () => {
    const fifty = Array.from({ length: 50 }, (_, i) => new Car(1_000 + i))
    const cars = Array.from({ length: 12_000 }, (_, i) => fifty[i % 50]!)
    const [before, rows] = [await lost(), await kept()]
    for (const [i, car] of cars.entries()) send(car, sample({ odometerMetres: i }))
    await world.broker.flush()
    const counted = async () => (await lost()) - before + (await kept()) - rows
    await until("every sample kept or counted as lost", counted, (count) => count >= cars.length)
    expect(await counted()).toBe(cars.length)
    for (const [i, car] of cars.entries())
      if (i >= cars.length - 50) expect(await last(car)).toMatchObject({ sample: { odometerMetres: i } })
  })

  test("of a car that never stops talking pushes nobody aside, and fills no table", async () => {
    const [sane, mad] = [new Car(2_000), new Car(2_001)]
    const [before, rows] = [await lost(), await kept()]
    send(sane, sample())
    for (let i = 0; i < 8_000; i++) send(mad, sample({ odometerMetres: i }))
    await world.broker.flush()
    const counted = async () => (await lost()) - before + (await kept()) - rows
    await until("every sample kept or counted as lost", counted, (count) => count === 8_001)
    expect(await last(sane)).toMatchObject({ sample: sample() })
    expect(await last(mad)).toMatchObject({ sample: { odometerMetres: 7_999 } })
    expect((await kept()) - rows).toBeLessThanOrEqual(1 + 8 * 8) // Of eight batches, on a busy machine.
  })
})
