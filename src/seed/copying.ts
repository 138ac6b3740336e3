/** One statement that writes any number of cars like a sample: its rows, each car's own names in the places of the sample's marks. */
import type { Column, TableRows } from "./sample-rows.ts"

/** A mark, and the SQL that says what a car has in its place. */
export type Marks = ReadonlyMap<string, string>

/** Columns that hold something of each car's own without any mark of it. */
const unmarked: Readonly<Record<string, string>> = {
  "persons.email_index": "car.email_index",
  "persons.wrapped_key": "car.wrapped_key",
  "persons.nonce": "car.nonce",
  "persons.ciphertext": "car.ciphertext",
  "account_links.token_hash": "sha256(car.wrapped_key)" // Of a token that nobody ever had.
}

/**
 * `$1`: the cars as JSON, with the columns of `car`. Constraints are asked at the end of the statement, so its parts need no order. Paths
 * decide the partition: an order's is its own, a vehicle's and its activations' the vehicle's.
 */
export const copyStatement = (tables: ReadonlyArray<TableRows>, marks: Marks, car: Readonly<Record<string, string>>): string => {
  const typed = Object.entries(car).map(([name, type]) => `${name} ${type}`)
  const inserts = tables.map(({ table, columns, rows }, n) => {
    const names = columns.map(({ name }) => name).join(", ")
    const values = rows.map((row) => `(${row.map((text, i) => expressionOf(table, columns, row, i, text, marks)).join(", ")})`)
    return `part_${n} AS (
      INSERT INTO ${table} (${names})
      SELECT own.* FROM car CROSS JOIN LATERAL (VALUES
        ${values.join(",\n        ")}
      ) AS own
    )`
  })
  return `WITH car AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset($1::text::jsonb) AS car (${typed.join(", ")})
  ), ${inserts.join(", ")}
  SELECT count(*)::int AS cars FROM car`
}

const expressionOf = (
  table: string,
  columns: ReadonlyArray<Column>,
  row: ReadonlyArray<string | null>,
  i: number,
  text: string | null,
  marks: Marks
): string => {
  const { name, type } = columns[i]!
  if (text === null) return `NULL::${type}`
  const own = unmarked[`${table}.${name}`]
  if (own !== undefined) return own
  if (name === "partition")
    return row[columns.findIndex((column) => column.name === "path")]!.startsWith("order/")
      ? "car.order_partition"
      : "car.vehicle_partition"
  if (`${table}.${name}` === "security_log.detail" && text.startsWith("link "))
    return `'link ' || left(encode(${unmarked["account_links.token_hash"]}, 'hex'), 16)` // The link that it tells of is another one, too.
  if (`${table}.${name}` === "webhooks.body_sha256")
    return `sha256(${bytesOf(row[columns.findIndex((column) => column.name === "body")]!, marks)})`
  return type === "bytea" ? bytesOf(text, marks) : `${filled(text, marks)}::${type}`
}

/** Bytes that are a text: whatever a partner signed. */
const bytesOf = (escaped: string, marks: Marks) => `convert_to(${filled(escaped, marks)}, 'UTF8')`

const filled = (text: string, marks: Marks): string => {
  const parts = text
    .split(patternOf(marks))
    .flatMap((part, i) => (i % 2 === 1 ? [marks.get(part)!] : part === "" ? [] : [literal(part)]))
  return parts.length === 0 ? "''" : parts.length === 1 ? parts[0]! : `(${parts.join(" || ")})`
}

const patterns = new WeakMap<Marks, RegExp>()
/** A mark that holds another comes first. */
const patternOf = (marks: Marks): RegExp => {
  const known = patterns.get(marks)
  if (known !== undefined) return known
  const longestFirst = [...marks.keys()].sort((one, other) => other.length - one.length)
  const pattern = new RegExp(`(${longestFirst.map((mark) => mark.replace(/[^\w]/g, "\\$&")).join("|")})`)
  patterns.set(marks, pattern)
  return pattern
}

const literal = (text: string) => `'${text.replaceAll("'", "''")}'` // With standard_conforming_strings, which is Postgres' own default.
