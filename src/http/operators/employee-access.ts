/** Who comes, who leaves, and who lost what they sign in with: an administrator decides, says why, and shows once more who he is. */
import { Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import { Accounts, type Caller, Role, StaffRole } from "#integrations/accounts/accounts.ts"
import { seenBy } from "#integrations/postgres/seen-by.ts"
import type { PlatformTime } from "#integrations/postgres/time.ts"
import { SecondFactors } from "#integrations/second-factors/second-factors.ts"
import { Instant, SubjectId } from "#machines/vocabulary.ts"
import { isEmployee } from "#src/views/employees.ts"
import { lineageOf } from "#src/views/lineage.ts"
import { changingProblems, readingProblems } from "../answers.ts"
import { KeptReason } from "../kept-reason.ts"
import { Nothing } from "../nothing.ts"
import type { HttpOptions } from "../options.ts"
import { notFound, refused } from "../problem.ts"
import type { Run } from "../run.ts"
import { staff } from "../session.ts"
import { freshlyShown } from "../step-up.ts"
import { answering, strictly, takes } from "../strict.ts"

const Named = Schema.Struct({ subjectId: SubjectId })
const Standing = Schema.Struct({ role: StaffRole, reason: KeptReason }).annotate({ identifier: "AccountStanding" })
const Reset = Schema.Struct({ reason: KeptReason }).annotate({ identifier: "FactorsReset" })
const Lineage = Schema.Struct({
  lineage: Schema.Array(
    Schema.Struct({
      subjectId: SubjectId,
      role: Role,
      createdBy: Schema.String, // "system", an employee, or the command of the sale by which a customer came.
      by: Schema.NullOr(SubjectId), // The next in this list; null at its end.
      createdAt: Instant
    })
  )
}).annotate({ identifier: "Lineage" })

type Needs = Accounts | PlatformTime | SecondFactors | SqlClient.SqlClient
type Standing = typeof Standing.Type

export const employeeAccess = (run: Run<Needs>, options: HttpOptions) =>
  new Elysia({ prefix: "/api/admin/employees/:subjectId", tags: ["Employees"] })
    .use(staff(run, options))
    .post(
      "/disablement",
      async ({ caller, params, body, set }) => {
        await run(disable(caller, params.subjectId, body))
        set.status = 204
      },
      {
        params: strictly(Named),
        ...takes(Standing),
        response: { 204: answering(Nothing), ...changingProblems },
        detail: { summary: "Somebody leaves: sessions, apps and links of this post end at once" }
      }
    )
    .post(
      "/enablement",
      async ({ caller, params, body, set }) => {
        await run(enable(caller, params.subjectId, body))
        set.status = 204
      },
      {
        params: strictly(Named),
        ...takes(Standing),
        response: { 204: answering(Nothing), ...changingProblems },
        detail: { summary: "Somebody comes back, with the password and the factors that were left" }
      }
    )
    .post(
      "/factors/reset",
      async ({ caller, params, body, set }) => {
        await run(reset(caller, params.subjectId, body.reason))
        set.status = 204
      },
      {
        params: strictly(Named),
        ...takes(Reset),
        response: { 204: answering(Nothing), ...changingProblems },
        detail: { summary: "Remove all second factors of somebody who lost them; their sessions end" }
      }
    )
    .get("/lineage", ({ caller, params }) => run(read(caller, params.subjectId)), {
      params: strictly(Named),
      response: { 200: answering(Lineage), ...readingProblems },
      detail: { summary: "Who let this person in, and who let in whom, to the first; customers too" }
    })

const disable = Effect.fn("administrators.disable")(function* (caller: Caller, subjectId: SubjectId, standing: Standing) {
  yield* freshlyShown(caller)
  yield* Accounts.use((accounts) => accounts.disable({ subjectId, ...standing, by: caller.subjectId }))
})

const enable = Effect.fn("administrators.enable")(function* (caller: Caller, subjectId: SubjectId, standing: Standing) {
  yield* freshlyShown(caller)
  yield* Accounts.use((accounts) => accounts.enable({ subjectId, ...standing, by: caller.subjectId }))
})

/** Of a colleague: whoever has his own removes them in his own session, and whoever has none asks another. */
const reset = Effect.fn("administrators.resetFactors")(function* (caller: Caller, subjectId: SubjectId, reason: string) {
  yield* freshlyShown(caller)
  if (subjectId === caller.subjectId) return yield* Effect.fail(refused("OwnAccount"))
  if (!(yield* seenBy(caller)(isEmployee(subjectId)))) return yield* Effect.fail(notFound())
  yield* SecondFactors.use((factors) => factors.reset(subjectId, caller.subjectId, reason))
})

const read = Effect.fn("administrators.lineage")(function* (caller: Caller, subjectId: SubjectId) {
  const rows = yield* seenBy(caller)(lineageOf(subjectId))
  if (rows.length === 0) return yield* Effect.fail(notFound())
  return { lineage: rows.map(({ createdAt, ...row }) => ({ ...row, createdAt: createdAt.toISOString() })) }
})
