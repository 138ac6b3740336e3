/** What was bought for a car: by whom it may be, and what may be paid for it (I21, I22, I25, I46, I47, I49, I51). */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { Evidence } from "./evidence.ts"
import type { Findings } from "./findings.ts"
import { activationOf, isOpen, type ServiceRow } from "./services.ts"

export const purchases = Effect.fn("verify.purchases")(function* (
  findings: Findings,
  evidence: Evidence,
  services: ReadonlyArray<ServiceRow>
) {
  const balances = paidFor(evidence.after.payments)
  chargedForSomething(findings, evidence, services)
  yield* chargedOnce(findings, evidence, services, balances)
  yield* withdrawn(findings, evidence, services, balances)
  yield* escalated(findings, evidence, services, balances)
  yield* gated(findings)
  yield* kept(findings)

  findings.checked("I46", services.length)
  for (const [what, open] of Map.groupBy(services.filter(isOpen), ({ vin, option }) => `${option} on ${vin}`))
    if (open.length > 1)
      findings.violated("I46", `${what} is being bought by ${open.map(({ activationId }) => activationId).join(" and ")}`)
})

/** What the gateway took and has: neither given back, nor failed to settle, nor taken back by the customer's bank. Per activation, in minor units. Null where it keeps its books to itself. */
const paidFor = (lines: Evidence["after"]["payments"]): ReadonlyMap<string, number> | null => {
  if (lines === null) return null
  const paid = new Map<string, number>()
  for (const { kind, reference, amountMinor } of lines) {
    const activation = activationOf(reference)
    if (activation === null) continue
    paid.set(activation, (paid.get(activation) ?? 0) + (signs[kind] ?? 0) * amountMinor)
  }
  return paid
}

/** A refund that did not arrive is still owed: that is a case of finance's, and not here. */
const signs: Readonly<Record<string, number>> = {
  charge: 1,
  capture: 1,
  refund: -1,
  settlement_failed: -1,
  dispute: -1,
  dispute_won: 1
}

/** The gateway's books are the older copy, the cars' the younger one: what was taken then was switched on before. */
const chargedForSomething = (findings: Findings, { before, after }: Evidence, services: ReadonlyArray<ServiceRow>) => {
  if (before.payments === null) return findings.skipped("I21", "no partner ledger")
  if (after.cars === null) findings.skipped("I21", "in part: no ledger of the cars")
  const byId = new Map(services.map((service) => [service.activationId, service]))
  const switchedOn = new Set((after.cars ?? []).flatMap(({ kind, activationId }) => (kind === "on" ? [activationId] : [])))
  for (const { kind, reference } of before.payments) {
    const activation = kind === "charge" || kind === "capture" ? activationOf(reference) : null
    if (activation === null) continue
    findings.checked("I21", 1)
    if (byId.get(activation)?.evident !== true) findings.violated("I21", `${reference} was taken without evidence of ${activation}`)
    if (after.cars !== null && !switchedOn.has(activation))
      findings.violated("I21", `${reference} was taken, and the car never had ${activation} active`)
  }
}

