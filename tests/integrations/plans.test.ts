/** No statement of the platform reads a table that grows from one end to the other: all of them, as they really run, against a database that has grown. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { SQL } from "bun"
import { letClockMove } from "#src/demo/database.ts"
import { type Database, freshDatabase } from "#tests/database.ts"
import { balanceOf } from "./balance.ts"
import { bigTable, crowd, smallTables } from "./crowd.ts"
import { census, foundBy, genericPlans, hasPlan, planOf, readWhole } from "./plans.ts"
import { made, oneSpaced, templates } from "./templates.ts"
import { walk } from "./walk.ts"
import { type Statement, wireTo } from "./wire.ts"

/** Who may read a big table whole, and why. A reason that is not needed any more is not kept. */
/** The platform's own, of tables that doors read, too. */
const notAtADoor = ['SELECT d.order_id AS "orderId", d.kind', "SELECT (t."]

const mayRead: ReadonlyArray<readonly [begins: string, table: string, why: string]> = [
  ['SELECT subject_id AS "subjectId", wrapped_key', "public.persons", "at the start: the first three rows it meets"],
  ["WITH due AS (UPDATE webhooks SET due_at = now()", "public.webhooks", "NATS forgot: all that is not applied is due"],
  ["SELECT count(*)::int AS set", "public.timers", "./caas status counts, for a person"],
  ["SELECT (SELECT count(*)::int FROM webhooks WHERE state", "public.webhooks", "./caas status counts what is not applied"],
  [
    "SELECT count(DISTINCT subject_id)::int AS customers",
    "public.open_balances",
    "the total of the board: what is open is days of sales, not years"
  ],
  ["SELECT position::text, hash FROM audit_chain", "public.audit_chain", "the newest link, from the end of the index"],
  ["SELECT c.position::float8 AS position, c.at", "public.audit_chain", "the newest thousand links, from the end of the index"],
  ["SELECT position::text FROM audit_heads", "public.audit_heads", "the newest, from the end of the index"],
  ["SELECT h.position::float8 AS position, h.signed", "public.audit_heads", "the newest, from the end of the index"],
  ['SELECT p.document_id AS "documentId", p.kind', "public.purchase_papers", "the oldest in clear: an index that empties itself"],
  ['SELECT d.order_id AS "orderId", d.kind', "public.documents", "the oldest in clear: an index that empties itself"],
  ['SELECT started_at AS "startedAt", ended_at', "public.reconciliation_runs", "the newest ten, from the end of the index"],
  ['SELECT ended_at AS "endedAt", payments, told', "public.reconciliation_runs", "the newest, from the end of the index"]
]

/** Part of every list of statements worth the name. */
const known = [
  "WITH owned AS ( SELECT partition FROM partitions JOIN unnest($1::int2[]",
  "SELECT letter.path, letter.message_id, reply.version",
  "UPDATE outbox SET attempts = LEAST(attempts + 1, 32767), leased = true",
  "UPDATE timers SET retry_at",
  "FROM archive.move(",
  "INSERT INTO telemetry (",
  "FROM support_cases c"
]

