/** The people of a seeded database: named by role and number, each customer living where their car is registered. */
import { Effect, Layer, Redacted } from "effect"
import { Accounts } from "#integrations/accounts/accounts.ts"
import { AccountsPostgres } from "#integrations/accounts/postgres.ts"
import { type PersonalData, Persons } from "#integrations/persons/persons.ts"
import { PersonsPostgres } from "#integrations/persons/postgres.ts"
import { PlatformTimePostgres } from "#integrations/postgres/clock.ts"
import { Postgres } from "#integrations/postgres/postgres.ts"
import type { Country, DealershipId, SubjectId } from "#machines/vocabulary.ts"
import { persona } from "#src/demo/persona.ts"
import { dealerships } from "./samples.ts"

export const seededPerson = (serial: string, country: Country): PersonalData => ({
  ...persona(`Customer ${serial}`, country),
  email: `customer.${serial.toLowerCase()}@seed.example`
})

export type Sellers = ReadonlyMap<DealershipId, SubjectId>

/** One seller at each dealership. Who was hired before is the same. */
export const hireSellers = (url: string, personsKey: Redacted.Redacted<Uint8Array>): Promise<Sellers> => {
  const database = Layer.provideMerge(PlatformTimePostgres, Postgres({ url: Redacted.make(url), connections: 2 }))
  const people = AccountsPostgres({ key: personsKey }).pipe(
    Layer.provideMerge(PersonsPostgres({ key: personsKey })),
    Layer.provide(database)
  )
  return Effect.gen(function* () {
    const persons = yield* Persons
    const accounts = yield* Accounts
    const hired = new Map<DealershipId, SubjectId>()
    for (const [country, dealershipId] of dealerships) {
      const email = `seller.${dealershipId.slice("dea_".length)}@seed.example`
      const { subjectId } = yield* persons.keep({ ...persona(`Seller of ${dealershipId}`, country), email }, "system")
      yield* accounts.provision({ subjectId, role: "seller", dealershipId, createdBy: "system" })
      hired.set(dealershipId, subjectId)
    }
    return hired
  }).pipe(Effect.provide(people), Effect.runPromise)
}
