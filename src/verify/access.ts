/** Who came in, held against who might: no use after an end (I63), and nothing that is good once used twice (I64). */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { Findings } from "./findings.ts"
import { stillOnRecord } from "./on-record.ts"

export const access = Effect.fn("verify.access")(function* (findings: Findings) {
  const sql = yield* SqlClient.SqlClient

  const [{ sessions } = { sessions: 0 }] = yield* sql<{ sessions: number }>`SELECT count(*)::int AS sessions FROM sessions`
  findings.checked("I63", sessions)
  const late = yield* sql<{ id: string; how: string }>`
    SELECT session_id AS id, 'was used after it ended' AS how
    FROM sessions
    WHERE last_seen_at > ended_at + interval '1 second'
    UNION ALL
    SELECT session_id, 'was used after its account was disabled'
    FROM sessions
    JOIN accounts USING (subject_id, role)
    WHERE last_seen_at > disabled_at + interval '1 second'
    ORDER BY id`
  for (const { id, how } of late) findings.violated("I63", `${id} ${how}`)

  const used = yield* sql<{ subject: string; kind: string; uses: number; credentials: number }>`
    SELECT subject_id AS subject, kind, count(*)::int AS uses,
           (CASE kind
              WHEN 'PasswordSet' THEN (SELECT count(*) FROM account_links AS l WHERE l.subject_id = s.subject_id AND used_at IS NOT NULL)
              ELSE (SELECT count(*) FROM recovery_codes AS c WHERE c.subject_id = s.subject_id AND used_at IS NOT NULL)
            END)::int AS credentials
    FROM security_log AS s
    WHERE kind IN ('PasswordSet', 'RecoveryCodeUsed') AND ${yield* stillOnRecord}
    GROUP BY subject_id, kind
    ORDER BY subject_id, kind`
  findings.checked("I64", used.length)
  for (const { subject, kind, uses, credentials } of used)
    if (uses > credentials)
      findings.violated("I64", `${kind} happened ${uses} times for ${subject}, who used ${credentials} of them up`)
})
