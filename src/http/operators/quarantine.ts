/** Actors whose machine threw, and letting one hear again. */
import { Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import { Operations } from "#actors/system/operations.ts"
import type { Accounts, Caller } from "#integrations/accounts/accounts.ts"
import { seenBy } from "#integrations/postgres/seen-by.ts"
import type { PurchaseFile } from "#integrations/purchase-file/purchase-file.ts"
import type { SubjectId } from "#machines/vocabulary.ts"
import { customersAt, defects } from "#src/views/actors.ts"
import { changingProblems, readingProblems } from "../answers.ts"
import { noteLooks } from "../looks.ts"
import type { HttpOptions } from "../options.ts"
import { afterOf, Cursor, cursorAfter, limitOf, PageQuery } from "../page.ts"
import { notFound } from "../problem.ts"
import type { Run } from "../run.ts"
import { staff } from "../session.ts"
import { answering, strictly, takes } from "../strict.ts"
import { Defect, Reason, withInstants } from "./inspected.ts"
import { tailOf } from "./tail.ts"

const Named = Schema.Struct({ path: Schema.String }) // `order%2Ford_42`
const Defects = Schema.Struct({ defects: Schema.Array(Defect), cursor: Cursor }).annotate({ identifier: "Defects" })
const Released = Schema.Struct({ path: Schema.String }).annotate({ identifier: "Released" })

export const quarantine = (run: Run<Accounts | Operations | PurchaseFile | SqlClient.SqlClient>, options: HttpOptions) => {
  const response = { 200: answering(Released), ...changingProblems }
  return (
    new Elysia({ prefix: "/api/operator/quarantine", tags: ["Actors"] })
      .use(staff(run, options))
      .get("", ({ caller, query }) => run(list(caller, query)), {
        query: strictly(PageQuery),
        response: { 200: answering(Defects), ...readingProblems },
        detail: { summary: "Messages that a machine threw on; five tries on one quarantine its actor" }
      })
      .post("/:path/release", ({ caller, params, body }) => run(release(params.path, caller.subjectId, body.reason)), {
        params: strictly(Named),
        ...takes(Reason),
        response,
        detail: { summary: "Let an actor hear again" }
      })
      // The same for a path whose slash nobody encoded: `order/ord_42/release`.
      .post("/*", ({ caller, params, body }) => run(releaseTail(params["*"], caller.subjectId, body.reason)), {
        ...takes(Reason),
        response,
        detail: { hide: true }
      })
  )
}

const list = Effect.fn("operators.defects")(function* (caller: Caller, query: typeof PageQuery.Type) {
  const limit = limitOf(query)
  const [path, messageId] = afterOf(query, ["", ""])
  const rows = yield* seenBy(caller)(defects({ path, messageId }, limit))
  yield* noteLooks(caller, "record", yield* seenBy(caller)(customersAt(rows.map((row) => row.path))))
  return { defects: rows.map(withInstants), cursor: cursorAfter(rows, limit, (row) => [row.path, row.messageId]) }
})

const release = Effect.fn("operators.release")(function* (path: string, by: SubjectId, reason: string) {
  const operations = yield* Operations
  yield* operations.release(path, by, reason)
  return { path }
})

const releaseTail = Effect.fnUntraced(function* (rest: string, by: SubjectId, reason: string) {
  const [path, what] = tailOf(rest, ["release"])
  return what === null ? yield* Effect.fail(notFound()) : yield* release(path, by, reason)
})
