/** What persons did, held against the audit: nothing unaudited, nothing after the end of a session, nothing of others (I60, I62, I63, I64). */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { Findings } from "./findings.ts"
import { stillOnRecord } from "./on-record.ts"

export const acts = Effect.fn("verify.acts")(function* (findings: Findings) {
  yield* audited(findings)
  yield* own(findings)
  yield* inTime(findings)
  yield* once(findings)
})

/** Since there is an audit: what was heard before has none. The row precedes the turn, because the request wrote it before it told anybody. */
const audited = Effect.fnUntraced(function* (findings: Findings) {
  const sql = yield* SqlClient.SqlClient
  const since = sql`(SELECT at FROM audit_chain WHERE position = 0)`
  const [count] = yield* sql<{ turns: number }>`
    SELECT count(*)::int AS turns FROM whole.journal WHERE message_id ~ '^sub_[^/]+/' AND at >= ${since}`
  findings.checked("I62", count!.turns)
  const unseen = yield* sql<{ path: string; version: number; message_id: string }>`
    SELECT path, version, message_id
    FROM whole.journal j
    WHERE message_id ~ '^sub_[^/]+/' AND at >= ${since} AND NOT EXISTS (
      SELECT FROM audit a WHERE a.request_id = j.correlation AND a.subject_id = split_part(j.message_id, '/', 1)
    )`
  for (const { path, version, message_id } of unseen)
    findings.violated("I62", `${path} version ${version} heard ${message_id}, and no act in the audit says so`)
})

/** What was answered with yes named what was theirs: the customer's own order, car or service, the dealership's own sale. */
const own = Effect.fnUntraced(function* (findings: Findings) {
  const sql = yield* SqlClient.SqlClient
  const named = sql`
    SELECT a.request_id, a.subject_id, a.role, a.dealership_id, a.objects, object
    FROM audit a
    JOIN audit_outcomes o USING (request_id), unnest(a.objects) AS object
    WHERE o.status < 300 AND (a.role = 'customer' OR (a.role IN ('seller', 'manager') AND object LIKE 'ord!_%' ESCAPE '!'))
    UNION ALL
    SELECT request_id, by_subject_id, role, dealership_id, ARRAY[]::text[], order_id
    FROM purchase_file_reads
    WHERE role IN ('seller', 'manager') AND order_id IS NOT NULL`
  const [count] = yield* sql<{ objects: number }>`SELECT count(*)::int AS objects FROM (${named}) named`
  findings.checked("I60", count!.objects)
  const foreign = yield* sql<{ request_id: string | null; subject_id: string; object: string }>`
    SELECT request_id, subject_id, object
    FROM (${named}) named
    WHERE NOT CASE
      WHEN role IN ('seller', 'manager')
        THEN EXISTS (SELECT FROM actors WHERE path = 'order/' || object AND dealership_id = named.dealership_id)
      WHEN object LIKE 'ord!_%' ESCAPE '!'
        THEN EXISTS (SELECT FROM actors WHERE path = 'order/' || object AND subject_id = named.subject_id)
      WHEN object ~ '^[A-HJ-NPR-Z0-9]{17}$' -- It was handed to them once; whether it still was theirs, the car's own turns say.
        THEN EXISTS (SELECT FROM vehicle_owners o WHERE o.vin = object AND o.subject_id = named.subject_id)
      WHEN object LIKE 'act!_%' ESCAPE '!'
        THEN EXISTS (
          SELECT FROM unnest(named.objects) AS car
          JOIN actors s ON s.path = 'activation/' || car || '/' || object
          JOIN whole.journal j ON j.partition = s.partition AND j.path = s.path AND j.version = 1
          WHERE named.subject_id IN (s.subject_id, j.body ->> 'customerId')
        )
      ELSE true -- Documents and devices are looked up under their holder's own name.
    END`
  for (const { request_id, subject_id, object } of foreign)
    findings.violated("I60", `${subject_id} acted on ${object} (${request_id ?? "a look"}), which was not theirs`)
})

/** Nobody is let in by a session that has ended, is too old, or is of an account that was closed. */
const inTime = Effect.fnUntraced(function* (findings: Findings) {
  const sql = yield* SqlClient.SqlClient
  const [count] = yield* sql<{ acts: number }>`SELECT count(*)::int AS acts FROM audit JOIN sessions USING (session_id)`
  findings.checked("I63", count!.acts)
  const late = yield* sql<{ request_id: string; session_id: string; ended: Date }>`
    SELECT request_id, session_id, ended
    FROM audit
    JOIN sessions s USING (session_id)
    JOIN accounts c ON c.subject_id = s.subject_id AND c.role = s.role
    CROSS JOIN LATERAL (SELECT least(s.ended_at, s.expires_at, c.disabled_at) AS ended) e
    WHERE audit.at > ended + interval '1 second'`
  for (const { request_id, session_id, ended } of late)
    findings.violated("I63", `${request_id} was let in by ${session_id}, which had ended at ${ended.toISOString()}`)
})

/** The log names the link by the first bytes of its token's hash. */
const once = Effect.fnUntraced(function* (findings: Findings) {
  const sql = yield* SqlClient.SqlClient
  const uses = yield* sql<{ link: string; uses: number; there: boolean }>`
    SELECT link, uses, NOT on_record OR EXISTS (
      SELECT FROM account_links WHERE left(encode(token_hash, 'hex'), 16) = link AND used_at IS NOT NULL
    ) AS there
    FROM (
      SELECT substr(detail, 6) AS link, count(*)::int AS uses, bool_or(${yield* stillOnRecord}) AS on_record
      FROM security_log s
      WHERE kind = 'PasswordSet' AND detail LIKE 'link %'
      GROUP BY 1
    ) used`
  findings.checked("I64", uses.length)
  for (const { link, uses: times, there } of uses) {
    if (times > 1) findings.violated("I64", `The one-time link ${link} was used ${times} times`)
    if (!there) findings.violated("I64", `A password was set by the one-time link ${link}, which nobody used up`)
  }
})
