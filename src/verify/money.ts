/** The money: sums, accounts, the gateway's own books, what came back, and what became of each deposit (I20, I24, I28, I29). */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { Evidence } from "./evidence.ts"
import type { Findings } from "./findings.ts"
import type { PartnerLedgers } from "./partner-ledgers.ts"

/** Kind → the account that is debited, and the one that is credited: the chart of accounts once more, in the accountant's hand. */
const kinds: Readonly<Record<string, readonly [debit: string, credit: string]>> = {
  depositReceived: ["gateway", "customerDeposits"],
  finalPaymentReceived: ["gateway", "customerPayments"],
  latePaymentReceived: ["gateway", "refundsDue"],
  depositForfeited: ["customerDeposits", "forfeitedDeposits"],
  depositReturnOrdered: ["customerDeposits", "refundsDue"],
  depositPenaltyOrdered: ["depositPenalties", "refundsDue"],
  finalPaymentReturnOrdered: ["customerPayments", "refundsDue"],
  paymentReturned: ["refundsDue", "gateway"],
  depositApplied: ["customerDeposits", "vehicleSales"],
  finalPaymentApplied: ["customerPayments", "vehicleSales"],
  serviceHeld: ["gateway", "serviceSales"],
  serviceReleased: ["gateway", "serviceSales"],
  serviceCaptured: ["gateway", "serviceSales"],
  serviceOwed: ["receivables", "serviceSales"],
  monthBilled: ["receivables", "serviceSales"],
  billWaived: ["serviceSales", "receivables"],
  serviceReturnOrdered: ["serviceSales", "refundsDue"],
  serviceReturned: ["refundsDue", "gateway"],
  lateServicePayment: ["gateway", "refundsDue"],
  refundFailed: ["gateway", "refundsDue"],
  refundPaidOut: ["refundsDue", "bank"],
  paymentSettled: ["bank", "gateway"],
  writtenOff: ["badDebts", "receivables"],
  disputeLost: ["badDebts", "disputes"]
}
/** Of these the one side is where the money was: it had settled, or not; it was charged, or came by transfer; it never came, or the bank has returned it. */
const eitherWay: Readonly<Record<string, (debit: string, credit: string) => boolean>> = {
  depositWaived: (debit, credit) => debit === "customerDeposits" && (credit === "receivables" || credit === "badDebts"),
  debtPaid: (debit, credit) => (debit === "gateway" || debit === "bank") && credit === "receivables",
  paymentSettlementFailed: (debit, credit) => debit === "receivables" && ["gateway", "bank", "disputes"].includes(credit),
  chargedBack: (debit, credit) => debit === "disputes" && (credit === "bank" || credit === "gateway"),
  disputeWon: (debit, credit) => (debit === "bank" || debit === "gateway") && credit === "disputes"
}
const isRight = (kind: string, debit: string, credit: string) =>
  eitherWay[kind]?.(debit, credit) ?? (kinds[kind]?.[0] === debit && kinds[kind][1] === credit)

export const money = Effect.fn("verify.money")(function* (findings: Findings, evidence: Evidence) {
  yield* sums(findings)
  yield* deposits(findings)
  yield* gateway(findings, evidence)
  givenBack(findings, evidence)
})

const sums = Effect.fnUntraced(function* (findings: Findings) {
  const sql = yield* SqlClient.SqlClient
  const [count] = yield* sql<{ transfers: number }>`SELECT count(*)::int AS transfers FROM ledger`
  findings.checked("I20", count!.transfers)
  const unbalanced = yield* sql<{ id: string; currency: string; minor: number }>`
    SELECT path || '#' || version || '.' || position AS id, currency, sum(minor)::float8 AS minor
    FROM postings
    GROUP BY path, version, position, currency
    HAVING sum(minor) <> 0`
  for (const { id, currency, minor } of unbalanced)
    findings.violated("I20", `${id} is out of balance by ${minor} ${currency} (minor units)`)

  const pairs = yield* sql<{ kind: string; debit: string; credit: string; transfers: number }>`
    SELECT kind, debit, credit, count(*)::int AS transfers FROM ledger GROUP BY kind, debit, credit`
  for (const { kind, debit, credit, transfers } of pairs)
    if (!isRight(kind, debit, credit))
      findings.violated("I20", `${transfers} transfers of kind ${kind} move money from ${credit} to ${debit}`)

  // Credits are negative: an account we owe from never holds more debits than credits. A penalty is paid out by the bank, not by the gateway.
  const owed = yield* sql<{ deal: string; account: string; minor: number }>`
    SELECT coalesce(order_id, activation_id) AS deal, account, sum(minor)::float8 AS minor
    FROM postings
    WHERE account IN ('customerDeposits', 'customerPayments', 'refundsDue', 'serviceSales', 'vatDue')
    GROUP BY deal, account, currency
    HAVING sum(minor) > 0`
  for (const { deal, account, minor } of owed)
    findings.violated("I20", `${deal} was given ${minor} more from ${account} than it had there`)
  const taken = yield* sql<{ payment_id: string; minor: number }>`
    SELECT payment_id, (sum(amount_minor) FILTER (WHERE debit = 'gateway' AND kind NOT IN ('refundFailed', 'disputeWon'))
             - coalesce(sum(amount_minor) FILTER (WHERE credit = 'gateway' AND debit = 'refundsDue'), 0)
             + coalesce(sum(amount_minor) FILTER (WHERE kind = 'refundFailed'), 0))::float8 AS minor
    FROM ledger
    WHERE phase = 'posted'
    GROUP BY payment_id
    HAVING sum(amount_minor) FILTER (WHERE debit = 'gateway' AND kind NOT IN ('refundFailed', 'disputeWon'))
             - coalesce(sum(amount_minor) FILTER (WHERE credit = 'gateway' AND debit = 'refundsDue'), 0)
             + coalesce(sum(amount_minor) FILTER (WHERE kind = 'refundFailed'), 0) < 0`
  for (const { payment_id, minor } of taken) findings.violated("I20", `${payment_id} gave back ${-minor} more than it took`)
})

