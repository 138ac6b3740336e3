/** Who was erased is gone: no store yields their data with the keys that remain, and what had to stay is what they were shown (I65). */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { holdings } from "#integrations/erasure/holdings.ts"
import type { Findings } from "./findings.ts"

const shown = 20 // Of each kind of contradiction; beyond, one knows already.
const overdueHours = 48 // The clock of retention looks every hour.

export const erasures = Effect.fn("verify.erasures")(function* (findings: Findings, now: number) {
  const sql = yield* SqlClient.SqlClient
  const [{ people, keys }] = (yield* sql<{ people: number; keys: number }>`
    SELECT (SELECT count(*)::int FROM persons WHERE erased_at IS NOT NULL) AS people,
           (SELECT count(*)::int FROM paper_keys WHERE destroyed_at IS NOT NULL) AS keys`) as [{ people: number; keys: number }]
  findings.checked("I65", people + keys)

  const wrong = Effect.fnUntraced(function* (query: Effect.Effect<ReadonlyArray<{ readonly of: string }>, any>, sentence: string) {
    for (const { of } of (yield* query).slice(0, shown)) findings.violated("I65", `${of}: ${sentence}`)
  })

  yield* wrong(
    sql`
      SELECT subject_id AS of
      FROM persons
      WHERE erased_at IS NOT NULL AND num_nonnulls(email_index, wrapped_key, nonce, ciphertext) > 0`,
    "was erased, and a key, an index or a ciphertext is still there"
  )
  yield* wrong(
    sql`
      SELECT coalesce(p.subject_id, e.subject_id) AS of
      FROM (SELECT subject_id FROM persons WHERE erased_at IS NOT NULL) p
      FULL JOIN erasures e ON e.subject_id = p.subject_id
      WHERE p.subject_id IS NULL OR e.subject_id IS NULL`,
    "was erased without a record of it, or is on record and was not"
  )
  yield* wrong(
    sql`
      SELECT a.subject_id AS of
      FROM accounts a JOIN persons p USING (subject_id)
      WHERE p.erased_at IS NOT NULL AND (a.disabled_at IS NULL OR a.password_hash IS NOT NULL)`,
    "was erased, and could still sign in"
  )
  for (const { table, onErasure } of holdings)
    if (onErasure === "deleted")
      yield* wrong(
        sql.unsafe<{ of: string }>(
          `SELECT DISTINCT t.subject_id AS of FROM ${table} t JOIN persons p ON p.subject_id = t.subject_id WHERE p.erased_at IS NOT NULL`
        ),
        `was erased, and is still in ${table}`
      )
  yield* wrong(
    sql`
      SELECT k.subject_id AS of
      FROM paper_keys k JOIN persons p USING (subject_id)
      WHERE p.erased_at IS NOT NULL AND k.destroyed_at IS NULL AND k.paper_class IN ('registration', 'letter') AND k.created_at <= p.erased_at`,
    "was erased, and the key of papers that nothing obliges us to keep is still there"
  )
  yield* wrong(
    sql`
      SELECT d.document_id AS of
      FROM purchase_papers d JOIN persons p USING (subject_id)
      WHERE p.erased_at IS NOT NULL AND d.bytes IS NOT NULL
      UNION ALL
      SELECT d.order_id
      FROM documents d JOIN actors o ON o.path = 'order/' || d.order_id JOIN persons p ON p.subject_id = o.subject_id
      WHERE p.erased_at IS NOT NULL AND d.bytes IS NOT NULL`,
    "is a paper of somebody erased, and lies in clear"
  )
  yield* wrong(
    sql`
      SELECT key_id AS of
      FROM paper_keys k
      WHERE destroyed_at IS NOT NULL
        AND (wrapped_key IS NOT NULL
             OR EXISTS (SELECT FROM purchase_papers d WHERE d.key_id = k.key_id AND d.sealed IS NOT NULL)
             OR EXISTS (SELECT FROM documents d WHERE d.key_id = k.key_id AND d.sealed IS NOT NULL))`,
    "is destroyed, and it or what it sealed is still there"
  )
  yield* wrong(
    sql`
      SELECT key_id AS of FROM paper_keys
      WHERE destroyed_at IS NULL AND kept_until < ${new Date(now - overdueHours * 3600 * 1000)}`,
    "is kept beyond its term"
  )
})
