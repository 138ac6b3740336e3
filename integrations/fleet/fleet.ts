/** Cars that behave like cars, thousands in one process: each obeys what is signed for it and nothing else, and writes down why. */
import { type Simulator, type SimulatorOptions, startPartner } from "../http/simulated-partner.ts"
import { acts } from "./acts.ts"
import { Car, type CarState, type Heard, type Surroundings } from "./car.ts"
import type { FleetEntry, Way } from "./entry.ts"
import { blank, type RunningFeature } from "./flash.ts"
import { keyRing } from "./jws.ts"
import { live, measure } from "./life.ts"
import { Memory } from "./memory.ts"
import { type Broker, broker, type Road } from "./road.ts"
import { type Link, manufacture } from "./secure-element.ts"

export interface FleetOptions extends SimulatorOptions {
  /** Whose documents and whose catalogues the cars believe: raw public keys, base64url. */
  readonly trust: { readonly config: ReadonlyArray<string>; readonly catalogue: ReadonlyArray<string> }
  /** Where there is none, cars hear phones and the API IoT alone. */
  readonly natsUrl?: string
  readonly natsSpace?: string
  /** Each car has a connection of its own, with credentials of its own where NATS_VEHICLE_ISSUER (`issuer`) is given. */
  readonly connections?: "shared" | "perCar"
  readonly issuer?: string
  /** A JSON-lines file; with it the cars survive a restart. */
  readonly carsFile?: string
  /** They drive, park, sleep and measure by themselves. */
  readonly lively?: boolean
}

/** A car as its flash and its state show it. */
export interface CarView {
  readonly vin: string
  readonly model: string
  readonly link: Link
  readonly cfgVersion: number
  readonly highestVersion: number
  readonly features: ReadonlyArray<RunningFeature>
  readonly parked: boolean
  readonly online: boolean
}

export interface Fleet extends Simulator<FleetEntry> {
  /** A new car: what the factory tells of it. The same car again is answered the same. */
  readonly build: (vin: string, model: string, country: string) => { readonly publicKey: string; readonly link: Link }
  /** The road of all cars built from now on; null: one in five by the API IoT. */
  readonly buildFor: (link: Link | null) => void
  /** Throws where nobody has built it. */
  readonly car: (vin: string) => Car
  readonly cars: () => ReadonlyArray<Car>
  readonly flash: () => ReadonlyArray<CarView>
  /** Every car looks at its clock: ends what has ended, obeys what it was slow to obey, repeats what nobody acknowledged. */
  readonly tick: () => void
  /** What a live world does every second. */
  readonly second: () => void
  /** Whoever can be reached sends a sample. */
  readonly measure: () => void
  /** Brings a message to a car by another road than the broker; false where it cannot be reached. */
  readonly deliver: (vin: string, leaf: Heard, text: string, by: Way) => boolean
  readonly attach: (link: "apiIot", road: Road) => void
  readonly broker: Broker | null
}

const tickMillis = 1_000
const silenceMillis = 10_000 // A new car only listens; it says hello by itself after so long.

