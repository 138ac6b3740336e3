/** What our own books say of services: pending entries, sales and their evidence, what withdrawals leave, and months after an end (I20, I21, I25, I30). */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { Evidence } from "./evidence.ts"
import type { Findings } from "./findings.ts"
import { isOpen, type ServiceRow } from "./services.ts"

export const sales = Effect.fn("verify.sales")(function* (
  findings: Findings,
  evidence: Evidence,
  services: ReadonlyArray<ServiceRow>
) {
  yield* pending(findings, evidence, services)
  yield* delivered(findings, evidence)
  yield* undone(findings, evidence, services)
  yield* afterTheEnd(findings)
})

/** Each is posted or voided once, in full; and none waits for a service that is over, or that runs. */
const pending = Effect.fnUntraced(function* (findings: Findings, { quiet }: Evidence, services: ReadonlyArray<ServiceRow>) {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ payment: string; activation: string; times: number; minor: number; ended: number }>`
    SELECT held.payment_id AS payment, held.activation_id AS activation, held.amount_minor::float8 AS minor,
           count(ending.resolves)::int AS times, coalesce(sum(ending.amount_minor), 0)::float8 AS ended
    FROM ledger held
    LEFT JOIN ledger ending ON ending.resolves = held.payment_id AND ending.path = held.path
    WHERE held.phase = 'pending'
    GROUP BY held.payment_id, held.activation_id, held.amount_minor`
  findings.checked("I20", rows.length)
  const waiting = new Set(services.filter((one) => isOpen(one) && one.service !== "active").map((one) => one.activationId))
  for (const { payment, activation, times, minor, ended } of rows) {
    if (times > 1 || (times === 1 && ended !== minor))
      findings.violated("I20", `${payment}: ${minor} was held, and ended ${times} times with ${ended} (minor units)`)
    if (quiet && times === 0 && !waiting.has(activation))
      findings.violated("I20", `${payment}: ${minor} is pending, and nothing is under way that it is for (minor units)`)
  }
})

/** Captured, owed or billed by the month: the car's report is kept, and is older; the car's own book says the same. */
const delivered = Effect.fnUntraced(function* (findings: Findings, { after }: Evidence) {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ activation: string; kind: string; period: string | null; evident: boolean; inTime: boolean }>`
    SELECT l.activation_id AS activation, l.kind, l.period, e.receipt_id IS NOT NULL AS evident,
           coalesce(r.at <= l.at + interval '1 minute' AND (l.period IS NULL OR to_char(r.at - interval '1 day', 'YYYY-MM') <= l.period), false) AS "inTime"
    FROM ledger l
    LEFT JOIN evidence e ON e.receipt_id = l.receipt_id AND e.activation_id = l.activation_id
    LEFT JOIN vehicle_reports r ON r.receipt_id = l.receipt_id
    WHERE l.kind IN ('serviceCaptured', 'serviceOwed', 'monthBilled')`
  findings.checked("I21", rows.length)
  const switchedOn = new Set((after.cars ?? []).flatMap(({ kind, activationId }) => (kind === "on" ? [activationId] : [])))
  for (const { activation, kind, period, evident, inTime } of rows) {
    const what = `${kind}${period === null ? "" : ` (${period})`} of ${activation}`
    if (!evident) findings.violated("I21", `${what} has no evidence`)
    else if (!inTime) findings.violated("I21", `${what} is older than the car's report of it`)
    if (after.cars !== null && !switchedOn.has(activation)) findings.violated("I21", `${what}: the car never had it active`)
  }
})

/** Nothing is earned by it: what the bank took back, or finance gave up, is a loss of as much. */
const undone = Effect.fnUntraced(function* (findings: Findings, { quiet }: Evidence, services: ReadonlyArray<ServiceRow>) {
  if (!quiet) return
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ activation: string; minor: number }>`
    SELECT activation_id AS activation, -sum(minor)::float8 AS minor
    FROM postings
    WHERE activation_id IS NOT NULL AND account IN ('serviceSales', 'vatDue', 'badDebts', 'disputes')
    GROUP BY activation_id`
  const earned = new Map(rows.map(({ activation, minor }) => [activation, minor]))
  for (const { activationId, service } of services) {
    const minor = earned.get(activationId) ?? 0
    if (service === "withdrawn" && minor > 0)
      findings.violated("I25", `${activationId} is withdrawn, and our books keep ${minor} of it (minor units)`)
  }
})

/** By the customer's own clock; the instant that it ended at is no part of it. */
const afterTheEnd = Effect.fnUntraced(function* (findings: Findings) {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ activation: string; month: string; billed: string | null }>`
    SELECT opened.body ->> 'activationId' AS activation, max(l.period) AS billed,
           to_char((min(ended.at) - interval '1 millisecond') AT TIME ZONE coalesce(
             opened.body -> 'law' ->> 'timeZone', CASE opened.body ->> 'country'
               WHEN 'ES' THEN 'Europe/Madrid' WHEN 'DE' THEN 'Europe/Berlin' WHEN 'FR' THEN 'Europe/Paris'
               WHEN 'PT' THEN 'Europe/Lisbon' WHEN 'IT' THEN 'Europe/Rome'
             END), 'YYYY-MM') AS month
    FROM whole.journal ended
    JOIN whole.journal opened ON opened.partition = ended.partition AND opened.path = ended.path AND opened.version = 1
    LEFT JOIN ledger l ON l.path = ended.path AND l.kind = 'monthBilled'
    WHERE ended.path LIKE 'activation/%' AND ended.type IN ('CancelService', 'OwnershipChanged', 'RequestWithdrawal')
      AND ended.outcome = 'handled' AND opened.body -> 'terms' -> 'term' ->> 'kind' = 'recurring'
    GROUP BY opened.body`
  findings.checked("I30", rows.length)
  for (const { activation, month, billed } of rows)
    if (billed !== null && billed > month) findings.violated("I30", `${activation} ended in ${month}, and was billed for ${billed}`)
})
