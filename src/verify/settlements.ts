/** What became of money after it was taken: settled, failed, disputed, come back in vain; the cases of it; and what is open (I20, I24, I27, I28). */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { Evidence } from "./evidence.ts"
import type { Findings } from "./findings.ts"
import type { PartnerLedgers } from "./partner-ledgers.ts"

/** Kinds of the gateway's books → what our ledger calls the same. */
const counterparts = {
  settle: "settled",
  settlement_failed: "settlement failed",
  dispute: "disputed",
  dispute_won: "dispute won",
  dispute_lost: "dispute lost"
} as const
type Matter = (typeof counterparts)[keyof typeof counterparts]

export const settlements = Effect.fn("verify.settlements")(function* (findings: Findings, evidence: Evidence) {
  yield* sides(findings, evidence)
  yield* receivables(findings)
  yield* returns(findings, evidence)
  yield* openBalances(findings)
})

interface Ours {
  readonly payment_id: string
  readonly matter: Matter
  readonly minor: number
}

/** Judged is what the gateway has told us: an announcement that is on its way, or was lost, is the reconciliation's. */
const sides = Effect.fnUntraced(function* (findings: Findings, { before, after }: Evidence) {
  const sql = yield* SqlClient.SqlClient
  if (before.payments === null || after.payments === null) return findings.skipped("I24", "no partner ledger")
  const untold = new Set((before.webhooks.payments ?? []).flatMap(({ delivered, body }) => (delivered ? [] : [referenceIn(body)])))
  const theirs = sumsOf(before.payments)
  const later = sumsOf(after.payments)
  const rows = yield* sql<Ours>`
    SELECT payment_id, CASE kind
        WHEN 'paymentSettled' THEN 'settled' WHEN 'paymentSettlementFailed' THEN 'settlement failed' WHEN 'chargedBack' THEN 'disputed'
        WHEN 'disputeWon' THEN 'dispute won' ELSE 'dispute lost' END AS matter,
      sum(amount_minor)::float8 AS minor
    FROM ledger
    WHERE kind IN ('paymentSettled', 'paymentSettlementFailed', 'chargedBack', 'disputeWon', 'disputeLost') AND phase = 'posted'
    GROUP BY 1, 2`
  const waiting = yield* sql<{ payment_id: string }>`
    SELECT body ->> 'paymentId' AS payment_id FROM outbox WHERE state IN ('waiting', 'parked') AND body ? 'paymentId'`
  const open = new Set(waiting.map(({ payment_id }) => payment_id))
  const received = yield* sql<{ body: string }>`
    SELECT convert_from(body, 'UTF8') AS body FROM webhooks WHERE source = 'payments' AND state = 'received'`
  for (const { body } of received) untold.add(referenceIn(body))
  const takings = yield* sql<{ payment_id: string }>`
    SELECT DISTINCT payment_id FROM ledger WHERE debit = 'gateway' AND phase = 'posted'`
  const taken = new Set(takings.map(({ payment_id }) => payment_id))
  const ours = new Map(rows.map(({ payment_id, matter, minor }) => [`${payment_id} ${matter}`, minor]))
  for (const key of new Set([...ours.keys(), ...theirs.keys()])) {
    const paymentId = key.slice(0, key.indexOf(" "))
    const their = theirs.get(key) ?? 0
    if (untold.has(paymentId) || open.has(paymentId) || their !== (later.get(key) ?? 0)) continue
    if (!ours.has(key)) {
      if (key.endsWith(" settlement failed") && !taken.has(paymentId)) continue // It never came, and we knew that first.
      if (key.endsWith(" settled") && theirs.has(`${paymentId} disputed`)) continue // Overtaken by its dispute, it is booked with that one's end.
    }
    findings.checked("I24", 1)
    if ((ours.get(key) ?? 0) !== their)
      findings.violated("I24", `${key}: we say ${ours.get(key) ?? 0}, the gateway says ${their} (minor units)`)
  }
})

const sumsOf = (lines: NonNullable<PartnerLedgers["payments"]>) => {
  const sums = new Map<string, number>()
  for (const { kind, reference, amountMinor } of lines) {
    const matter = counterparts[kind as keyof typeof counterparts]
    if (matter === undefined) continue
    const key = `${reference} ${matter}`
    sums.set(key, (sums.get(key) ?? 0) + amountMinor)
  }
  return sums
}

