/** Ten thousand cars with keys of their own, and what they say to the broker. */
import { randomUUID } from "node:crypto"
import { Effect } from "effect"
import { connect, type NatsConnection } from "nats"
import { Vehicle } from "#actors/addresses.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import { connectOptionsOf } from "#integrations/nats/nats.ts"
import { VehicleBuilt } from "#machines/vehicle.ts"
import { DealershipId, OrderId } from "#machines/vocabulary.ts"
import { Car } from "#tests/ingress/car.ts"
import type { House } from "./house.ts"

export const carCount = 10_000
const buildersAtOnce = 256

/** A report with its car, signed before anything is measured. */
export interface SignedReport {
  readonly car: Car
  readonly text: string
}

/** Built, as the factory would have told. */
export const builtCars = async (house: House): Promise<ReadonlyArray<Car>> => {
  const cars = Array.from({ length: carCount }, (_, serial) => new Car(serial))
  const build = ({ vin, publicKey }: Car) => {
    const order = { orderId: OrderId.make(`ord_${vin}`), dealershipId: DealershipId.make("dea_madrid"), assigned: true }
    const built = VehicleBuilt.make({ ...order, vin, model: "Modelo Uno", country: "ES", key: { publicKey, link: "nats" } })
    return ActorSystem.use((actors) => actors.tell(Vehicle.at(vin), built, { id: "bench/built" }))
  }
  await house.runPromise(Effect.forEach(cars, build, { concurrency: buildersAtOnce, discard: true }))
  return cars
}

/** One of each, in no order: every car has booted anew, so that each report is news and becomes a turn. */
export const helloOfEach = (cars: ReadonlyArray<Car>): ReadonlyArray<SignedReport> =>
  cars
    .map((car) => ({ car, text: car.says({ kind: "hello", bootId: randomUUID() }), place: Math.random() }))
    .sort((one, other) => one.place - other.place)

/** Somebody on the broker, beside the platform's own connection. */
export const joinBroker = (url: string): Promise<NatsConnection> => connect({ ...connectOptionsOf(url), name: "bench" })
