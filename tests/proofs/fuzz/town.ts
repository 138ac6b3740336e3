/** Who asks, and what is there to be asked for: people of every role and two dealerships, each with a name that only some may read. */
import { Vehicle } from "#actors/addresses.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import type { Role } from "#integrations/accounts/accounts.ts"
import { VehicleBuilt } from "#machines/vehicle.ts"
import { DealershipId, OrderId, Vin } from "#machines/vocabulary.ts"
import { ownedCar } from "#tests/http/garage.ts"
import { type Door, httpHouse, type Signed } from "#tests/http/house.ts"

export interface Person extends Signed {
  readonly who: string
  readonly role: Role
  readonly door: Door
  /** Where somebody sells, or buys. */
  readonly dealership: string
  /** In small letters, in name and address of mail; others than its own people, and the staff who look after them, never read it. */
  readonly canary: string
}

export const dealerships = ["dea_madrid", "dea_berlin"] as const
const customersOfEach = 4
const carsOfEach = 3
const stockOfEach = 6

/** Somebody whom a dealership's sellers make up, is its own. */
export const canaryOf = (dealership: string) => `zeisig${dealership.slice("dea_".length)}q`

export const startTown = async () => {
  const house = await httpHouse()
  const people: Array<Person> = []
  const owners = new Map<string, string>() // Whose a car, an order or a service is: a subject, or a dealership.
  const arrive = async (role: Role, who: string, dealership: string, canary = "") => {
    const name = canary === "" ? who : `${who} ${canary}`
    const works = role === "seller" || role === "manager"
    const signed = await house.signedIn(role, name, works ? dealership : null)
    const person: Person = { ...signed, who: name, role, door: role === "customer" ? "public" : "intranet", dealership, canary }
    people.push(person)
    return person
  }
  for (const dealership of dealerships) {
    await arrive("seller", `Seller ${dealership}`, dealership)
    await arrive("manager", `Manager ${dealership}`, dealership)
    for (let n = 1; n <= customersOfEach; n++) {
      const canary = `zeisig${dealership.slice("dea_".length)}no${n}q`
      const customer = await arrive("customer", `Customer ${n}`, dealership, canary)
      const country = dealership === "dea_madrid" ? "ES" : "DE"
      for (let car = 1; car <= carsOfEach; car++)
        owners.set(await ownedCar(house, customer, { country, link: car === carsOfEach ? "apiIot" : "nats" }), customer.subjectId)
    }
  }
  for (const role of ["support", "finance", "operator", "auditor", "administrator"] as const)
    await arrive(role, `Staff ${role}`, "dea_madrid")

  let built = 0
  for (const dealership of dealerships)
    for (let n = 0; n < stockOfEach; n++) {
      const vin = Vin.make(`VSSZZZ7K${String(++built).padStart(9, "0")}`)
      const born = {
        vin,
        orderId: OrderId.make(`ord_gone${built}`),
        model: "Modelo Dos",
        country: dealership === "dea_madrid" ? ("ES" as const) : ("DE" as const),
        dealershipId: DealershipId.make(dealership),
        assigned: false
      }
      await house.runtime.runPromise(
        ActorSystem.use((actors) => actors.tell(Vehicle.at(vin), VehicleBuilt.make(born), { id: "test/built" }))
      )
      owners.set(vin, dealership)
    }
  house.world.mail.misbehave({ fault: "refuse", times: 12 }) // What is given up is for operators to look at.
  const customers = people.filter(({ role }) => role === "customer")
  return { house, people, customers, owners, transfers: { underWay: 0, done: 0 } }
}
export type Town = Awaited<ReturnType<typeof startTown>>

/** What this caller may not read in any answer. */
export const canariesKeptFrom = ({ customers }: Town, caller: Person | null): ReadonlyArray<string> => {
  const others = customers.filter(({ subjectId }) => subjectId !== caller?.subjectId)
  if (caller === null) return customers.map(({ canary }) => canary)
  if (caller.role === "customer") return [...others.map(({ canary }) => canary), ...dealerships.map(canaryOf)]
  if (caller.role !== "seller" && caller.role !== "manager") return []
  const foreign = dealerships.filter((dealership) => dealership !== caller.dealership)
  return [
    ...others.filter(({ dealership }) => dealership !== caller.dealership).map(({ canary }) => canary),
    ...foreign.map(canaryOf)
  ]
}
