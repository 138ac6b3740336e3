/** Row `growth`: what a turn costs when a thousand actors are in the tables, and when a million are. The same engine, databases side by side. */
import { Effect, Redacted } from "effect"
import { Order, Vehicle } from "#actors/addresses.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import { migrate } from "#integrations/postgres/migrations.ts"
import { PaymentSettled } from "#machines/order.ts"
import { MaintenanceChecked } from "#machines/vehicle.ts"
import { OrderId, PaymentId, Vin } from "#machines/vocabulary.ts"
import { orderIdOf, serialOf, vinOf } from "#src/seed/marks.ts"
import { progressBar } from "#src/seed/progress.ts"
import { seedDatabase } from "#src/seed/seed.ts"
import { newDatabase } from "./database.ts"
import { type Engine, startEngine } from "./engine.ts"
import { median, type Row } from "./row.ts"

const callers = 256
const seconds = 4
const runs = 5
const actorsPerCar = 2.4 // A vehicle, its order, some services: of the seed's lives, about.
const few = 1_000 // Actors of the small database, and those that the warm callers of the large one keep to.

interface Town {
  readonly engine: Engine
  readonly cars: number
}

const settle = async (server: string, actors: number, say: (line: string) => void): Promise<Town> => {
  const url = await newDatabase(server)
  await migrate(url)
  const vehicles = Math.round(actors / actorsPerCar)
  const progress = progressBar(vehicles, { write: (line) => say(`growth: ${line.trimEnd()}`) })
  await seedDatabase({ url, vehicles, seed: "growth", personsKey: Redacted.make(new Uint8Array(32)), progress, say: () => {} })
  return { engine: await startEngine(url), cars: vehicles }
}

let told = 0 // Nothing is said twice.

/** Facts for cars and orders among the first `cars`, in no order: a word of the workshops, the settlement of a deposit. */
const turnsPerSecond = async (engine: Engine, cars: number): Promise<number> => {
  const begin = performance.now()
  const end = begin + seconds * 1000
  const before = told
  const caller = Effect.gen(function* () {
    const actors = yield* ActorSystem
    while (performance.now() < end) {
      const serial = serialOf(1 + Math.floor(Math.random() * cars))
      const id = `bench/${++told}`
      if (told % 2 === 0) {
        const checked = { status: "current", due: [], askedAt: "2026-01-01T00:00:00.000Z", terms: null, subjectId: null } as const
        yield* actors.tell(Vehicle.at(Vin.make(vinOf(serial))), MaintenanceChecked.make(checked), { id })
      } else {
        const orderId = orderIdOf(serial)
        const paymentId = PaymentId.make(`pay_${orderId.slice("ord_".length)}-reservation-1`)
        const amount = { amountMinor: 1_000_00, currency: "EUR" } as const
        yield* actors.tell(Order.at(OrderId.make(orderId)), PaymentSettled.make({ paymentId, kind: "reservation", amount }), { id })
      }
    }
  })
  await engine.runPromise(
    Effect.all(
      Array.from({ length: callers }, () => caller),
      { concurrency: "unbounded", discard: true }
    )
  )
  return (told - before) / ((performance.now() - begin) / 1000)
}

/** `actors`: in the large database, about. Small and large alternate, so that a noisy minute hits both. */
export const growth = async (server: string, actors: number, say: (line: string) => void): Promise<ReadonlyArray<Row>> => {
  const small = await settle(server, few, say)
  const large = await settle(server, actors, say)
  const measured: Array<{ small: number; warm: number; cold: number }> = []
  for (let run = 0; run <= runs; run++) {
    const taken = {
      small: await turnsPerSecond(small.engine, small.cars),
      warm: await turnsPerSecond(large.engine, small.cars),
      cold: await turnsPerSecond(large.engine, large.cars)
    }
    const [one, two, three] = [taken.small, taken.warm, taken.cold].map((rate) => Math.round(rate))
    say(`growth ${run === 0 ? "warm-up" : `${run}/${runs}`}: ${one}/s of ${few}, ${two}/s warm and ${three}/s cold of ${actors}`)
    if (run > 0) measured.push(taken)
  }
  await small.engine.dispose()
  await large.engine.dispose()
  const row = (name: string, what: string, of: "warm" | "cold"): Row => ({
    name,
    what,
    unit: "turns/s",
    ours: median(measured.map((one) => one[of])),
    limit: median(measured.map((one) => one.small)),
    ratio: median(measured.map((one) => one[of] / one.small)),
    runs: measured.map((one) => one[of]),
    goal: `≥ 80 % of the rate with ${few.toLocaleString("en")} actors`,
    notes: [`about ${actors.toLocaleString("en")} actors in the tables, ${large.cars.toLocaleString("en")} cars`]
  })
  return [
    row("growth", `${callers} callers, who keep to ${few.toLocaleString("en")} of the actors`, "warm"),
    row("growth-cold", `${callers} callers, spread over all actors: nearly each turn loads its snapshot`, "cold")
  ]
}