const deposits = Effect.fnUntraced(function* (findings: Findings) {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{
    path: string
    state_path: string | null
    received: number
    disputed: boolean
    ends: string | null
    count: number
  }>`
    SELECT l.path, a.state_path,
           count(*) FILTER (WHERE kind = 'depositReceived')::int AS received,
           EXISTS (SELECT FROM open_balances b WHERE b.account = 'disputes' AND b.holder IN
             (SELECT payment_id FROM ledger WHERE path = l.path AND kind = 'depositReceived')) AS disputed,
           string_agg(kind, ', ' ORDER BY l.version) FILTER (WHERE kind <> 'depositReceived') AS ends,
           count(*) FILTER (WHERE kind <> 'depositReceived')::int AS count
    FROM ledger l
    LEFT JOIN actors a ON a.path = l.path
    WHERE kind IN ('depositReceived', 'depositApplied', 'depositForfeited', 'depositReturnOrdered', 'depositWaived')
    GROUP BY l.path, a.state_path`
  findings.checked("I29", rows.length)
  const endOf: Readonly<Record<string, string>> = {
    delivered: "depositApplied",
    forfeited: "depositForfeited",
    cancelled: "depositReturnOrdered"
  }
  for (const { path, state_path, received, disputed, ends, count } of rows) {
    // It had never come, or the customer's bank has returned it; while that one decides, it waits.
    const waits = state_path === "cancelled" && (ends === "depositWaived" || (ends === null && disputed))
    const expected = state_path === null ? null : waits ? ends : (endOf[state_path] ?? null)
    if (received !== 1 || count > 1 || ends !== expected)
      findings.violated(
        "I29",
        `${path} is ${state_path}; it received ${received} deposits, which ended as ${ends ?? "nothing yet"}`
      )
  }
})

/** While things move, a payment is judged only where both sides stood still and none of its commands is open. */
const gateway = Effect.fnUntraced(function* (findings: Findings, { quiet, before, after }: Evidence) {
  const sql = yield* SqlClient.SqlClient
  if (before.payments === null || after.payments === null) return findings.skipped("I24", "no partner ledger")
  const theirs = balances(after.payments)
  const earlier = balances(before.payments)
  const rows = yield* sql<{ payment_id: string; minor: number; open: boolean }>`
    SELECT payment_id, coalesce(sum(minor), 0)::float8 AS minor, bool_or(open) AS open
    FROM (
      SELECT payment_id, minor, false AS open FROM postings
      WHERE account IN ('gateway', 'bank') AND kind NOT IN ('debtPaid', 'refundPaidOut', 'paymentSettlementFailed', 'chargedBack', 'disputeWon', 'refundFailed')
        OR (kind = 'debtPaid' AND account = 'gateway')
      UNION ALL
      SELECT body ->> 'paymentId', 0, state IN ('waiting', 'parked') FROM whole.outbox WHERE type IN ('ChargePayment', 'CapturePayment', 'ReturnPayment')
    ) payments
    GROUP BY payment_id`
  const ours = new Map(rows.map((row) => [row.payment_id, row]))
  for (const paymentId of new Set([...ours.keys(), ...theirs.keys()])) {
    const our = ours.get(paymentId)
    const their = theirs.get(paymentId)
    const moves = our?.open === true || their?.minor !== earlier.get(paymentId)?.minor || their?.awaited === true
    if (!quiet && moves) continue
    findings.checked("I24", 1)
    if (their?.failed === true && (our?.minor ?? 0) === 0) continue // We knew that it never came before we knew of it.
    if ((our?.minor ?? 0) !== (their?.minor ?? 0))
      findings.violated(
        "I24",
        `${paymentId}: we say ${our?.minor ?? "nothing"}, the gateway says ${their?.minor ?? "nothing"} (minor units)`
      )
  }
})

const balances = (lines: NonNullable<PartnerLedgers["payments"]>) => {
  const all = new Map<string, { minor: number; awaited: boolean; failed: boolean }>()
  for (const { kind, reference, amountMinor } of lines) {
    const payment = all.get(reference) ?? { minor: 0, awaited: false, failed: false }
    all.set(reference, payment)
    if (kind === "charge" || kind === "capture") payment.minor += amountMinor
    if (kind === "refund") payment.minor -= amountMinor
    if (kind === "settlement_failed") payment.failed = true
    if (kind === "await") payment.awaited = true // Its confirmation may be on the way to us.
  }
  return all
}

/** In the gateway's own books, of orders and services alike. */
const givenBack = (findings: Findings, { after }: Evidence) => {
  if (after.payments === null) return findings.skipped("I28", "no partner ledger")
  const taken = new Map<string, number>()
  for (const { kind, reference, amountMinor } of after.payments) {
    const left = taken.get(reference) ?? 0
    if (kind === "charge" || kind === "capture" || kind === "refund_failed") taken.set(reference, left + amountMinor)
    if (kind !== "refund") continue
    findings.checked("I28", 1)
    taken.set(reference, left - amountMinor)
    if (left < amountMinor) findings.violated("I28", `${reference}: ${amountMinor} came back, and ${left} was there (minor units)`)
  }
}
