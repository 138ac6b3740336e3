/** Withdrawals that were turned away as late: kept, so that anybody can check later that none of them was in time (I26). A refusal leaves no other trace. */
import { Context, type Effect } from "effect"
import type { ActivationId, Instant, SubjectId, Vin } from "#machines/vocabulary.ts"

export interface RefusedWithdrawal {
  readonly activationId: ActivationId
  readonly vin: Vin
  readonly customerId: SubjectId
  /** Which of the two steps it was. */
  readonly step: "look" | "confirmation"
  /** Kept at the edge, or by a receipt of ours. */
  readonly submittedAt: Instant
}

export class RefusedWithdrawals extends Context.Service<
  RefusedWithdrawals,
  {
    /** The earliest of a service says it all: whoever comes later is later. Safe to repeat. */
    readonly keep: (refused: RefusedWithdrawal) => Effect.Effect<void>
  }
>()("integrations/RefusedWithdrawals") {}
