/** The second line: what the database itself shows to whom, whatever a query of ours forgot to ask. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { SQL } from "bun"
import { Effect, Exit, ManagedRuntime, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import type { Role } from "#integrations/accounts/accounts.ts"
import { Postgres } from "#integrations/postgres/postgres.ts"
import { Seen, seenBy } from "#integrations/postgres/seen-by.ts"
import { DealershipId, SubjectId } from "#machines/vocabulary.ts"
import { type Database, freshDatabase } from "#tests/database.ts"
import { soldOnVin, twoWorlds, type World, worlds } from "./two-worlds.ts"

/** All that may be read at a door, and what of it a dealership sees, too. Add a table here and to a migration with a policy of its own. */
const atTheDoor = {
  "public.actors": "dealership",
  "public.ledger": "dealership",
  "public.documents": "dealership",
  "public.purchase_papers": "dealership",
  "public.paper_keys": "dealership",
  "public.journal": "dealership",
  "archive.journal": "dealership",
  "whole.journal": "dealership",
  "public.dealerships": "dealership only",
  "public.open_balances": "customer",
  "public.ownerships": "customer",
  "public.purchase_file_reads": "customer",
  "public.notifications": "customer",
  "public.notification_deliveries": "customer",
  "public.notification_preferences": "customer",
  "public.push_subscriptions": "customer",
  "public.car_services": "customer",
  "public.car_plates": "customer",
  "public.telemetry": "customer"
} as const
type Relation = keyof typeof atTheDoor
const relations = Object.keys(atTheDoor) as ReadonlyArray<Relation>
const pairs = [
  ["zoe", "bob"],
  ["bob", "zoe"]
] as const

let database: Database
let sql: SQL
let runtime: ManagedRuntime.ManagedRuntime<SqlClient.SqlClient, never>
beforeAll(async () => {
  database = await freshDatabase()
  sql = new SQL(database.url, { max: 2 })
  await twoWorlds(sql)
  runtime = ManagedRuntime.make(Postgres({ url: Redacted.make(database.url), connections: 2 }))
})
afterAll(async () => {
  await runtime?.dispose()
  await sql?.close()
  await database?.drop()
})

interface Settings {
  readonly subject?: string
  readonly dealership?: string
  readonly caller?: string
}

/** Under a role, with settings that last as long as the transaction. Always taken back. */
const as = async (role: string, settings: Settings, ...statements: ReadonlyArray<string>): Promise<ReadonlyArray<any>> => {
  let rows: ReadonlyArray<any> = []
  const takenBack = new Error("taken back")
  await sql
    .begin(async (tx) => {
      await tx.unsafe(`SET LOCAL ROLE ${role}`)
      for (const [name, value] of Object.entries(settings)) await tx`SELECT set_config(${`app.${name}`}, ${value}, true)`
      for (const statement of statements) rows = [...(await tx.unsafe(statement))]
      throw takenBack
    })
    .catch((error) => {
      if (error !== takenBack) throw error
    })
  return rows
}
const door = (settings: Settings, ...statements: ReadonlyArray<string>) => as("caas_door", settings, ...statements)
const refused = (attempt: Promise<unknown>): Promise<string> =>
  attempt.then(
    () => "done",
    (error) => String(error.errno ?? error.code ?? error)
  )
const notPermitted = "42501"

const customerOf = (world: World): Settings => ({ subject: worlds[world].subject, caller: worlds[world].subject })
const dealerOf = (world: World): Settings => ({ dealership: worlds[world].dealership, caller: worlds[world].seller })
const textsOf = async (settings: Settings, relation: Relation) =>
  (await door(settings, `SELECT to_jsonb(t)::text AS row FROM ${relation} t`)).map(({ row }) => row as string)

/** Rows that the other one is named in: but for the day on which a car went from one to the other. */
const foreign = (rows: ReadonlyArray<string>, other: World) =>
  rows.filter((row) => row.toLowerCase().includes(other) && !row.includes(soldOnVin) && !row.includes("ord_zoe2"))

