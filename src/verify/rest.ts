/** When nothing is on its way any more: who still waits, and for what (I11, I12, I13, I14). */
import { PgTypes } from "@effect/sql-pg"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { Evidence } from "./evidence.ts"
import type { Findings } from "./findings.ts"

const late = "1 minute" // A timer later than this is one that nobody looks at.

export const rest = Effect.fn("verify.rest")(function* (findings: Findings, { quiet, now }: Evidence) {
  yield* reasons(findings)
  if (quiet) yield* stillness(findings, now)
  else
    for (const id of ["I11", "I12", "I13"] as const)
      findings.skipped(id, "in part: the rest is for a quiet period (--quiet-period)")
})

const reasons = Effect.fnUntraced(function* (findings: Findings) {
  const sql = yield* SqlClient.SqlClient
  const [count] = yield* sql<{ held: number }>`
    SELECT (SELECT count(*)::int FROM whole.outbox WHERE state IN ('parked', 'discarded')) + (SELECT count(*)::int FROM defects) AS held`
  findings.checked("I14", count!.held)
  const untold = yield* sql<{ id: string; state: string; cause: string | null }>`
    SELECT path || '#' || version || '.' || position AS id, state, cause
    FROM whole.outbox o
    WHERE state IN ('parked', 'discarded') AND (coalesce(cause, '') = '' OR NOT EXISTS (
      SELECT FROM whole.journal j
      WHERE j.partition = o.partition AND j.path = o.path
        AND j.message_id = o.path || '#' || o.version || '.' || o.position || '/parked/' || o.rounds
    ))`
  for (const { id, state, cause } of untold)
    findings.violated("I14", `${id} is ${state} ${cause ? `(${cause}), and its actor was not told` : "without a reason"}`)
  const unasked = yield* sql<{ id: string }>`
    SELECT id
    FROM (SELECT path || '#' || version || '.' || position AS id FROM whole.outbox WHERE state = 'discarded') o
    WHERE NOT EXISTS (SELECT FROM operator_acts WHERE act = 'discard' AND target = o.id)`
  for (const { id } of unasked) findings.violated("I14", `${id} is discarded, and no operator did it`)
  const nameless = yield* sql<{ path: string; message_id: string }>`SELECT path, message_id FROM defects WHERE cause = ''`
  for (const { path, message_id } of nameless) findings.violated("I14", `${path} stumbled over ${message_id} without a reason`)
})

const stillness = Effect.fnUntraced(function* (findings: Findings, now: number) {
  const sql = yield* SqlClient.SqlClient
  const [count] = yield* sql<{ promised: number; timers: number }>`
    SELECT (SELECT count(*)::int FROM whole.outbox) AS promised, (SELECT count(*)::int FROM timers) AS timers`
  findings.checked("I11", count!.promised)
  findings.checked("I13", count!.timers)

  // A lane stops behind a parked command: what waits there is explained by it.
  const undone = yield* sql<{ id: string; type: string; attempts: number; cause: string | null }>`
    SELECT path || '#' || version || '.' || position AS id, type, attempts, cause
    FROM whole.outbox o
    WHERE state = 'waiting' AND NOT EXISTS (
      SELECT FROM whole.outbox earlier
      WHERE earlier.path = o.path AND earlier.lane = o.lane AND earlier.state = 'parked'
        AND (earlier.version, earlier.position) < (o.version, o.position)
    )`
  for (const { id, type, attempts, cause } of undone)
    findings.violated("I11", `${id} ${type} still waits, after ${attempts} tries${cause === null ? "" : ` (${cause})`}`)

  const overdue = yield* sql<{ path: string; timer_id: string; due_at: Date }>`
    SELECT path, timer_id, due_at
    FROM timers t
    WHERE due_at < ${PgTypes.timestamptz(now)}::timestamptz - ${late}::interval
      AND NOT EXISTS (SELECT FROM defects d WHERE d.path = t.path AND tries >= 5)`
  for (const { path, timer_id, due_at } of overdue)
    findings.violated("I13", `${path}: ${timer_id} was due at ${due_at.toISOString()} and has not fired`)

  // Papers are the dealer's to bring, a booked transport is the carrier's to report; everything else wakes by itself.
  const stuck = yield* sql<{ path: string; state_path: string }>`
    SELECT path, state_path
    FROM actors a
    WHERE type = 'order' AND NOT closed
      AND NOT EXISTS (SELECT FROM timers t WHERE t.path = a.path)
      AND NOT EXISTS (SELECT FROM whole.outbox o WHERE o.path = a.path AND o.state IN ('waiting', 'parked'))
      AND NOT EXISTS (SELECT FROM defects d WHERE d.path = a.path AND tries >= 5)
      AND NOT (state_path = 'paid.papersMissing')
      AND NOT (
        state_path IN ('registered.inTransit', 'registered.returned')
        AND state -> 'context' -> 'transport' ->> 'id' IS NOT NULL
      )`
  for (const { path, state_path } of stuck) findings.violated("I12", `${path} is ${state_path}, and nothing will ever wake it`)

  // A service without an end waits for nobody, an escalated one for support, a given one for its car; money that moves is moved by somebody.
  const idle = yield* sql<{ path: string; state_path: string }>`
    SELECT a.path, a.state_path
    FROM actors a
    JOIN whole.journal opened ON opened.partition = a.partition AND opened.path = a.path AND opened.version = 1
    WHERE (
        (a.type = 'activation' AND (
          a.state_path ~ '(^|[+])(service[.](pending|retry)|money[.](authorising|actionRequired|mandating|capturing|charging|voiding|refunding))'
          OR (a.state_path ~ '(^|[+])service[.]active' AND jsonb_exists(opened.body -> 'terms' -> 'term', 'unit'))
        ))
        OR (a.type = 'vehicle' AND a.state_path ~ '(^|[+])configuration[.]waiting')
      )
      AND NOT EXISTS (SELECT FROM timers t WHERE t.path = a.path)
      AND NOT EXISTS (SELECT FROM whole.outbox o WHERE o.path = a.path AND o.state IN ('waiting', 'parked', 'discarded'))
      AND NOT EXISTS (SELECT FROM defects d WHERE d.path = a.path AND tries >= 5)`
  for (const { path, state_path } of idle) findings.violated("I12", `${path} is ${state_path}, and nothing will ever wake it`)

  const forsaken = yield* sql<{ path: string; order_id: string; order_state: string | null }>`
    SELECT v.path, v.state -> 'context' ->> 'orderId' AS order_id, o.state_path AS order_state
    FROM actors v
    LEFT JOIN actors o ON o.path = 'order/' || (v.state -> 'context' ->> 'orderId')
    WHERE v.type = 'vehicle' AND v.state -> 'context' ->> 'orderId' IS NOT NULL
      AND (o.path IS NULL OR (o.closed AND o.state_path <> 'delivered'))
      AND NOT EXISTS (SELECT FROM whole.outbox p WHERE p.path IN (v.path, o.path) AND p.state IN ('waiting', 'parked'))`
  for (const { path, order_id, order_state } of forsaken)
    findings.violated(
      "I12",
      `${path} is meant for ${order_id}, which ${order_state === null ? "does not exist" : `is ${order_state}`}`
    )
})
