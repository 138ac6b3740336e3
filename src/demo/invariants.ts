/** The verdict on a town when its story is over: every invariant, read against the books its partners keep themselves. */
import { Effect, Redacted } from "effect"
import { PostgresOwner } from "#integrations/postgres/postgres.ts"
import type { Report } from "../verify/findings.ts"
import { ledgersOf } from "../verify/partner-ledgers.ts"
import { verify } from "../verify/verify.ts"
import type { Town } from "./town.ts"

/** Asked when the town is settled: what still waits then is stuck. */
export const invariants = ({ databaseUrl, world }: Town): Promise<Report> =>
  verify({ quiet: true, partners: ledgersOf({ ...world.env, ...world.ledgers }) }).pipe(
    Effect.provide(PostgresOwner({ url: Redacted.make(databaseUrl) })),
    Effect.runPromise
  )