describe("at a door", () => {
  test.each(relations)("a customer sees their own rows of %s, and nobody else's", async (relation) => {
    for (const [mine, other] of pairs) {
      const rows = await textsOf(customerOf(mine), relation)
      const none = atTheDoor[relation] === "dealership only" || (relation === "public.car_plates" && mine === "zoe") // Whose car with a plate is Bob's now.
      expect([relation, mine, rows.length > 0]).toEqual([relation, mine, !none])
      expect(foreign(rows, other)).toEqual([])
    }
  })

  test.each(relations)("a dealership sees of %s what belongs to its own sales, or nothing", async (relation) => {
    for (const [mine, other] of pairs) {
      const rows = await textsOf(dealerOf(mine), relation)
      expect([relation, mine, rows.length > 0]).toEqual([relation, mine, atTheDoor[relation].startsWith("dealership")])
      expect(foreign(rows, other)).toEqual([])
    }
  })

  test.each(relations)(
    "nobody sees a row of %s without saying for whom, nor under a name that is empty or nobody's",
    async (relation) => {
      for (const settings of [
        {},
        { subject: "", dealership: "", caller: "" },
        { subject: "sub_none", dealership: "dea_none", caller: "sub_none" }
      ])
        expect([relation, settings, await textsOf(settings, relation)]).toEqual([relation, settings, []])
    }
  )

  test("one hears again what one said oneself, to whomever, and not what a colleague of another house said", async () => {
    const said = "SELECT message_id FROM whole.journal WHERE path = 'order/ord_nobody'"
    expect(await door(dealerOf("zoe"), said)).toEqual([{ message_id: `${worlds.zoe.seller}/sell/zoe` }])
    expect(await door({ caller: "sub_seller-of" }, said)).toEqual([]) // Begins alike, and is somebody else.
  })

  test("a car's past and future belong to whose it was", async () => {
    const had = "SELECT subject_id, since, until FROM ownerships WHERE path = 'vehicle/' || "
    expect(await door(customerOf("zoe"), `${had} '${soldOnVin}'`)).toEqual([{ subject_id: worlds.zoe.subject, since: 2, until: 5 }])
    expect(await door(customerOf("bob"), `${had} '${soldOnVin}'`)).toEqual([
      { subject_id: worlds.bob.subject, since: 5, until: null }
    ])
    const versions = async (world: World) =>
      (await door(customerOf(world), `SELECT version FROM whole.journal WHERE path = 'vehicle/${soldOnVin}' ORDER BY 1`)).map(
        ({ version }) => version
      )
    expect(await versions("zoe")).toEqual([2, 3, 4, 5])
    expect(await versions("bob")).toEqual([5, 6, 7, 8])
  })

  test("a car brings its services and its plate along, and nothing of who had it", async () => {
    const services = `SELECT * FROM car_services WHERE vin = '${soldOnVin}'`
    const [service] = await door(customerOf("bob"), services)
    expect(service).toMatchObject({ owner_id: worlds.bob.subject, option: "heated-seats", active: true, activation_id: null })
    expect(await door(customerOf("bob"), "SELECT vin, plate FROM car_plates WHERE plate IS NOT NULL")).toEqual([
      { vin: soldOnVin, plate: "1234 BBB" }
    ])
    expect(await door(customerOf("zoe"), services)).toEqual([])
    expect(
      await door(customerOf("bob"), `SELECT FROM actors WHERE path IN ('order/ord_zoe2', 'activation/${soldOnVin}/act_stays')`)
    ).toEqual([])
  })
})

describe("the role of the doors", () => {
  test("reads the tables of the list, each by a policy of its own, and no other", async () => {
    const readable = await sql`
      SELECT n.nspname || '.' || c.relname AS relation, c.relkind AS kind, c.relrowsecurity AS walled,
             EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND 'caas_door'::regrole = ANY (p.polroles)) AS gated
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname IN ('public', 'archive', 'whole', 'door') AND c.relkind IN ('r', 'p', 'v', 'm')
        AND (has_table_privilege('caas_door', c.oid, 'SELECT') OR has_any_column_privilege('caas_door', c.oid, 'SELECT'))`
    expect(readable.map(({ relation }: any) => relation).sort()).toEqual([...relations].sort())
    for (const { relation, kind, walled, gated } of readable)
      expect([relation, kind === "v" || (walled && gated)]).toEqual([relation, true])
  })

  test("is refused every other table, with whatever it says who it is", async () => {
    const others = await sql`
      SELECT schemaname || '.' || tablename AS relation FROM pg_tables
      WHERE schemaname IN ('public', 'archive') AND schemaname || '.' || tablename <> ALL (${sql.array([...relations], "TEXT")})`
    expect(others.length).toBeGreaterThan(30)
    for (const { relation } of others)
      expect([relation, await refused(door(customerOf("zoe"), `SELECT FROM ${relation}`))]).toEqual([relation, notPermitted])
  })

  test("writes nowhere", async () => {
    const writable = await sql`
      SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname IN ('public', 'archive') AND c.relkind IN ('r', 'p', 'v')
        AND has_table_privilege('caas_door', c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')`
    expect([...writable]).toEqual([])
    expect(await refused(door(customerOf("zoe"), "UPDATE actors SET closed = true"))).toBe(notPermitted)
  })

  test.each(["caas_app", "caas_door"])("and row security are nothing that %s can switch off", async (role) => {
    const attempts = [
      "ALTER TABLE actors DISABLE ROW LEVEL SECURITY",
      "ALTER TABLE actors NO FORCE ROW LEVEL SECURITY",
      "DROP POLICY door ON actors",
      "CREATE POLICY mine ON actors TO caas_door USING (true)",
      "ALTER POLICY door ON actors USING (true)",
      "ALTER VIEW whole.journal SET (security_invoker = false)",
      "CREATE OR REPLACE FUNCTION door.subject() RETURNS text LANGUAGE sql AS $$ SELECT 'sub_bob' $$",
      "GRANT SELECT ON persons TO caas_door",
      "ALTER ROLE caas_door BYPASSRLS"
    ]
    for (const attempt of attempts) {
      const answer = await refused(as(role, {}, attempt))
      // Who may not grant is told so by a warning, and grants nothing.
      expect([attempt, answer]).toEqual([attempt, attempt.startsWith("GRANT") && answer === "done" ? "done" : notPermitted])
    }
    expect(await refused(as(role, customerOf("zoe"), "SET LOCAL row_security = off", "SELECT FROM actors"))).toBe(notPermitted)
    expect(await refused(door(customerOf("zoe"), "SELECT FROM persons"))).toBe(notPermitted)
  })
})

