/** Cars as their sales would have left them: built, handed over, and their owners signed in. */
import { Effect } from "effect"
import { Vehicle } from "#actors/addresses.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import { Accounts } from "#integrations/accounts/accounts.ts"
import { Persons } from "#integrations/persons/persons.ts"
import { VehicleBuilt, VehicleMoved } from "#machines/vehicle.ts"
import { DealershipId, OrderId, type SubjectId, Vin } from "#machines/vocabulary.ts"
import { persona } from "#src/demo/persona.ts"
import { type Environment, startHouse } from "#tests/bench/house.ts"
import type { BuiltCar } from "./outside.ts"

const customers = 8 // Each has a share of the cars; signing in is slow on purpose.
const atOnce = 256
const password = "paseo-largo-7-olivos"

export const vinOf = (serial: number) => Vin.make(`VSSZZZ7BZJR${String(serial).padStart(6, "0")}`)

/** By car: the token of its owner. */
export const soldFleet = async (env: Environment, cars: ReadonlyArray<BuiltCar>): Promise<ReadonlyArray<string>> => {
  const house = await startHouse(env)
  const tokens = await house.runPromise(
    Effect.gen(function* () {
      const persons = yield* Persons
      const accounts = yield* Accounts
      const actors = yield* ActorSystem
      const owners: Array<{ readonly subjectId: SubjectId; readonly token: string }> = []
      for (let n = 0; n < Math.min(customers, cars.length); n++) {
        const who = persona(`Customer ${n + 1}`)
        const { subjectId } = yield* persons.keep(who, "system")
        yield* accounts.provision({ subjectId, role: "customer", dealershipId: null, createdBy: "system" })
        yield* accounts.setPassword((yield* accounts.issueLink(subjectId, { evenIfSet: true }))!, password)
        owners.push({ subjectId, token: (yield* accounts.signIn(who.email, password, "public")).token })
      }
      const handOver = Effect.fnUntraced(function* ({ vin: name, publicKey, link }: BuiltCar, n: number) {
        const vin = Vin.make(name)
        const orderId = OrderId.make(`ord_${vin}`)
        const { subjectId, token } = owners[n % owners.length]!
        const dealershipId = DealershipId.make("dea_madrid")
        const built = { vin, orderId, dealershipId, assigned: true, model: "Modelo Uno", country: "ES" as const }
        yield* actors.tell(Vehicle.at(vin), VehicleBuilt.make({ ...built, key: { publicKey, link } }), { id: "reconnect/built" })
        const moved = VehicleMoved.make({ orderId, to: "customer", ownerId: subjectId, bundle: [] })
        yield* actors.tell(Vehicle.at(vin), moved, { id: "reconnect/moved" })
        return token
      })
      return yield* Effect.forEach(cars, handOver, { concurrency: atOnce })
    })
  )
  await house.dispose()
  return tokens
}