describe("the platform's statements", () => {
  let database: Database
  let owner: SQL
  let statements: ReadonlyArray<Statement>

  beforeAll(async () => {
    database = await freshDatabase()
    await letClockMove(database.url)
    const wire = await wireTo(database.url, ["caas", "caas-owner"])
    try {
      await walk(wire.url)
      statements = [...wire.statements.values()]
    } finally {
      wire.close()
    }
    owner = new SQL(database.url, { max: 1 })
    await crowd(owner)
    await genericPlans(owner)
  }, 90_000)
  afterAll(async () => {
    await owner?.close()
    await database?.drop()
  })

  test("are all heard on the wire: every template in the sources has made one", async () => {
    const said = statements.map(({ text }) => oneSpaced(text))
    expect(said.length).toBeGreaterThan(90)
    for (const text of known) expect([text, said.some((one) => one.includes(text))]).toEqual([text, true])
    const all = await templates()
    expect(all.length).toBeGreaterThan(90)
    expect(
      all.filter((template) => !said.some((text) => made(template, text))).map(({ place, parts }) => `${place} ${parts[0]}`)
    ).toEqual([])
  })

  test("are judged against tables that have grown, and each that has not is one that stays small", async () => {
    const { tables } = await census(owner)
    expect(tables.get("public.actors")).toBeGreaterThan(100_000)
    const small = [...tables].filter(([, rows]) => rows <= bigTable).map(([table]) => table)
    expect(small.sort()).toEqual(Object.keys(smallTables).sort())
  })

  test("read no table that grows, and no index of one, from one end to the other", async () => {
    const told = await census(owner)
    const needed = new Set<string>()
    const guilty: Array<string> = []
    for (const statement of statements.filter(hasPlan))
      for (const { table, how } of readWhole(await planOf(owner, statement), told, bigTable)) {
        const text = oneSpaced(statement.text)
        const allowed = mayRead.find(([begins, whole]) => text.startsWith(begins) && table === whole)
        if (allowed === undefined) guilty.push(`${how} of ${table}: ${text.slice(0, 300)}`)
        else needed.add(allowed[0])
      }
    expect(guilty).toEqual([])
    expect(mayRead.filter(([begins]) => !needed.has(begins))).toEqual([])
  })

  test("read no more at a door, where a policy stands in every one of them", async () => {
    const told = await census(owner)
    const guilty: Array<string> = []
    let judged = 0
    await owner.unsafe("SET ROLE caas_door")
    try {
      for (const statement of statements.filter(hasPlan)) {
        const plan = await planOf(owner, statement).catch((error) => {
          if (error.errno === "42501") return null // Not one of a door's.
          throw error
        })
        if (plan === null || notAtADoor.some((begins) => oneSpaced(statement.text).startsWith(begins))) continue
        judged++
        for (const { table, how } of readWhole(plan, told, bigTable))
          guilty.push(`${how} of ${table}: ${oneSpaced(statement.text).slice(0, 300)}`)
      }
    } finally {
      await owner.unsafe("RESET ROLE")
    }
    expect(judged).toBeGreaterThan(25)
    expect(guilty).toEqual([])
  })

  test("find the balance of one customer, and what a month's end asks for each contract, by an index, among 200,000 entries", async () => {
    const told = await census(owner)
    expect(told.tables.get("public.ledger")).toBeGreaterThan(200_000)
    const planned = async (statement: Statement) => {
      const plan = await planOf(owner, statement)
      expect(readWhole(plan, told, bigTable)).toEqual([])
      return [...new Set(foundBy(plan))].sort()
    }
    const said = (part: string) => statements.find((one) => oneSpaced(one.text).includes(part))!
    const text = 25
    expect(await planned({ text: balanceOf, types: [text] })).toContain("public.ledger_by_subject")
    expect(await planned(said("FROM timers WHERE retry_at <="))).toEqual(["public.timers_due"])
    expect(await planned(said("SELECT series, number, gross_minor::float8 AS gross FROM invoices"))).toEqual([
      "public.invoices_one_per_payment"
    ])
    expect(await planned(said("WITH head AS MATERIALIZED ( SELECT last_number + 1"))).toEqual([
      "public.invoices_corrects_series_corrects_number_credited_after_key"
    ])
    expect(await planned(said("SELECT i.series, i.number, i.kind"))).toContain("public.invoices_command_id_key")
  })

  test("include the archive's own, which the wire does not see", async () => {
    const read = await owner.begin(async (tx) => {
      const [batch] = await tx.unsafe("SELECT moved FROM archive.move('infinity', '-infinity', '', 100)")
      expect(batch.moved).toBeGreaterThan(10)
      return tx.unsafe(
        "SELECT schemaname || '.' || relname AS table, seq_tup_read::int AS rows FROM pg_stat_xact_user_tables WHERE seq_tup_read > 0"
      )
    })
    expect([...read]).toEqual([])
  })

  test("would be found out, if one did", async () => {
    const told = await census(owner)
    const judged = async (text: string) => readWhole(await planOf(owner, { text, types: [] }), told, bigTable)
    const slices = Array.from({ length: 8 }, () => ({ table: "public.journal", how: "the table" }))
    expect(await judged("SELECT * FROM journal WHERE type = 'x'")).toEqual(slices)
    expect(await judged("SELECT 1 FROM actors WHERE vin = 'x' OR country = 'ES'")).toEqual([
      { table: "public.actors", how: "the table" }
    ])
    expect(await judged("SELECT path FROM actors ORDER BY path LIMIT 1")).toEqual([
      { table: "public.actors", how: "the index actors_pkey" }
    ])
    expect(await judged("SELECT version FROM actors WHERE path = 'x'")).toEqual([])
  })
})
