/** The rows that sample lives have left in their database: by life, table by table, each as the text of its columns. */
import type { SQL } from "bun"

/** Not a car's: what migrations fill, what belongs to the running of a platform, and sums that the ledger keeps by itself. */
const everybodys = new Set([
  "partitions",
  "clock",
  "dealerships",
  "ledger_accounts",
  "ledger_kinds",
  "effect_sql_migrations",
  "open_balances"
])

export interface Column {
  readonly name: string
  readonly type: string
}

export interface TableRows {
  readonly table: string
  readonly columns: ReadonlyArray<Column>
  readonly rows: ReadonlyArray<ReadonlyArray<string | null>>
}

/** `ownerOf`: whose a row is, by the texts in it. Columns that Postgres fills by itself are left out. */
export const sampleRows = async <Owner>(sql: SQL, ownerOf: (texts: string) => Owner): Promise<Map<Owner, Array<TableRows>>> => {
  const all: ReadonlyArray<Column & { table: string }> = await sql.unsafe(`
    SELECT relname AS "table", attname AS name, format_type(atttypid, atttypmod) AS type
    FROM pg_class
    JOIN pg_attribute ON attrelid = pg_class.oid
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
      AND attnum > 0 AND NOT attisdropped AND attidentity = '' AND attgenerated = ''
    ORDER BY relname, attnum`)
  const owned = new Map<Owner, Array<TableRows>>()
  for (const [table, columns] of Map.groupBy(all, ({ table }) => table)) {
    if (everybodys.has(table)) continue
    const values = columns.map(({ name, type }) => (type === "bytea" ? `encode(${name}, 'escape')` : `${name}::text`))
    const rows: ReadonlyArray<ReadonlyArray<string | null>> = await sql.unsafe(`SELECT ${values.join(", ")} FROM ${table}`).values()
    for (const [owner, theirs] of Map.groupBy(rows, (row) => ownerOf(row.join("\n")))) {
      const tables = owned.get(owner) ?? []
      owned.set(owner, [...tables, { table, columns, rows: theirs }])
    }
  }
  return owned
}