export const startFleet = async (options: FleetOptions): Promise<Fleet> => {
  const now = options.now ?? Date.now
  const memory = new Memory(options.carsFile)
  const cars = new Map<string, Car>()
  const silentSince = new Map<Car, number>()
  const roads = new Map<Link, Road>()
  let record!: (entry: FleetEntry) => void
  let forced: Link | null = null

  const around: Surroundings = {
    now,
    trust: { config: keyRing(options.trust.config), catalogue: keyRing(options.trust.catalogue) },
    note: (car, happening) =>
      record({ at: new Date(now()).toISOString(), carAt: new Date(car.time).toISOString(), vin: car.vin, ...happening }),
    send: (car, leaf, text) => roads.get(car.link)?.send(car.vin, leaf, text) ?? false,
    reaches: (car, online) => roads.get(car.link)?.reaches(car.vin, online),
    keep: (car) => memory.keep(car.state)
  }
  const open = (state: CarState) => {
    const car = new Car(state, around)
    cars.set(car.vin, car)
    around.reaches(car, true)
    return car
  }
  const deliver = (vin: string, leaf: Heard, text: string, by: Way) => {
    const car = cars.get(vin)
    if (car?.link !== (by === "apiIot" ? "apiIot" : "nats") || !car.online) return false
    car.hear(leaf, text, by)
    return true
  }
  const hello = (car: Car) => {
    if (car.online) car.say("hello")
  }
  const each = (act: (car: Car) => void) => {
    for (const car of cars.values()) act(car)
  }
  const tick = () => each((car) => car.tick())
  const second = () => {
    tick()
    if (options.lively) each(live)
    for (const [car, since] of silentSince) {
      if (since + silenceMillis > now()) continue
      silentSince.delete(car)
      if (car.newest === null) hello(car)
    }
  }
  const flash = () => [...cars.values()].map(viewOf)

  const onCar = (act: (typeof acts)[string]) => (vin: string, detail: Record<string, unknown>) => {
    const car = cars.get(vin)
    return car === undefined ? { error: "no such car" } : act(car, detail)
  }
  const simulator = await startPartner<FleetEntry>("fleet", options, (office) => {
    record = office.record
    return {
      answer: () => ({ status: 404, body: { error: "a fleet has no doors: GET /_simulator/flash, /_simulator/ledger" } }),
      acts: { ...Object.fromEntries(Object.entries(acts).map(([name, act]) => [name, onCar(act)])), tick },
      views: { flash }
    }
  })
  const wire =
    options.natsUrl === undefined
      ? null
      : await broker(
          {
            url: options.natsUrl,
            space: options.natsSpace ?? "",
            connections: options.connections ?? "shared",
            issuer: options.issuer
          },
          {
            hear: (vin, leaf, text) => void deliver(vin, leaf, text, "nats"),
            back: (vin) => each((car) => (car.link === "nats" && (vin ?? car.vin) === car.vin ? hello(car) : undefined))
          }
        )
  if (wire !== null) roads.set("nats", wire)
  for (const state of memory.cars.values()) open(state)
  if (options.manual !== true) each((car) => void silentSince.set(car, 0))
  const timer = options.manual === true ? null : setInterval(second, tickMillis)

  return {
    ...simulator,
    build: (vin, model, country) => {
      const known = cars.get(vin)
      if (known !== undefined) return { publicKey: known.element.state.publicKey, link: known.link }
      const link = forced ?? (Number(vin.slice(-6)) % 5 === 0 ? "apiIot" : "nats")
      const car = open({ element: manufacture({ vin, model, country, link }), image: blank })
      const { publicKey } = car.element.state
      memory.keep(car.state)
      silentSince.set(car, now())
      around.note(car, { kind: "built", model, country, publicKey, link })
      return { publicKey, link }
    },
    buildFor: (link) => {
      forced = link
    },
    car: (vin) => {
      const car = cars.get(vin)
      if (car === undefined) throw new Error(`Nobody has built ${vin}`)
      return car
    },
    cars: () => [...cars.values()],
    flash,
    tick,
    second,
    measure: () => each(measure),
    deliver,
    attach: (link, road) => {
      roads.set(link, road)
      for (const car of cars.values()) if (car.link === link) road.reaches(car.vin, car.online)
    },
    broker: wire,
    stop: async () => {
      if (timer !== null) clearInterval(timer)
      await wire?.stop()
      await simulator.stop()
    }
  }
}

const viewOf = (car: Car): CarView => ({
  vin: car.vin,
  model: car.element.state.model,
  link: car.link,
  cfgVersion: car.flash.image.cfgVersion,
  highestVersion: car.element.state.highestVersion,
  features: car.flash.image.features,
  parked: car.parked,
  online: car.online
})