const chargedOnce = Effect.fnUntraced(function* (
  findings: Findings,
  { quiet }: Evidence,
  services: ReadonlyArray<ServiceRow>,
  balances: ReadonlyMap<string, number> | null
) {
  const sql = yield* SqlClient.SqlClient
  findings.checked("I22", services.length)
  const twice = yield* sql<{ activation_id: string; captures: number; minor: number; price: number }>`
    SELECT l.activation_id, count(*)::int AS captures, sum(l.amount_minor)::float8 AS minor,
           min((j.body -> 'terms' -> 'price' ->> 'amountMinor')::float8) AS price
    FROM ledger l
    LEFT JOIN whole.journal j ON j.partition = l.partition AND j.path = l.path AND j.version = 1
    WHERE l.kind IN ('serviceCaptured', 'serviceOwed')
    GROUP BY l.activation_id
    HAVING count(*) > 1 OR sum(l.amount_minor) IS DISTINCT FROM min((j.body -> 'terms' -> 'price' ->> 'amountMinor')::float8)`
  for (const { activation_id, captures, minor, price } of twice)
    findings.violated("I22", `${activation_id} costs ${price}, and was paid ${captures} times, ${minor} in all (minor units)`)
  const prices = new Map(services.map(({ activationId, priceMinor }) => [activationId, priceMinor]))
  const months = yield* sql<{ activation_id: string; period: string; minor: number; bills: number }>`
    SELECT activation_id, period, sum(amount_minor)::float8 AS minor, count(*)::int AS bills
    FROM ledger
    WHERE kind = 'monthBilled'
    GROUP BY activation_id, period`
  findings.checked("I22", months.length)
  for (const { activation_id, period, minor, bills } of months)
    if (bills > 1 || minor > (prices.get(activation_id) ?? 0))
      findings.violated("I22", `${activation_id} was billed ${bills} times for ${period}, ${minor} in all (minor units)`)
  if (balances === null) return findings.skipped("I22", "in part: no partner ledger")
  if (!quiet) return findings.skipped("I22", "in part: what goes back may be on its way")
  for (const activationId of new Set(months.map(({ activation_id }) => activation_id))) prices.set(activationId, 0)
  for (const { activation_id, minor } of months) prices.set(activation_id, (prices.get(activation_id) ?? 0) + minor)
  for (const [activation, minor] of balances)
    if (minor > (prices.get(activation) ?? 0))
      findings.violated("I22", `The gateway took ${minor} for ${activation}, which costs ${prices.get(activation) ?? "nothing"}`)
})

const costsNothing = (
  findings: Findings,
  id: "I25" | "I49",
  what: string,
  activation: string,
  balances: ReadonlyMap<string, number> | null
) => {
  const minor = balances?.get(activation) ?? 0 // Less than nothing where the settlement failed after the money had gone back.
  if (minor > 0) findings.violated(id, `${activation} ${what}, and the gateway keeps ${minor} (minor units)`)
}

/** In the car: where it has applied the document that we last decided on. Otherwise it has not heard of it yet. */
const withdrawn = Effect.fnUntraced(function* (
  findings: Findings,
  { quiet, after }: Evidence,
  services: ReadonlyArray<ServiceRow>,
  balances: ReadonlyMap<string, number> | null
) {
  const sql = yield* SqlClient.SqlClient
  const all = services.filter(({ service }) => service === "withdrawn")
  findings.checked("I25", all.length)
  const mails = yield* sql<{ path: string; mails: number }>`
    SELECT path, count(*)::int AS mails
    FROM whole.outbox
    WHERE type = 'AcknowledgeWithdrawal'
    GROUP BY path`
  const acknowledged = new Map(mails.map(({ path, mails }) => [path, mails]))
  for (const { path, activationId } of all)
    if (acknowledged.get(path) !== 1)
      findings.violated("I25", `${activationId} is withdrawn, and that was said ${acknowledged.get(path) ?? 0} times`)
  if (!quiet) return findings.skipped("I25", "in part: what goes back may be on its way")
  if (balances === null || after.flash === null) findings.skipped("I25", "in part: no partner ledger")
  const versions = yield* sql<{ vin: string; version: number }>`
    SELECT vin, (state -> 'context' ->> 'cfgVersion')::int AS version FROM actors WHERE type = 'vehicle'`
  const decided = new Map(versions.map(({ vin, version }) => [vin, version]))
  const flashes = new Map((after.flash ?? []).map((flash) => [flash.vin, flash]))
  for (const { activationId, vin } of all) {
    costsNothing(findings, "I25", "is withdrawn", activationId, balances)
    const flash = flashes.get(vin)
    if (flash === undefined || flash.cfgVersion !== decided.get(vin)) continue
    if (flash.features.some((feature) => feature.activationId === activationId))
      findings.violated("I25", `${activationId} is withdrawn, and ${vin} has it active`)
  }
})

