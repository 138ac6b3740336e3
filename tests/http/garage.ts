/** Cars that were handed over, with a simulated car behind each: what the tests of services begin with. */
import { Vehicle } from "#actors/addresses.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import { VehicleBuilt, VehicleMoved } from "#machines/vehicle.ts"
import { type Country, DealershipId, OrderId, Vin } from "#machines/vocabulary.ts"
import type { Call, HttpHouse, Signed } from "./house.ts"

export interface CarOptions {
  readonly model?: string
  readonly country?: Country
  readonly link?: "nats" | "apiIot"
  /** False: a car built before cars had keys. */
  readonly withKey?: boolean
}

let built = 0
const newVin = () => Vin.make(`VSSZZZ6K${String(++built).padStart(9, "0")}`)

/** The owner's new car. */
export const ownedCar = async (house: HttpHouse, owner: Signed, options: CarOptions = {}): Promise<Vin> => {
  const { model = "Modelo Uno", country = "ES", link = "nats", withKey = true } = options
  const vin = newVin()
  const orderId = OrderId.make(`ord_${vin}`)
  house.world.fleet.buildFor(link)
  const key = house.world.fleet.build(vin, model, country)
  const birth = { vin, orderId, model, country, dealershipId: DealershipId.make("dea_madrid"), assigned: true }
  const tell = (message: typeof VehicleBuilt.Type | typeof VehicleMoved.Type) =>
    house.runtime.runPromise(
      ActorSystem.use((actors) => actors.tell(Vehicle.at(vin), message, { id: `test/${vin}/${message.type}` }))
    )
  await tell(VehicleBuilt.make(withKey ? { ...birth, key } : birth))
  await tell(VehicleMoved.make({ orderId, to: "customer", ownerId: owner.subjectId, bundle: [] }))
  return vin
}

/** What the app of somebody does about one car. */
export const driver = (house: HttpHouse, { token }: Signed, vin: string) => {
  const ask = (method: string, path = "", call: Omit<Call, "token"> = {}) =>
    house.call("public", method, `/api/me/vehicles/${vin}${path}`, { token, ...call })
  const service = (activationId: string) => ask("GET", `/activations/${activationId}`)
  return {
    ask,
    buy: (purchase: object, key: string = crypto.randomUUID()) => ask("POST", "/activations", { key, body: purchase }),
    service,
    /** Until the service is in this state; its card. */
    sees: async (activationId: string, state: string, payment?: string) => {
      for (const end = performance.now() + 15_000; ; await Bun.sleep(20)) {
        const { body } = await service(activationId)
        if (body.state === state && (payment === undefined || body.payment === payment)) return body
        if (performance.now() > end)
          throw new Error(`${activationId} is ${body.state} and ${body.payment}, not ${state} and ${payment}`)
      }
    },
    /** With the code on the car's screen. */
    pairs: async () => {
      const before = await reportsOf(house, vin)
      const code = house.world.fleet.car(vin).showPairingCode()
      for (const end = performance.now() + 10_000; (await reportsOf(house, vin)) === before; await Bun.sleep(20))
        if (performance.now() > end) throw new Error(`${vin}'s code was not heard of`)
      return ask("POST", "/link", { body: { pairingCode: code } })
    }
  }
}

const reportsOf = async (house: HttpHouse, vin: string): Promise<number> =>
  (await house.rows(`SELECT count(*)::int AS n FROM vehicle_reports WHERE vin = '${vin}'`))[0].n

export const heatedSeats = { option: "heated-seats", term: { kind: "temporary", count: 3, unit: "month" }, consents: [] }
export const powerPlus = { option: "power-plus", term: { kind: "temporary", count: 7, unit: "day" }, consents: [] }
