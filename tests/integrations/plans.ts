/** How Postgres would run a statement, whatever its parameters: the generic plan, and which tables it would read from one end to the other. */
import type { SQL } from "bun"
import type { Statement } from "./wire.ts"

interface Node {
  readonly "Node Type": string
  readonly Schema?: string
  readonly "Relation Name"?: string
  readonly "Index Name"?: string
  readonly "Index Cond"?: string
  readonly Plans?: ReadonlyArray<Node>
}

export interface Reading {
  /** `public.journal`, also where it is a slice of it that is read. */
  readonly table: string
  /** A whole table, or a whole index of it. */
  readonly how: string
}

/** Statements that have no plan. */
const plain = /^\s*(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET|SHOW|LOCK|LISTEN|UNLISTEN)\b/i

export const hasPlan = ({ text }: Statement) => !plain.test(text)

/** Needs the owner's rights, and all sent over one connection. Slices are not left out for the parameters at hand: there are none. */
export const planOf = async (sql: SQL, { text, types }: Statement): Promise<Node> => {
  const known = await sql.unsafe(
    "SELECT string_agg(CASE oid WHEN 0 THEN 'unknown' ELSE oid::regtype::text END, ', ' ORDER BY n) AS all FROM unnest($1::oid[]) WITH ORDINALITY AS t (oid, n)",
    [`{${types.join(",")}}`]
  )
  const names: string | null = known[0].all
  await sql.unsafe(`PREPARE judged ${names === null ? "" : `(${names})`} AS ${text}`)
  try {
    const nothing = types.length === 0 ? "" : `(${types.map(() => "NULL").join(", ")})`
    const [row] = await sql.unsafe(`EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) EXECUTE judged ${nothing}`)
    const told = row["QUERY PLAN"]
    return (typeof told === "string" ? JSON.parse(told) : told)[0].Plan
  } finally {
    await sql.unsafe("DEALLOCATE judged")
  }
}

export const genericPlans = async (sql: SQL) => {
  await sql.unsafe("SET plan_cache_mode = force_generic_plan")
  await sql.unsafe("SET enable_partition_pruning = off")
}

/** What Postgres believes to be in each table and in each index. */
export interface Census {
  /** Whole tables, the slices of each together: `public.journal`. */
  readonly tables: ReadonlyMap<string, number>
  /** Tables, slices and indexes, each by itself. */
  readonly rows: ReadonlyMap<string, number>
  /** The table that a slice is of. */
  readonly wholes: ReadonlyMap<string, string>
}

export const census = async (sql: SQL): Promise<Census> => {
  const all: ReadonlyArray<{ name: string; whole: string; kind: string; rows: number }> = await sql`
    SELECT n.nspname || '.' || c.relname AS name, n.nspname || '.' || coalesce(w.relname, c.relname) AS whole, c.relkind AS kind,
           greatest(c.reltuples, 0)::float8 AS rows
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
    LEFT JOIN pg_class w ON w.oid = i.inhparent
    WHERE c.relkind IN ('r', 'i') AND n.nspname IN ('public', 'archive')`
  const tables = new Map<string, number>()
  for (const { whole, kind, rows } of all) if (kind === "r") tables.set(whole, (tables.get(whole) ?? 0) + rows)
  return {
    tables,
    rows: new Map(all.map(({ name, rows }) => [name, rows])),
    wholes: new Map(all.map(({ name, whole }) => [name, whole]))
  }
}

/** What the plan reads whole of tables with more than `big` rows. A slice or an index that has next to nothing in it costs nothing. */
export const readWhole = (plan: Node, told: Census, big: number): ReadonlyArray<Reading> => {
  const { "Node Type": type, Schema, "Relation Name": relation, "Index Name": index, "Index Cond": condition, Plans } = plan
  const table = told.wholes.get(`${Schema}.${relation}`)!
  const read = type === "Seq Scan" ? relation : /^Index (Only )?Scan/.test(type) && condition === undefined ? index : undefined
  const isBig = read !== undefined && told.tables.get(table)! > big && told.rows.get(`${Schema}.${read}`)! > big / 20
  return [
    ...(isBig ? [{ table, how: type === "Seq Scan" ? "the table" : `the index ${index}` }] : []),
    ...(Plans ?? []).flatMap((inner) => readWhole(inner, told, big))
  ]
}

/** By which indexes the plan finds what it reads: `public.ledger_by_subject`. Of a table of slices each has its own. */
export const foundBy = ({ Schema, "Index Name": index, "Index Cond": condition, Plans }: Node): ReadonlyArray<string> => [
  ...(index !== undefined && condition !== undefined ? [`${Schema ?? "public"}.${index}`] : []),
  ...(Plans ?? []).flatMap((inner) => foundBy(inner))
]
