/** For whoever examines us: who did what, who looked at whom, and how far the chain through it has come (CP-08). Looking is an act, too. */
import { Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import { type Accounts, type Caller, Role, StaffRole } from "#integrations/accounts/accounts.ts"
import { seenBy } from "#integrations/postgres/seen-by.ts"
import { Look } from "#integrations/purchase-file/purchase-file.ts"
import { DealershipId, Instant, OrderId, SubjectId } from "#machines/vocabulary.ts"
import { actsWhere, headOfAudit, looksInto } from "#src/views/audit.ts"
import { readingProblems } from "../answers.ts"
import { withInstants } from "../operators/inspected.ts"
import type { HttpOptions } from "../options.ts"
import { afterOf, Cursor, cursorAfter, limitOf, PageQuery, pageQuery } from "../page.ts"
import { malformed } from "../problem.ts"
import type { Run } from "../run.ts"
import { staff } from "../session.ts"
import { answering, strictly } from "../strict.ts"

const newest = 2 ** 31 - 1 // Behind every row there will be.

const ActQuery = Schema.Struct({
  ...pageQuery,
  subject: Schema.optionalKey(SubjectId),
  object: Schema.optionalKey(Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_#./-]{1,160}$/))), // As an act names it: ord_…, a VIN, an actor's path.
  from: Schema.optionalKey(Instant),
  to: Schema.optionalKey(Instant)
})
const Named = Schema.Struct({ customerId: SubjectId })

const Acts = Schema.Struct({
  acts: Schema.Array(
    Schema.Struct({
      position: Schema.Natural,
      at: Instant,
      requestId: Schema.String,
      subjectId: SubjectId,
      role: Role,
      dealershipId: Schema.NullOr(DealershipId),
      method: Schema.String,
      route: Schema.String,
      objects: Schema.Array(Schema.String),
      reason: Schema.NullOr(Schema.String),
      status: Schema.NullOr(Schema.Int) // Null where we were stopped before the answer, or have not written it down yet.
    })
  ),
  cursor: Cursor
}).annotate({ identifier: "AuditActs" })
const Looks = Schema.Struct({
  looks: Schema.Array(
    Schema.Struct({
      position: Schema.Natural,
      at: Instant,
      requestId: Schema.NullOr(Schema.String),
      bySubjectId: SubjectId,
      role: StaffRole,
      dealershipId: Schema.NullOr(DealershipId),
      orderId: Schema.NullOr(OrderId),
      what: Look,
      documentId: Schema.NullOr(Schema.String)
    })
  ),
  cursor: Cursor
}).annotate({ identifier: "AuditLooks" })
const Head = Schema.Struct({
  chain: Schema.String,
  position: Schema.Natural,
  hash: Schema.String,
  sealedAt: Instant,
  someWait: Schema.Boolean,
  witnessed: Schema.NullOr(Schema.Struct({ position: Schema.Natural, signed: Schema.String, at: Instant })),
  followed: Schema.Struct({ links: Schema.Natural, unbroken: Schema.Boolean })
}).annotate({ identifier: "AuditHead" })

export const audit = (run: Run<Accounts | SqlClient.SqlClient>, options: HttpOptions) =>
  new Elysia({ prefix: "/api/auditor/audit", tags: ["Audit"] })
    .use(staff(run, options))
    .get("", ({ caller, query }) => run(listActs(caller, query)), {
      query: strictly(ActQuery),
      response: { 200: answering(Acts), ...readingProblems },
      detail: { summary: "Acts of persons, the newest first: by subject, object and time" }
    })
    .get("/customers/:customerId/looks", ({ caller, params, query }) => run(listLooks(caller, params.customerId, query)), {
      params: strictly(Named),
      query: strictly(PageQuery),
      response: { 200: answering(Looks), ...readingProblems },
      detail: { summary: "Who in the company has looked at a customer's data, the newest first" }
    })
    .get("/head", ({ caller }) => run(head(caller)), {
      response: { 200: answering(Head), ...readingProblems },
      detail: { summary: "How far the chain through the audit has come, what is known outside, and whether its newest links hold" }
    })

const listActs = Effect.fn("auditors.acts")(function* (caller: Caller, query: typeof ActQuery.Type) {
  const { subject, object, from, to } = query
  for (const [name, instant] of Object.entries({ from, to }))
    if (instant !== undefined && Number.isNaN(Date.parse(instant)))
      return yield* Effect.fail(malformed(`query ${name}: there is no such moment.`))
  const limit = limitOf(query)
  const [before] = afterOf(query, [newest as number])
  const rows = yield* seenBy(caller)(actsWhere({ subject, object, from, to }, before, limit))
  return {
    acts: rows.map(withInstants),
    cursor: cursorAfter(rows, limit, ({ position }) => [position])
  }
})

const listLooks = Effect.fn("auditors.looks")(function* (caller: Caller, customerId: SubjectId, query: typeof PageQuery.Type) {
  const limit = limitOf(query)
  const [before] = afterOf(query, [newest as number])
  const rows = yield* seenBy(caller)(looksInto(customerId, before, limit))
  return {
    looks: rows.map(withInstants),
    cursor: cursorAfter(rows, limit, ({ position }) => [position])
  }
})

const head = Effect.fn("auditors.head")(function* (caller: Caller) {
  const { witnessed, sealedAt, ...known } = yield* seenBy(caller)(headOfAudit())
  return { ...known, sealedAt: sealedAt.toISOString(), witnessed: witnessed === null ? null : withInstants(witnessed) }
})
