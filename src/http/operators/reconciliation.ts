/** The gateway's books beside ours: how the last comparisons went, and each contradiction as a case that an operator may explain. */
import { Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import type { Accounts, Caller } from "#integrations/accounts/accounts.ts"
import { seenBy } from "#integrations/postgres/seen-by.ts"
import { BreakKind, Reconciliation } from "#integrations/reconciliation/reconciliation.ts"
import { Instant, SubjectId } from "#machines/vocabulary.ts"
import { type BreakRow, breakOf, lastRuns, openBreaks } from "#src/views/reconciliation.ts"
import { changingProblems, readingProblems } from "../answers.ts"
import { KeptReason } from "../kept-reason.ts"
import type { HttpOptions } from "../options.ts"
import { afterOf, Cursor, cursorAfter, limitOf, PageQuery } from "../page.ts"
import { notFound, refused } from "../problem.ts"
import type { Run } from "../run.ts"
import { staff } from "../session.ts"
import { answering, strictly, takes } from "../strict.ts"
import { withInstants } from "./inspected.ts"

const runsShown = 10
const Named = Schema.Struct({ breakId: Schema.String.check(Schema.isPattern(/^[1-9]\d{0,8}$/)) })
const Explanation = Schema.Struct({ reason: KeptReason }).annotate({ identifier: "BreakExplanation" })

const Amount = Schema.NullOr(Schema.Int) // Minor units; null where that side says nothing.
const OneBreak = Schema.Struct({
  breakId: Schema.Natural,
  paymentId: Schema.String,
  gatewayId: Schema.NullOr(Schema.String),
  kind: BreakKind,
  ours: Amount,
  theirs: Amount,
  currency: Schema.String,
  openedAt: Instant,
  /** `agreed`: by itself, a later comparison found no difference. `resolved`: an operator explained it. */
  closed: Schema.NullOr(
    Schema.Struct({
      at: Instant,
      closing: Schema.Literals(["agreed", "resolved"]),
      reason: Schema.NullOr(Schema.String),
      by: Schema.NullOr(SubjectId)
    })
  )
}).annotate({ identifier: "ReconciliationBreak" })
const Standing = Schema.Struct({
  runs: Schema.Array(
    Schema.Struct({
      startedAt: Instant,
      endedAt: Instant,
      payments: Schema.Natural,
      told: Schema.Natural,
      opened: Schema.Natural,
      closed: Schema.Natural,
      failure: Schema.NullOr(Schema.String)
    })
  ),
  breaks: Schema.Array(OneBreak),
  cursor: Cursor
}).annotate({ identifier: "Reconciliation" })

export const reconciliation = (run: Run<Accounts | Reconciliation | SqlClient.SqlClient>, options: HttpOptions) =>
  new Elysia({ prefix: "/api/operator/reconciliation", tags: ["Money"] })
    .use(staff(run, options))
    .get("", ({ caller, query }) => run(read(caller, query)), {
      query: strictly(PageQuery),
      response: { 200: answering(Standing), ...readingProblems },
      detail: { summary: "The last comparisons with the gateway's books, and what does not agree" }
    })
    .post("/:breakId/resolution", ({ caller, params, body }) => run(resolve(params.breakId, caller, body.reason)), {
      params: strictly(Named),
      ...takes(Explanation),
      response: { 200: answering(OneBreak), ...changingProblems },
      detail: { summary: "Explain a contradiction, and close its case" }
    })

const asBreak = ({ openedAt, closedAt, closing, reason, resolvedBy, ...row }: BreakRow) =>
  ({
    ...row,
    openedAt: openedAt.toISOString(),
    closed: closedAt === null ? null : { at: closedAt.toISOString(), closing: closing!, reason, by: resolvedBy }
  }) as typeof OneBreak.Type

const read = Effect.fn("operators.reconciliation")(function* (caller: Caller, query: typeof PageQuery.Type) {
  const limit = limitOf(query)
  const [after] = afterOf(query, [0])
  const { runs, rows } = yield* seenBy(caller)(Effect.all({ runs: lastRuns(runsShown), rows: openBreaks(after, limit) }))
  return { runs: runs.map(withInstants), breaks: rows.map(asBreak), cursor: cursorAfter(rows, limit, ({ breakId }) => [breakId]) }
})

const resolve = Effect.fn("operators.resolveBreak")(function* (named: string, caller: Caller, reason: string) {
  const books = yield* Reconciliation
  const breakId = Number(named)
  const by = caller.subjectId
  const done = yield* books.resolve(breakId, by, reason)
  const row = yield* seenBy(caller)(breakOf(breakId))
  if (row === null) return yield* Effect.fail(notFound())
  const repeated = row.closing === "resolved" && row.resolvedBy === by && row.reason === reason
  return done || repeated ? asBreak(row) : yield* Effect.fail(refused("BreakClosed"))
})
