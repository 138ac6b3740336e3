/** Live actors, for operators: which there are, how they stand, what they heard. */
import { Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import type { Accounts, Caller } from "#integrations/accounts/accounts.ts"
import { seenBy } from "#integrations/postgres/seen-by.ts"
import type { PurchaseFile } from "#integrations/purchase-file/purchase-file.ts"
import { actorAt, actorsWhere, customerOf, journalOf } from "#src/views/actors.ts"
import { readingProblems } from "../answers.ts"
import { noteLooks } from "../looks.ts"
import type { HttpOptions } from "../options.ts"
import { afterOf, Cursor, cursorAfter, limitOf, pageQuery } from "../page.ts"
import { notFound } from "../problem.ts"
import type { Run } from "../run.ts"
import { staff } from "../session.ts"
import { answering, strictly } from "../strict.ts"
import { ActorSummary, InspectedActor, JournalEntry, withInstants } from "./inspected.ts"
import { tailOf } from "./tail.ts"

const word = Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_.-]{1,128}$/))
const ActorQuery = Schema.Struct({
  ...pageQuery,
  type: Schema.optionalKey(word),
  state: Schema.optionalKey(word), // "reserved" finds every state inside it, too.
  closed: Schema.optionalKey(Schema.Literals(["true", "false"])),
  q: Schema.optionalKey(Schema.String.check(Schema.isMinLength(2), Schema.isMaxLength(128))) // Part of the path; or a whole VIN, subject or dealership.
})
const version = Schema.String.check(Schema.isPattern(/^[1-9]\d{0,8}$/))
const JournalQuery = Schema.Struct({ ...pageQuery, version: Schema.optionalKey(version) })
const Named = Schema.Struct({ type: word, id: Schema.String }) // An id with a slash in it is written with %2F.

const Actors = Schema.Struct({ actors: Schema.Array(ActorSummary), cursor: Cursor }).annotate({ identifier: "Actors" })
const Journal = Schema.Struct({ entries: Schema.Array(JournalEntry), cursor: Cursor }).annotate({ identifier: "Journal" })

export const actors = (run: Run<Accounts | PurchaseFile | SqlClient.SqlClient>, options: HttpOptions) =>
  new Elysia({ prefix: "/api/operator/actors", tags: ["Actors"] })
    .use(staff(run, options))
    .get("", ({ caller, query }) => run(list(caller, query)), {
      query: strictly(ActorQuery),
      response: { 200: answering(Actors), ...readingProblems },
      detail: { summary: "Actors by type, state and facets" }
    })
    .get("/:type/:id", ({ caller, params }) => run(read(caller, `${params.type}/${params.id}`)), {
      params: strictly(Named),
      response: { 200: answering(InspectedActor), ...readingProblems },
      detail: { summary: "One actor: state, context, facets, timers, outbox" }
    })
    .get("/:type/:id/journal", ({ caller, params, query }) => run(journal(caller, `${params.type}/${params.id}`, query)), {
      params: strictly(Named),
      query: strictly(JournalQuery),
      response: { 200: answering(Journal), ...readingProblems },
      detail: { summary: "What an actor heard; with ?version= the one turn that made that version" }
    })
    // The same for an id with a slash that nobody encoded: `activation/{vin}/{activationId}`.
    .get(
      "/*",
      async ({ caller, params, query }) => {
        const [path, act] = tailOf(params["*"], ["journal"])
        return await (act === null ? run(read(caller, path)) : run(journal(caller, path, query)))
      },
      { query: strictly(JournalQuery), detail: { hide: true } }
    )

const list = Effect.fn("operators.actors")(function* (caller: Caller, query: typeof ActorQuery.Type) {
  const { type, state, closed, q } = query
  const limit = limitOf(query)
  const [after] = afterOf(query, [""])
  const filter = { type, state, closed: closed === undefined ? undefined : closed === "true", q }
  const rows = yield* seenBy(caller)(actorsWhere(filter, after, limit))
  yield* noteLooks(
    caller,
    "record",
    rows.map(({ subjectId }) => ({ customerId: subjectId }))
  )
  return { actors: rows.map(withInstants), cursor: cursorAfter(rows, limit, ({ path }) => [path]) }
})

const read = Effect.fn("operators.actor")(function* (caller: Caller, path: string) {
  const actor = yield* seenBy(caller)(actorAt(path))
  if (actor === null) return yield* Effect.fail(notFound())
  yield* noteLooks(caller, "record", [{ customerId: actor.subjectId }])
  return {
    ...withInstants(actor),
    timers: actor.timers.map(withInstants),
    outbox: actor.outbox.map(withInstants)
  } as typeof InspectedActor.Type
})

const journal = Effect.fn("operators.journal")(function* (caller: Caller, path: string, query: typeof JournalQuery.Type) {
  const limit = query.version === undefined ? limitOf(query) : 1
  const [after] = query.version === undefined ? afterOf(query, [0]) : [Number(query.version) - 1]
  const rows = yield* seenBy(caller)(journalOf(path, after + 1, limit))
  const customer = yield* seenBy(caller)(customerOf(path))
  if (rows.length === 0 && customer === null) return yield* Effect.fail(notFound())
  yield* noteLooks(caller, "record", customer === null ? [] : [customer])
  const entries = (query.version === undefined ? rows : rows.filter(({ version }) => version === after + 1)).map(withInstants)
  return { entries, cursor: query.version === undefined ? cursorAfter(rows, limit, ({ version }) => [version]) : null }
})
