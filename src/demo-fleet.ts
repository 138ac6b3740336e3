/**
 * The cars of a first start with simulated partners: sold, paid, built, registered and handed over through the real doors, by demo
 * people, while the platform already serves. What was interrupted goes on at the next start.
 */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { Accounts } from "#integrations/accounts/accounts.ts"
import { type PersonalData, Persons } from "#integrations/persons/persons.ts"
import { countries } from "#integrations/registration/countries.ts"
import { persona } from "./demo/persona.ts"
import { Seller } from "./demo/seller.ts"
import { Visitor } from "./demo/visitor.ts"
import { demoEmailOf, demoPassword } from "./demo-people.ts"

const carCount = 32
const atOnce = 3 // Sales under way.
const lookMillis = 1_000
const looksAtMost = 120 // For one car; its partners take some ten seconds.

export const demoCustomer = "Customer 1"
const names = [demoCustomer, "Owner 1", "Owner 2", "Owner 3"]

/** What is printed at the start. */
export const demoCustomerSignIn = `${demoCustomer.padEnd(16)} ${demoEmailOf(demoCustomer)}  ${demoPassword}`

const personOf = (name: string): PersonalData => ({ ...persona(name), email: demoEmailOf(name) })

/** Whether every car has been handed over. */
export const demoFleetIsThere = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ cars: number }>`SELECT count(DISTINCT vin)::int AS cars FROM vehicle_owners`
  return row!.cars >= carCount
})

/** Customers who can sign in. Safe to run again. */
export const keepDemoOwners = Effect.gen(function* () {
  const persons = yield* Persons
  const accounts = yield* Accounts
  for (const name of names) {
    const { subjectId } = yield* persons.keep(personOf(name), "system")
    yield* accounts.provision({ subjectId, role: "customer", dealershipId: null, createdBy: "system" })
    const token = yield* accounts.issueLink(subjectId, { evenIfSet: false })
    if (token !== null) yield* accounts.setPassword(token, demoPassword)
  }
})

export interface DemoDoors {
  readonly publicUrl: string
  readonly intranetUrl: string
}

/** Ends early where `stop` says so; throws what the doors answer otherwise than they should. */
export const buildDemoFleet = async ({ publicUrl, intranetUrl }: DemoDoors, stop: AbortSignal): Promise<void> => {
  const seller = new Seller({ name: "Seller 1", email: demoEmailOf("Seller 1"), password: demoPassword }, intranetUrl, "dea_madrid")
  const owners = names.map((name) => new Visitor({ ...personOf(name), password: demoPassword }, publicUrl))

  const sell = async (car: number) => {
    const owner = owners[car === 0 ? 0 : 1 + (car % (owners.length - 1))]!
    const { orderId } = await seller.does("POST", "/api/dealer/sales", {
      key: `demo-fleet-${car}`,
      body: {
        customer: personOf(owner.name),
        model: car % 2 === 0 ? "Modelo Uno" : "Modelo Dos",
        plan: car % 4 === 0 ? "plus" : "base", // Whose services switch themselves on at the handover.
        delivery: { kind: "home" },
        consents: [{ text: "terms-of-sale", edition: 1 }],
        confirmDuplicate: true
      }
    })
    const pay = (kind: "reservation" | "final") =>
      owner.does("POST", `/api/me/orders/${orderId}/payments`, {
        key: `demo-fleet-${car}-${kind}`,
        body: { kind, paymentMethod: "tok_ok" }
      })
    let seen: string | null = null
    for (let look = 0; look < looksAtMost && !stop.aborted; look++) {
      const { state } = await owner.does("GET", `/api/me/orders/${orderId}`)
      if (state === "delivered") return
      if (state !== seen && state === "reserved.awaitingDeposit") await pay("reservation")
      if (state !== seen && state === "manufacturing.awaitingFinalPayment") {
        await seller.supplies(orderId, ...countries.ES.papers.map(({ kind }) => kind))
        await pay("final")
      }
      seen = state
      await Bun.sleep(lookMillis)
    }
  }

  await sell(0) // Car 1 is the demo customer's.
  let next = 1
  const lane = async () => {
    while (next < carCount && !stop.aborted) await sell(next++)
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
}
