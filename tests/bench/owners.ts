/** Customers who are signed in, and the cars that were handed over to them: what a purchase begins with. */
import { Effect } from "effect"
import { Vehicle } from "#actors/addresses.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import { Accounts } from "#integrations/accounts/accounts.ts"
import { Persons } from "#integrations/persons/persons.ts"
import { VehicleBuilt, VehicleMoved } from "#machines/vehicle.ts"
import { DealershipId, OrderId, type SubjectId, Vin } from "#machines/vocabulary.ts"
import { persona } from "#src/demo/persona.ts"
import type { World } from "#src/simulated.ts"
import { type Environment, startHouse } from "./house.ts"

const customers = 8 // Each has a share of the cars; signing in is slow on purpose.
export const carCount = 3_000

export type Owners = Awaited<ReturnType<typeof owners>>

/** As their sales would have left them. */
export const owners = async (env: Environment, world: World) => {
  const house = await startHouse(env)
  const tokens: Array<string> = []
  const cars: Array<{ readonly vin: Vin; readonly owner: number }> = []
  world.fleet.buildFor("nats")
  await house.runPromise(
    Effect.gen(function* () {
      const persons = yield* Persons
      const accounts = yield* Accounts
      const actors = yield* ActorSystem
      const subjects: Array<SubjectId> = []
      for (let n = 0; n < customers; n++) {
        const who = persona(`Buyer ${n}`)
        const { subjectId } = yield* persons.keep(who, "system")
        yield* accounts.provision({ subjectId, role: "customer", dealershipId: null, createdBy: "system" })
        yield* accounts.setPassword((yield* accounts.issueLink(subjectId, { evenIfSet: true }))!, "paseo-largo-7-olivos")
        tokens.push((yield* accounts.signIn(who.email, "paseo-largo-7-olivos", "public")).token)
        subjects.push(subjectId)
      }
      const handOver = Effect.fnUntraced(function* (serial: number) {
        const vin = Vin.make(`VSSZZZ7BZJR${String(serial).padStart(6, "0")}`)
        const orderId = OrderId.make(`ord_${vin}`)
        const owner = serial % customers
        const key = world.fleet.build(vin, "Modelo Uno", "ES")
        const built = {
          vin,
          orderId,
          model: "Modelo Uno",
          country: "ES" as const,
          dealershipId: DealershipId.make("dea_madrid"),
          key
        }
        const at = Vehicle.at(vin)
        yield* actors.tell(at, VehicleBuilt.make({ ...built, assigned: true }), { id: "bench/built" })
        yield* actors.tell(at, VehicleMoved.make({ orderId, to: "customer", ownerId: subjects[owner]!, bundle: [] }), {
          id: "bench/moved"
        })
        cars.push({ vin, owner })
      })
      yield* Effect.forEach(
        Array.from({ length: carCount }, (_, serial) => serial),
        handOver,
        { concurrency: 256, discard: true }
      )
    })
  )
  await house.dispose()
  return { tokens, cars }
}
