/** What somebody signed in an hour ago may not do: dangerous acts want it shown again, and shown just now (OWASP ASVS 5.0, 7.5.1 and 7.5.3). */
import { Effect } from "effect"
import type { Caller } from "#integrations/accounts/accounts.ts"
import { PlatformTime } from "#integrations/postgres/time.ts"
import { SecondFactors } from "#integrations/second-factors/second-factors.ts"
import { stepUpNeeded } from "./problem.ts"

const freshMillis = 5 * 60_000

/** A purchase above it is such an act, in minor units of whatever currency it is in. */
export const purchaseLimitMinor = 500_00

/**
 * Fails with the problem that says how to go on. Signing in counts; where a second factor is enrolled, only the factor does. `counting`: what is
 * done at one door and counts at both, as factors and the address do, wants it of whoever has one at either; or a password at one door would
 * replace the passkey of the other.
 */
export const freshlyShown = Effect.fn("freshlyShown")(function* (
  { subjectId, role, authenticatedAt, factorAt }: Caller,
  counting: "here" | "at both doors" = "here"
) {
  const time = yield* PlatformTime
  const factors = yield* SecondFactors
  const door = counting === "at both doors" ? null : role === "customer" ? "public" : "intranet"
  const isEnrolled = factorAt !== null || (yield* factors.isEnrolled(subjectId, door))
  const shownAt = isEnrolled ? factorAt : authenticatedAt
  if (shownAt === null || time.now() - Date.parse(shownAt) > freshMillis) return yield* Effect.fail(stepUpNeeded())
})
