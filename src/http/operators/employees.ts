/** Staff accounts: an administrator provisions them, and the employee sets a password with the link from the mail. */
import { Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import { Accounts, type Caller, StaffRole } from "#integrations/accounts/accounts.ts"
import type { Mail } from "#integrations/mail/mail.ts"
import { PersonalData, Persons } from "#integrations/persons/persons.ts"
import { seenBy } from "#integrations/postgres/seen-by.ts"
import type { PlatformTime } from "#integrations/postgres/time.ts"
import type { RateLimits } from "#integrations/redis/limits.ts"
import type { SecondFactors } from "#integrations/second-factors/second-factors.ts"
import { DealershipId, Instant, SubjectId } from "#machines/vocabulary.ts"
import { countryOf } from "#src/views/dealerships.ts"
import { employees as employeesAfter } from "#src/views/employees.ts"
import { changingProblems, readingProblems } from "../answers.ts"
import { invite } from "../invitation.ts"
import type { HttpOptions } from "../options.ts"
import { afterOf, Cursor, cursorAfter, limitOf, PageQuery } from "../page.ts"
import { malformed } from "../problem.ts"
import type { Run } from "../run.ts"
import { staff } from "../session.ts"
import { freshlyShown } from "../step-up.ts"
import { answering, strictly, takes } from "../strict.ts"
import { withInstants } from "./inspected.ts"

type Needs = Accounts | Mail | Persons | PlatformTime | RateLimits | SecondFactors | SqlClient.SqlClient
const atOnce = 8 // Persons read in parallel for one page.

const NewEmployee = Schema.Union([
  Schema.Struct({ person: PersonalData, role: Schema.Literals(["seller", "manager"]), dealershipId: DealershipId }),
  Schema.Struct({ person: PersonalData, role: Schema.Literals(["support", "finance", "operator", "auditor", "administrator"]) })
]).annotate({ identifier: "NewEmployee" })

const Employees = Schema.Struct({
  employees: Schema.Array(
    Schema.Struct({
      subjectId: SubjectId,
      name: Schema.NullOr(Schema.String),
      email: Schema.NullOr(Schema.String),
      role: StaffRole,
      dealershipId: Schema.NullOr(DealershipId),
      createdBy: Schema.String,
      createdAt: Instant,
      hasPassword: Schema.Boolean,
      disabled: Schema.Boolean
    })
  ),
  cursor: Cursor
}).annotate({ identifier: "Employees" })
const Provisioned = Schema.Struct({ subjectId: SubjectId, role: StaffRole, linkSent: Schema.Boolean }).annotate({
  identifier: "Provisioned"
})

export const employees = (run: Run<Needs>, options: HttpOptions) =>
  new Elysia({ prefix: "/api/admin/employees", tags: ["Employees"] })
    .use(staff(run, options))
    .get("", ({ caller, query }) => run(list(caller, query)), {
      query: strictly(PageQuery),
      response: { 200: answering(Employees), ...readingProblems },
      detail: { summary: "Everybody who works with the platform" }
    })
    .post("", async ({ caller, body, status }) => status(201, await run(provision(caller, body, options.intranetUrl))), {
      ...takes(NewEmployee),
      response: { 201: answering(Provisioned), ...changingProblems },
      detail: { summary: "Provision an account; its one-time link goes out by mail" }
    })

const list = Effect.fn("administrators.employees")(function* (caller: Caller, query: typeof PageQuery.Type) {
  const persons = yield* Persons
  const limit = limitOf(query)
  const [subjectId, role] = afterOf(query, ["", ""])
  const rows = yield* seenBy(caller)(employeesAfter({ subjectId, role }, limit))
  const found = yield* Effect.forEach(
    rows,
    (row) =>
      persons.read(row.subjectId).pipe(
        Effect.map(({ name, email }) => ({ name, email })),
        Effect.catchTag("PersonUnknown", () => Effect.succeed({ name: null, email: null })), // Erased.
        Effect.map((person) => ({ ...withInstants(row), role: row.role as typeof StaffRole.Type, ...person }))
      ),
    { concurrency: atOnce }
  )
  return { employees: found, cursor: cursorAfter(rows, limit, (row) => [row.subjectId, row.role]) }
})

const provision = Effect.fn("administrators.provision")(function* (
  caller: Caller,
  employee: typeof NewEmployee.Type,
  baseUrl: string
) {
  yield* freshlyShown(caller)
  const persons = yield* Persons
  const accounts = yield* Accounts
  const by = caller.subjectId
  const dealershipId = "dealershipId" in employee ? employee.dealershipId : null
  if (dealershipId !== null && (yield* seenBy(caller)(countryOf(dealershipId))) === null)
    return yield* Effect.fail(malformed(`body dealershipId: there is no ${dealershipId}`, "UnknownDealership"))
  const { subjectId } = yield* persons.keep(employee.person, by)
  yield* accounts.provision({ subjectId, role: employee.role, dealershipId, createdBy: by })
  const linkSent = yield* invite(subjectId, baseUrl, { evenIfSet: false })
  return { subjectId, role: employee.role, linkSent }
})
