/** The rows of somebody's own data, table by table, as the list of holdings has them. Read by the platform's own eyes: most of these tables have no door. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { SubjectId } from "#machines/vocabulary.ts"
import type { Exported } from "./holdings.ts"

export interface OwnRow {
  readonly key: string
  readonly row: Readonly<Record<string, unknown>>
}

/** By key, after `after`; at most `limit`. The order is that of an expression: no plan walks an index of everybody's rows for it. */
export const ownRows = Effect.fn("Erasure.ownRows")(function* (
  table: string,
  { of, key, without = [] }: Exported,
  subjectId: SubjectId,
  after: string,
  limit: number
) {
  const sql = yield* SqlClient.SqlClient
  const left = without.map((column) => `'${column}'`).join(", ")
  return yield* sql.unsafe<OwnRow>(
    `SELECT (${key}) || '' AS key, to_jsonb(t) - ARRAY[${left}]::text[] AS row
     FROM ${table} t
     WHERE ${of} AND (${key}) || '' > $2
     ORDER BY (${key}) || ''
     LIMIT $3`,
    [subjectId, after, limit]
  )
})
