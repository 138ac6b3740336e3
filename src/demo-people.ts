/** The people of a first start with simulated partners: named by role and number, so that nobody mistakes them for somebody. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { Accounts, type Role } from "#integrations/accounts/accounts.ts"
import { type PersonalData, Persons } from "#integrations/persons/persons.ts"
import { DealershipId } from "#machines/vocabulary.ts"

export const demoPassword = "puerta-verde-7-limones"

const staff: ReadonlyArray<{ readonly name: string; readonly role: Role; readonly dealership: string | null }> = [
  { name: "Seller 1", role: "seller", dealership: "dea_madrid" },
  { name: "Seller 2", role: "seller", dealership: "dea_berlin" },
  { name: "Manager 1", role: "manager", dealership: "dea_madrid" },
  { name: "Operator 1", role: "operator", dealership: null },
  { name: "Administrator 1", role: "administrator", dealership: null }
]
export const demoEmailOf = (name: string) => `${name.toLowerCase().replace(" ", ".")}@demo.example`

/** What is printed at the start. */
export const demoSignIns = staff.map(({ name }) => `${name.padEnd(16)} ${demoEmailOf(name)}  ${demoPassword}`)

const demoPerson = (name: string): PersonalData => ({
  name,
  email: demoEmailOf(name),
  phone: null,
  nationalId: null,
  address: null,
  language: "en"
})

/** Employees who can sign in, where nobody can yet. Safe to run at every start. */
export const keepDemoPeople = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ accounts: number }>`SELECT count(*)::int AS accounts FROM accounts`
  if (row!.accounts > 0) return
  const persons = yield* Persons
  const accounts = yield* Accounts
  for (const { name, role, dealership } of staff) {
    const { subjectId } = yield* persons.keep(demoPerson(name), "system")
    const dealershipId = dealership === null ? null : DealershipId.make(dealership)
    yield* accounts.provision({ subjectId, role, dealershipId, createdBy: "system" })
    const token = yield* accounts.issueLink(subjectId, { evenIfSet: true })
    yield* accounts.setPassword(token!, demoPassword)
  }
})