const referenceIn = (body: string): string => {
  try {
    return String(JSON.parse(body).reference)
  } catch {
    return ""
  }
}

/** One receivable per failed settlement, and one case per receivable. */
const receivables = Effect.fnUntraced(function* (findings: Findings) {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ deal: string; booked: number; payments: number; cases: number; minor: number; at_risk: number }>`
    WITH failed AS (
      SELECT coalesce(activation_id, order_id) AS deal, count(*)::int AS booked, count(DISTINCT payment_id)::int AS payments,
             sum(amount_minor)::float8 AS minor
      FROM ledger WHERE kind = 'paymentSettlementFailed' GROUP BY 1
    ), opened AS (
      SELECT coalesce(activation_id, order_id) AS deal, count(*)::int AS cases, sum(amount_minor)::float8 AS minor
      FROM risk_cases WHERE kind = 'settlementFailed' GROUP BY 1
    )
    SELECT deal, coalesce(booked, 0) AS booked, coalesce(payments, 0) AS payments, coalesce(cases, 0) AS cases,
           coalesce(failed.minor, 0) AS minor, coalesce(opened.minor, 0) AS at_risk
    FROM failed FULL JOIN opened USING (deal)`
  findings.checked("I27", rows.length)
  for (const { deal, booked, payments, cases, minor, at_risk } of rows)
    if (booked !== payments || booked !== cases || minor !== at_risk)
      findings.violated(
        "I27",
        `${deal}: ${payments} failed settlements are ${booked} receivables (${minor}) and ${cases} cases (${at_risk})`
      )
})

/** Where a refund that was believed did not arrive, our ledger owes it again. */
const returns = Effect.fnUntraced(function* (findings: Findings, { before, after }: Evidence) {
  const sql = yield* SqlClient.SqlClient
  if (before.payments === null || after.payments === null) return findings.skipped("I28", "no partner ledger")
  const rows = yield* sql<{ payment_id: string; minor: number }>`
    SELECT payment_id, sum(amount_minor)::float8 AS minor FROM ledger WHERE kind = 'refundFailed' GROUP BY payment_id`
  const failed = new Map<string, number>()
  for (const { kind, reference, amountMinor } of after.payments)
    if (kind === "refund_failed") failed.set(reference, (failed.get(reference) ?? 0) + amountMinor)
  findings.checked("I28", rows.length)
  for (const { payment_id, minor } of rows)
    if (minor > (failed.get(payment_id) ?? 0))
      findings.violated(
        "I28",
        `${payment_id}: ${minor} came back to us again, and at the gateway ${failed.get(payment_id) ?? 0} did (minor units)`
      )
})

/** What is open is what the ledger sums to: the limit of a customer hangs on it. */
const openBalances = Effect.fnUntraced(function* (findings: Findings) {
  const sql = yield* SqlClient.SqlClient
  const wrong = yield* sql<{ holder: string; account: string; kept: number | null; summed: number | null }>`
    WITH summed AS (
      SELECT CASE WHEN leg.account = 'receivables' THEN coalesce(activation_id, order_id) ELSE payment_id END AS holder, leg.account, sum(leg.minor) AS minor
      FROM ledger l CROSS JOIN LATERAL (VALUES (l.debit, l.amount_minor), (l.credit, -l.amount_minor)) AS leg (account, minor)
      WHERE phase = 'posted' AND subject_id IS NOT NULL AND leg.account IN ('gateway', 'receivables', 'disputes')
      GROUP BY 1, 2
      HAVING sum(leg.minor) <> 0
    )
    SELECT holder, account, b.minor::float8 AS kept, s.minor::float8 AS summed
    FROM summed s FULL JOIN open_balances b USING (holder, account)
    WHERE b.minor IS DISTINCT FROM s.minor`
  findings.checked("I20", 1)
  for (const { holder, account, kept, summed } of wrong)
    findings.violated("I20", `${holder} is kept open with ${kept ?? 0} on ${account}, and sums to ${summed ?? 0} (minor units)`)
})
