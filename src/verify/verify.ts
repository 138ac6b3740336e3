/** Looks at everything the platform remembers, in one snapshot of the database, and says where it contradicts itself or its partners. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { registry } from "#actors/registry.ts"
import { access } from "./access.ts"
import { activationRecords } from "./activation-records.ts"
import { acts } from "./acts.ts"
import { auditChain } from "./audit-chain.ts"
import { cars } from "./cars.ts"
import { driving } from "./driving.ts"
import { erasures } from "./erasures.ts"
import type { Evidence } from "./evidence.ts"
import { Findings, type Report } from "./findings.ts"
import { holds } from "./holds.ts"
import { inbox } from "./inbox.ts"
import { invoices } from "./invoices.ts"
import { journal } from "./journal.ts"
import { money } from "./money.ts"
import { notifications } from "./notifications.ts"
import { outside } from "./outside.ts"
import { noLedgers, type ReadLedgers } from "./partner-ledgers.ts"
import { purchases } from "./purchases.ts"
import { replays } from "./replays.ts"
import { rest } from "./rest.ts"
import { sales } from "./sales.ts"
import { sequence } from "./sequence.ts"
import { services } from "./services.ts"
import { settlements } from "./settlements.ts"
import { signatures } from "./signatures.ts"
import { withdrawals } from "./withdrawals.ts"

export interface VerifyOptions extends Partial<Pick<Evidence, "quiet" | "registry" | "forgeries" | "history" | "beforeWipe">> {
  /** Partners' own books; without them what needs them is skipped. */
  readonly partners?: ReadLedgers
}

/**
 * Needs the owner's rights to the database. The look is one transaction that sees one moment, so a platform at work is no violation;
 * partners are asked before and after it. Memory stays flat: actors are read in pages.
 */
export const verify = Effect.fn("verify")(function* (options: VerifyOptions = {}) {
  const sql = yield* SqlClient.SqlClient
  const read = Effect.promise(options.partners ?? (async () => noLedgers))
  const findings = new Findings()
  const before = yield* read
  yield* Effect.gen(function* () {
    yield* sql`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY`
    // The first query takes the snapshot: what partners say from here on is younger than all that is seen below.
    const [clock] = yield* sql<{ now: number }>`SELECT (extract(epoch FROM now()) * 1000 + offset_ms)::float8 AS now FROM clock`
    const evidence: Evidence = {
      quiet: options.quiet ?? false,
      now: clock!.now,
      before,
      after: yield* read,
      registry: options.registry ?? registry,
      forgeries: options.forgeries ?? [],
      history: options.history ?? [],
      beforeWipe: options.beforeWipe ?? null
    }
    yield* journal(findings)
    yield* inbox(findings, evidence)
    yield* replays(findings, evidence)
    yield* rest(findings, evidence)
    yield* money(findings, evidence)
    yield* settlements(findings, evidence)
    yield* outside(findings, evidence)
    yield* sequence(findings, evidence)
    yield* signatures(findings)
    const bought = yield* services()
    yield* purchases(findings, evidence, bought)
    yield* withdrawals(findings)
    yield* holds(findings, evidence, bought)
    yield* sales(findings, evidence, bought)
    yield* cars(findings, evidence, bought)
    yield* driving(findings, evidence)
    yield* invoices(findings)
    yield* notifications(findings, evidence)
    yield* erasures(findings, evidence.now)
    yield* auditChain(findings, evidence)
    yield* acts(findings)
    yield* activationRecords(findings)
    yield* access(findings)
    wiped(findings, evidence.beforeWipe)
  }).pipe(sql.withTransaction, Effect.catchTag("SqlError", Effect.die))
  return findings.report()
})

/** Whatever was true before Redis and NATS were emptied is true after, word for word (I17). */
const wiped = (findings: Findings, earlier: Report | null) => {
  if (earlier === null) return findings.skipped("I17", "no earlier report: look, wipe Redis and NATS, look again")
  const now = findings.report()
  for (const { id, violations } of earlier.invariants) {
    if (id === "I17") continue
    findings.checked("I17", 1)
    const then = violations.join("\n")
    const again = now.invariants.find((one) => one.id === id)!.violations.join("\n")
    if (then !== again)
      findings.violated("I17", `${id} was answered with "${then || "all is well"}", and now with "${again || "all is well"}"`)
  }
}
