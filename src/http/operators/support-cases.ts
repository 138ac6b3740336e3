/** What escalated to support (S15): looked at, and closed, uncharged or as a gift, with a reason that is kept. */
import { Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import { Activation } from "#actors/addresses.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import type { Accounts, Caller } from "#integrations/accounts/accounts.ts"
import { seenBy } from "#integrations/postgres/seen-by.ts"
import type { PurchaseFile } from "#integrations/purchase-file/purchase-file.ts"
import { ResolveSupportCase, SupportCase } from "#machines/activation.ts"
import { ActivationId, Instant, OptionCode, SubjectId, Vin } from "#machines/vocabulary.ts"
import { type SupportCaseRow, supportCaseOf, supportCases } from "#src/views/support-cases.ts"
import { changingProblems, readingProblems } from "../answers.ts"
import { KeptReason } from "../kept-reason.ts"
import { noteLooks } from "../looks.ts"
import type { HttpOptions } from "../options.ts"
import { afterOf, Cursor, cursorAfter, limitOf, pageQuery } from "../page.ts"
import { notFound } from "../problem.ts"
import type { Run } from "../run.ts"
import { staff } from "../session.ts"
import { answering, strictly, takes } from "../strict.ts"

const CaseQuery = Schema.Struct({ ...pageQuery, state: Schema.optionalKey(Schema.Literals(["open", "resolved"])) })
const Named = Schema.Struct({ caseId: Schema.String.check(Schema.isPattern(/^case_[A-Za-z0-9]{1,32}$/)) })
const Resolution = Schema.Struct({ resolution: ResolveSupportCase.fields.resolution, reason: KeptReason }).annotate({
  identifier: "SupportCaseResolution"
})

const OneCase = Schema.Struct({
  caseId: Schema.String,
  activationId: ActivationId,
  vin: Vin,
  customerId: SubjectId,
  option: OptionCode,
  reason: Schema.String,
  tries: SupportCase.fields.tries,
  openedAt: Instant,
  resolved: Schema.NullOr(
    Schema.Struct({
      resolution: Schema.Literals(["uncharged", "gift", "withdrawn"]),
      reason: Schema.String,
      by: Schema.NullOr(SubjectId), // Null where the customer's withdrawal closed it.
      at: Instant
    })
  )
}).annotate({ identifier: "SupportCase" })
const Cases = Schema.Struct({ cases: Schema.Array(OneCase), cursor: Cursor }).annotate({ identifier: "SupportCases" })

export const cases = (run: Run<Accounts | ActorSystem | PurchaseFile | SqlClient.SqlClient>, options: HttpOptions) =>
  new Elysia({ prefix: "/api/operator/support-cases", tags: ["Support"] })
    .use(staff(run, options))
    .get("", ({ caller, query }) => run(list(caller, query)), {
      query: strictly(CaseQuery),
      response: { 200: answering(Cases), ...readingProblems },
      detail: { summary: "Services that no car confirmed, with every try and whose fault it was" }
    })
    .get("/:caseId", ({ caller, params }) => run(read(caller, params.caseId)), {
      params: strictly(Named),
      response: { 200: answering(OneCase), ...readingProblems },
      detail: { summary: "One support case" }
    })
    .post("/:caseId/resolution", ({ caller, params, body }) => run(resolve(params.caseId, caller, body)), {
      params: strictly(Named),
      ...takes(Resolution),
      response: { 200: answering(OneCase), ...changingProblems },
      detail: { summary: "Close a case: uncharged, or as a gift" }
    })

const asCase = ({ subjectId, resolution, resolutionReason, resolvedBy, resolvedAt, openedAt, ...row }: SupportCaseRow) =>
  ({
    ...row,
    customerId: subjectId,
    openedAt: openedAt.toISOString(),
    resolved: resolution === null ? null : { resolution, reason: resolutionReason!, by: resolvedBy, at: resolvedAt!.toISOString() }
  }) as typeof OneCase.Type

const list = Effect.fn("operators.supportCases")(function* (caller: Caller, query: typeof CaseQuery.Type) {
  const limit = limitOf(query)
  const [after] = afterOf(query, [""])
  const rows = yield* seenBy(caller)(supportCases(query.state, after, limit))
  yield* noteLooks(
    caller,
    "case",
    rows.map(({ subjectId }) => ({ customerId: subjectId }))
  )
  return { cases: rows.map(asCase), cursor: cursorAfter(rows, limit, ({ caseId }) => [caseId]) }
})

const caseOf = Effect.fnUntraced(function* (caller: Caller, caseId: string) {
  const row = (yield* seenBy(caller)(supportCaseOf(caseId))) ?? (yield* Effect.fail(notFound()))
  yield* noteLooks(caller, "case", [{ customerId: row.subjectId }])
  return row
})

const read = Effect.fn("operators.supportCase")(function* (caller: Caller, caseId: string) {
  return asCase(yield* caseOf(caller, caseId))
})

const resolve = Effect.fn("operators.resolve")(function* (
  caseId: string,
  caller: Caller,
  { resolution, reason }: typeof Resolution.Type
) {
  const actors = yield* ActorSystem
  const by = caller.subjectId
  const { vin, activationId } = yield* caseOf(caller, caseId)
  yield* actors.tell(
    Activation.at(`${vin}/${activationId}`),
    ResolveSupportCase.make({ by, resolution, reason }),
    { id: `${by}/resolve/${caseId}/${resolution}` } // A case is resolved once: the other word is refused.
  )
  return asCase(yield* caseOf(caller, caseId))
})
