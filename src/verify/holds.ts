/** Money that the bank holds for us: each hold ends once, in its life, and in the gateway's own books (I23). */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { Evidence } from "./evidence.ts"
import type { Findings } from "./findings.ts"
import { activationOf, isOpen, type ServiceRow } from "./services.ts"

const ends = new Set(["capture", "void", "expire"])
const lateMillis = 60_000 // Whoever lets a hold go a minute after its life has let it go.

export const holds = Effect.fn("verify.holds")(function* (
  findings: Findings,
  { quiet, now, after }: Evidence,
  services: ReadonlyArray<ServiceRow>
) {
  const sql = yield* SqlClient.SqlClient
  if (after.payments === null) return findings.skipped("I23", "no partner ledger")
  if (!quiet) findings.skipped("I23", "in part: what will be captured or voided may be on its way")
  const told = yield* sql<{ payment_id: string; until: string }>`
    SELECT body ->> 'paymentId' AS payment_id, max(body ->> 'captureBefore') AS until
    FROM whole.journal
    WHERE type = 'PaymentAuthorised'
    GROUP BY body ->> 'paymentId'`
  const moving = yield* sql<{ payment_id: string }>`
    SELECT DISTINCT body ->> 'paymentId' AS payment_id
    FROM whole.outbox
    WHERE type IN ('AuthorisePayment', 'CapturePayment', 'VoidPayment') AND state IN ('waiting', 'parked')`
  const unresolved = yield* sql<{ payment_id: string }>`
    SELECT payment_id FROM ledger held
    WHERE phase = 'pending' AND NOT EXISTS (SELECT FROM ledger ending WHERE ending.resolves = held.payment_id)`
  const pending = new Set(unresolved.map(({ payment_id }) => payment_id))
  const inWork = new Set(moving.map(({ payment_id }) => payment_id))
  const lives = new Map(told.map(({ payment_id, until }) => [payment_id, until]))
  const waiting = new Set(services.filter((one) => isOpen(one) && one.service !== "active").map((one) => one.activationId))
  for (const [reference, lines] of Map.groupBy(after.payments, (line) => line.reference)) {
    const held = lines.filter(({ kind }) => kind === "authorise").length
    if (held === 0) continue
    findings.checked("I23", 1)
    const ended = lines.filter(({ kind }) => ends.has(kind)).map(({ kind }) => kind)
    if (ended.length > held) findings.violated("I23", `The hold ${reference} ended ${ended.length} times: ${ended.join(", ")}`)
    if (quiet && pending.has(reference) && ended.some((kind) => kind !== "expire"))
      findings.violated("I23", `The hold ${reference} ended: ${ended.join(", ")}; in our books it is pending`)
    if (ended.length > 0 || inWork.has(reference)) continue
    const until = lives.get(reference)
    if (until !== undefined && Date.parse(until) + lateMillis < now)
      findings.violated("I23", `The hold ${reference} is open, and its life ended at ${until}`)
    else if (quiet && !waiting.has(activationOf(reference) ?? ""))
      findings.violated("I23", `The hold ${reference} is open, and nothing is under way that it is for`)
    else if (quiet && !pending.has(reference))
      findings.violated("I23", `The hold ${reference} is open, and in our books nothing is pending`)
  }
})