describe("what is seen by", () => {
  const whoIAm = Effect.gen(function* () {
    const sql = yield* Seen
    const [row] = yield* sql<{ readonly role: string; readonly readOnly: string; readonly actors: number }>`
      SELECT current_user::text AS role, current_setting('transaction_read_only') AS "readOnly", (SELECT count(*)::int FROM actors) AS actors`
    return row!
  })
  const viewer = (role: Role, subjectId: string = worlds.zoe.subject, dealershipId: string | null = null) => ({
    role,
    subjectId: SubjectId.make(subjectId),
    dealershipId: dealershipId === null ? null : DealershipId.make(dealershipId)
  })
  const seen = (who: ReturnType<typeof viewer>) => runtime.runPromise(seenBy(who)(whoIAm))

  test("a customer is theirs, a seller's and a manager's the house's, and neither can be written to", async () => {
    expect(await seen(viewer("customer"))).toEqual({ role: "caas_door", readOnly: "on", actors: 5 })
    for (const role of ["seller", "manager"] as const)
      expect(await seen(viewer(role, worlds.bob.seller, worlds.bob.dealership))).toEqual({
        role: "caas_door",
        readOnly: "on",
        actors: 2
      })
    expect(await seen(viewer("seller", worlds.bob.seller))).toMatchObject({ actors: 0 }) // Of no house.
  })

  test("an auditor is everything and cannot be written to; the others of the house read as the platform does", async () => {
    expect(await seen(viewer("auditor"))).toEqual({ role: "caas_app", readOnly: "on", actors: 9 })
    const writing = Effect.flatMap(
      Seen,
      (sql) => sql`INSERT INTO operator_acts (at, by, act, target, reason) VALUES (now(), 'x', 'x', 'x', 'as it is')`
    )
    expect(Exit.isFailure(await runtime.runPromiseExit(seenBy(viewer("auditor"))(writing)))).toBe(true)
    for (const role of ["support", "finance", "operator", "administrator"] as const)
      expect(await seen(viewer(role))).toEqual({ role: "caas_app", readOnly: "off", actors: 9 })
  })

  test("the platform's tables, also where somebody has made temporary ones of their names", async () => {
    const shadowed = Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TEMP TABLE audit (LIKE public.audit) ON COMMIT DROP`
      return yield* sql<{ schema: string }>`
        SELECT relnamespace::regnamespace::text AS schema FROM pg_class WHERE oid = 'audit'::regclass`
    })
    const [found] = await runtime.runPromise(SqlClient.SqlClient.use((sql) => sql.withTransaction(shadowed)))
    expect(found).toEqual({ schema: "public" })
  })

  test("one caller is forgotten before the next, also by a connection on which it went wrong", async () => {
    const failing = seenBy(viewer("customer"))(Effect.andThen(whoIAm, Effect.fail("no" as const)))
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? runtime.runPromiseExit(failing) : seen(viewer("customer"))))
    )
    for (let n = 0; n < 4; n++) expect(await seen(viewer("operator"))).toMatchObject({ role: "caas_app", actors: 9 })
  })
})