const escalated = Effect.fnUntraced(function* (
  findings: Findings,
  { quiet }: Evidence,
  services: ReadonlyArray<ServiceRow>,
  balances: ReadonlyMap<string, number> | null
) {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ path: string; cases: number; tries: number | null; wanted: number }>`
    SELECT a.path, coalesce(c.cases, 0)::int AS cases, c.tries,
           (opened.body -> 'terms' ->> 'retries')::int + 1 AS wanted
    FROM actors a
    JOIN whole.journal opened ON opened.partition = a.partition AND opened.path = a.path AND opened.version = 1
    LEFT JOIN (
      SELECT activation_id, count(*) AS cases, max(jsonb_array_length(tries)) AS tries FROM support_cases GROUP BY activation_id
    ) c ON c.activation_id = opened.body ->> 'activationId'
    WHERE a.type = 'activation' AND (c.cases IS NOT NULL OR EXISTS (
      SELECT FROM whole.journal j
      WHERE j.partition = a.partition AND j.path = a.path AND jsonb_typeof(j.reply) = 'object'
        AND jsonb_exists(j.reply -> 'service', 'escalated')
    ))`
  findings.checked("I49", rows.length)
  const ids = new Map(services.map(({ path, activationId }) => [path, activationId]))
  for (const { path, cases, tries, wanted } of rows) {
    if (cases !== 1) findings.violated("I49", `${path} was escalated, and has ${cases} support cases`)
    else if (tries !== wanted) findings.violated("I49", `${path} was escalated after ${tries} tries instead of ${wanted}`)
    if (quiet) costsNothing(findings, "I49", "failed in every try", ids.get(path)!, balances)
  }
  if (!quiet || balances === null) findings.skipped("I49", "in part: what is held or goes back is seen in a quiet period")
})

/** What comes with the car (the bundle) is no purchase: nobody had to decide. */
const gated = Effect.fnUntraced(function* (findings: Findings) {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ activation: string; allowed: boolean }>`
    SELECT body ->> 'activationId' AS activation, EXISTS (
        SELECT FROM gate_decisions g
        WHERE g.vin = body ->> 'vin' AND g.option = body -> 'terms' ->> 'option' AND g.subject_id = body ->> 'customerId'
          AND g.decision = 'open' AND g.status = 'current' AND g.at <= (body ->> 'purchasedAt')::timestamptz
          AND g.asked_at >= (body ->> 'purchasedAt')::timestamptz
            - (body -> 'terms' ->> 'maintenanceMaxAgeHours')::int * interval '1 hour'
      ) AS allowed
    FROM whole.journal
    WHERE type = 'OptionPurchased' AND body ->> 'channel' = 'online' AND (body -> 'terms' ->> 'maintenanceGated')::boolean`
  findings.checked("I47", rows.length)
  for (const { activation, allowed } of rows)
    if (!allowed)
      findings.violated("I47", `${activation} is maintenance-gated, and was sold without an answer that was open and young`)
})

/** The workshops' answer may cost the warranty, of which the owner hears. It moves nothing else (S16). */
const kept = Effect.fnUntraced(function* (findings: Findings) {
  const sql = yield* SqlClient.SqlClient
  const [count] = yield* sql<{
    answers: number
  }>`SELECT count(*)::int AS answers FROM whole.journal WHERE type = 'MaintenanceChecked'`
  findings.checked("I51", count!.answers)
  const moved = yield* sql<{ path: string; version: number; type: string }>`
    SELECT o.path, o.version, o.type
    FROM whole.outbox o
    JOIN whole.journal j ON j.partition = o.partition AND j.path = o.path AND j.version = o.version
    WHERE j.type = 'MaintenanceChecked' AND o.type <> 'NotifyOwner'`
  for (const { path, version, type } of moved)
    findings.violated("I51", `${path} answered an answer of the workshops with ${type}, at version ${version}`)
})
