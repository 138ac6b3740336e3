/** Gives every row that waits its place in the chain: one process at a time, a thousand rows a turn, and nobody's request waits for it. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { byteas, int8s, texts } from "../postgres/postgres.ts"
import { PlatformTime } from "../postgres/time.ts"
import { entryOf, linked } from "./chain.ts"

const rowsAtOnce = 1_000
const lock = 1_635_083_369 // Any number, as long as every process takes the same.

interface Waiting {
  readonly source: string
  readonly position: string // A bigint.
}

/** The canonical text of rows: what is hashed. A column that comes later is another edition of the text, never a change of this one. */
const textsOf = (sql: SqlClient.SqlClient) => {
  const instant = sql`'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'`
  const when = sql`to_char(at AT TIME ZONE 'UTC', ${instant})`
  const asked = (positions: ReadonlyArray<string>) => sql`= ANY(${int8s(positions)}::int8[])`
  type Row = { readonly position: string; readonly text: string }
  return {
    audit: (of: ReadonlyArray<string>) => sql<Row>`
      SELECT position::text, json_build_array('audit', position, ${when}, request_id, session_id, subject_id, role, dealership_id, method, route,
                                              objects, reason)::text AS text
      FROM audit WHERE position ${asked(of)}`,
    audit_outcomes: (of: ReadonlyArray<string>) => sql<Row>`
      SELECT position::text, json_build_array('audit_outcomes', position, ${when}, request_id, status)::text AS text
      FROM audit_outcomes WHERE position ${asked(of)}`,
    security_log: (of: ReadonlyArray<string>) => sql<Row>`
      SELECT position::text, json_build_array('security_log', position, ${when}, kind, subject_id, detail)::text AS text
      FROM security_log WHERE position ${asked(of)}`,
    operator_acts: (of: ReadonlyArray<string>) => sql<Row>`
      SELECT id::text AS position, json_build_array('operator_acts', id, ${when}, by, act, target, reason)::text AS text
      FROM operator_acts WHERE id ${asked(of)}`,
    purchase_file_reads: (of: ReadonlyArray<string>) => sql<Row>`
      SELECT position::text, json_build_array('purchase_file_reads', position, ${when}, customer_id, by_subject_id, role, dealership_id, order_id, what,
                                              document_id, request_id)::text AS text
      FROM purchase_file_reads WHERE position ${asked(of)}`
  }
}

/** How many were sealed; 0 also where another process is at it. */
export const seal = Effect.fn("Audit.seal")(function* () {
  const sql = yield* SqlClient.SqlClient
  const time = yield* PlatformTime
  const [waits] = yield* sql`SELECT true AS waits FROM audit_unsealed LIMIT 1`
  if (waits === undefined) return 0
  return yield* Effect.gen(function* () {
    const [turn] = yield* sql<{ ours: boolean }>`SELECT pg_try_advisory_xact_lock(${lock}) AS ours`
    if (!turn!.ours) return 0
    const waiting = yield* sql<Waiting>`
      DELETE FROM audit_unsealed
      WHERE (source, source_position) IN (
        SELECT source, source_position FROM audit_unsealed ORDER BY source, source_position LIMIT ${rowsAtOnce}
      )
      RETURNING source, source_position::text AS position`
    const readers = textsOf(sql)
    const entries: Array<Waiting & { readonly entry: Uint8Array }> = []
    for (const [source, rows] of Map.groupBy(waiting, ({ source }) => source)) {
      const found = yield* readers[source as keyof typeof readers](rows.map(({ position }) => position))
      for (const { position, text } of found) entries.push({ source, position, entry: entryOf(text) })
    }
    entries.sort((one, other) => one.source.localeCompare(other.source, "en") || Number(one.position) - Number(other.position))
    const [last] = yield* sql<{ position: string; hash: Uint8Array }>`
      SELECT position::text, hash FROM audit_chain ORDER BY audit_chain.position DESC LIMIT 1`
    let hash: Uint8Array = last!.hash
    const hashes = entries.map(({ entry }) => (hash = linked(hash, entry)))
    yield* sql`
      INSERT INTO audit_chain (position, at, source, source_position, entry, hash)
      SELECT ${last!.position}::int8 + n, ${new Date(time.now())}, source, source_position, entry, hash
      FROM unnest(
        ${texts(entries.map(({ source }) => source))}::text[],
        ${int8s(entries.map(({ position }) => position))}::int8[],
        ${byteas(entries.map(({ entry }) => entry))}::bytea[],
        ${byteas(hashes)}::bytea[]
      ) WITH ORDINALITY AS link (source, source_position, entry, hash, n)`
    return entries.length
  }).pipe(sql.withTransaction)
})
