/** Commands that ran out of patience: looked at, tried again, or given up, each with a reason that is kept. */
import { Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import { Operations } from "#actors/system/operations.ts"
import type { Accounts, Caller } from "#integrations/accounts/accounts.ts"
import { seenBy } from "#integrations/postgres/seen-by.ts"
import type { PurchaseFile } from "#integrations/purchase-file/purchase-file.ts"
import type { SubjectId } from "#machines/vocabulary.ts"
import { customersAt, promisesIn } from "#src/views/actors.ts"
import { changingProblems, readingProblems } from "../answers.ts"
import { noteLooks } from "../looks.ts"
import type { HttpOptions } from "../options.ts"
import { afterOf, Cursor, cursorAfter, limitOf, pageQuery } from "../page.ts"
import { notFound } from "../problem.ts"
import type { Run } from "../run.ts"
import { staff } from "../session.ts"
import { answering, strictly, takes } from "../strict.ts"
import { ParkableCommand, Reason, withInstants } from "./inspected.ts"
import { tailOf } from "./tail.ts"

const acts = ["retry", "discard"] as const
type Act = (typeof acts)[number]

const OutboxQuery = Schema.Struct({
  ...pageQuery,
  state: Schema.optionalKey(Schema.Literals(["waiting", "parked", "done", "discarded"])) // "parked" where nothing is said.
})
const Named = Schema.Struct({ commandId: Schema.String }) // `order%2Ford_42%233.0`
const Outbox = Schema.Struct({ commands: Schema.Array(ParkableCommand), cursor: Cursor }).annotate({ identifier: "Outbox" })
const Acted = Schema.Struct({ commandId: Schema.String, act: Schema.Literals(acts) }).annotate({ identifier: "ActedOnCommand" })

export const outbox = (run: Run<Accounts | Operations | PurchaseFile | SqlClient.SqlClient>, options: HttpOptions) => {
  const response = { 200: answering(Acted), ...changingProblems }
  return (
    new Elysia({ prefix: "/api/operator/outbox", tags: ["Outbox"] })
      .use(staff(run, options))
      .get("", ({ caller, query }) => run(list(caller, query)), {
        query: strictly(OutboxQuery),
        response: { 200: answering(Outbox), ...readingProblems },
        detail: { summary: "Commands in one state; parked ones where nothing is said" }
      })
      .post("/:commandId/retry", ({ caller, params, body }) => run(act(params.commandId, "retry", caller.subjectId, body.reason)), {
        params: strictly(Named),
        ...takes(Reason),
        response,
        detail: { summary: "Try a parked command again" }
      })
      .post(
        "/:commandId/discard",
        ({ caller, params, body }) => run(act(params.commandId, "discard", caller.subjectId, body.reason)),
        {
          params: strictly(Named),
          ...takes(Reason),
          response,
          detail: { summary: "Give a parked command up" }
        }
      )
      // The same for a command id whose slash nobody encoded: `order/ord_42%233.0/retry`.
      .post("/*", ({ caller, params, body }) => run(actOnTail(params["*"], caller.subjectId, body.reason)), {
        ...takes(Reason),
        response,
        detail: { hide: true }
      })
  )
}

const list = Effect.fn("operators.outbox")(function* (caller: Caller, query: typeof OutboxQuery.Type) {
  const limit = limitOf(query)
  const [path, version, position] = afterOf(query, ["", 0, 0])
  const rows = yield* seenBy(caller)(promisesIn(query.state ?? "parked", { path, version, position }, limit))
  yield* noteLooks(caller, "record", yield* seenBy(caller)(customersAt(rows.map((row) => row.path))))
  return {
    commands: rows.map(withInstants) as ReadonlyArray<typeof ParkableCommand.Type>,
    cursor: cursorAfter(rows, limit, keysOf)
  }
})

/** "order/ord_42#3.0" → its key in the table. */
const keysOf = ({ commandId }: { readonly commandId: string }) => {
  const [, path, version, position] = /^(.+)#(\d+)\.(\d+)$/.exec(commandId)!
  return [path!, Number(version), Number(position)]
}

const act = Effect.fn("operators.act")(function* (commandId: string, what: Act, by: SubjectId, reason: string) {
  const operations = yield* Operations
  yield* what === "retry" ? operations.retry(commandId, by, reason) : operations.discard(commandId, by, reason)
  return { commandId, act: what }
})

const actOnTail = Effect.fnUntraced(function* (rest: string, by: SubjectId, reason: string) {
  const [commandId, what] = tailOf(rest, acts)
  return what === null ? yield* Effect.fail(notFound()) : yield* act(commandId, what, by, reason)
})
