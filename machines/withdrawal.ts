/** The right of withdrawal from a purchased service (Directive 2011/83/EU, art. 9): until when, and what it brings while it lasts. */
import type { ActivationContext } from "./activation-context.ts"
import type { Instant } from "./vocabulary.ts"
import { broughtBy, type WithdrawalOutcome } from "./withdrawal-outcome.ts"

/** States of the service from which there is something to withdraw from; the others have closed another way. */
const open = /^(pending\.|retry$|active$|ended$|escalated\.(open|giving)$)/

export interface WithdrawalProspect extends WithdrawalOutcome {
  readonly before: Instant
}

/** What a withdrawal at `at` would bring; or the reason for which it would be refused. `service` is where the chart's region stands. */
export const withdrawalProspect = (
  service: string,
  context: ActivationContext,
  at: Instant
): WithdrawalProspect | "AlreadyClosed" | "WithdrawalPeriodExpired" => {
  if (!open.test(service)) return "AlreadyClosed"
  const before = context.withdrawalEndsAt
  return at >= before ? "WithdrawalPeriodExpired" : { before, ...broughtBy(context, at) }
}
