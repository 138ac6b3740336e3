/** Checks that what the platform remembers does not contradict itself, nor what its partners remember. */
import { Effect, Redacted } from "effect"
import { PostgresOwner } from "#integrations/postgres/postgres.ts"
import type { Report } from "#src/verify/findings.ts"
import { ledgersOf } from "#src/verify/partner-ledgers.ts"
import { verify } from "#src/verify/verify.ts"

export const summary =
  "the invariants on DATABASE_URL, or on what ./caas up runs; --quiet-period when nothing is on its way; --json"

const usage = "Usage: ./caas verify [--json] [--quiet-period]"

/** Answers 1 where an invariant does not hold, 2 where it could not be asked. */
export const run = async (args: string[]): Promise<number> => {
  if (args.some((arg) => arg !== "--json" && arg !== "--quiet-period")) return refuse(usage)
  const url = process.env.DATABASE_URL
  if (!url) return refuse("Set DATABASE_URL to the owner's address of a database, or start ./caas up in this folder first.")
  const report = await verify({ quiet: args.includes("--quiet-period"), partners: ledgersOf(process.env) }).pipe(
    Effect.provide(PostgresOwner({ url: Redacted.make(url) })),
    Effect.runPromise
  )
  console.log(args.includes("--json") ? JSON.stringify(report) : table(report))
  return report.violated > 0 ? 1 : 0
}

const refuse = (why: string): number => {
  console.error(why)
  return 2
}

/** One line per invariant, and under it what contradicts it. */
export const table = ({ checked, violated, invariants }: Report): string => {
  const lines = invariants.flatMap(({ id, text, checked, violations, skipped }) => {
    const verdict = violations.length > 0 ? "violated" : checked > 0 ? "holds" : "skipped"
    const line = `${id}  ${verdict.padEnd(8)} ${String(checked).padStart(9)}  ${text}`
    const why = skipped === undefined ? [] : [`${" ".repeat(25)}${skipped}`]
    return [line, ...why, ...violations.map((violation) => `${" ".repeat(25)}✗ ${violation}`)]
  })
  const verdict = violated === 0 ? "all hold" : `${violated} violated`
  return [`${"".padEnd(5)}${"".padEnd(8)} ${"looked at".padStart(9)}`, ...lines, `${checked} invariants checked, ${verdict}`].join(
    "\n"
  )
}
