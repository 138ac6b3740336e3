/** What the gateway says it did, kept beside what our ledger says: whose turn it is to compare them, what came of it, and what nobody can explain. */
import { Context, type Effect, Schema } from "effect"
import type { Instant, SubjectId } from "#machines/vocabulary.ts"
import type { ListedPayment } from "../payments/payments.ts"

/**
 * `unknownReference` of nothing we sold · `unknownThere` we took it, and they know nothing of it · `notCaptured` we took it, and they did
 * not · `notRecorded` they took it, and our ledger does not say so · `amountDiffers`, `currencyDiffers`, `refundDiffers`,
 * `settlementDiffers`, `disputeDiffers` both know it, and differ · `refundedWithoutOrder` they gave back what nobody ordered back ·
 * `chargedTwice` two of their payments bear one reference · `notHeard` who should hear of it is in quarantine.
 */
export const BreakKind = Schema.Literals([
  "unknownReference",
  "unknownThere",
  "notCaptured",
  "notRecorded",
  "amountDiffers",
  "currencyDiffers",
  "refundDiffers",
  "settlementDiffers",
  "disputeDiffers",
  "refundedWithoutOrder",
  "chargedTwice",
  "notHeard"
])
export type BreakKind = typeof BreakKind.Type

/** What contradicts, in minor units; null where a side says nothing. */
export interface Break {
  readonly paymentId: string
  readonly gatewayId: string | null
  readonly kind: BreakKind
  readonly ours: number | null
  readonly theirs: number | null
  readonly currency: string
}

/** One payment as we remember it. `taken`, `returned` … are sums of the ledger, in minor units. */
export interface OurPayment {
  readonly paymentId: string
  readonly currency: string | null // Null where the ledger has no row of it.
  readonly taken: number
  readonly returned: number // Without what came back to us because the refund failed.
  readonly settled: number
  readonly settlementFailed: number
  readonly chargedBack: number
  readonly disputesEnded: number
  /** A command about it waits, or is parked: our side is not finished with it. */
  readonly underWay: boolean
  /** Commands that ordered money back: the references of their refunds. */
  readonly returnsOrdered: ReadonlySet<string>
  /** Facts of it that its actor heard: `PaymentSettled`, `PaymentReturned re_1`, `PaymentDisputed dp_1`. */
  readonly heard: ReadonlySet<string>
  /** Other payments at the gateway that bear the same reference and took money. */
  readonly twins: number
}

/** Where an actor lives that a payment is about. */
export interface About {
  readonly paymentId: string
  readonly path: string
  readonly partition: number
}

/** The right to compare, until somebody may think that whoever has it is gone. */
export interface Claim {
  readonly claimId: string
  /** By the gateway's clock: what changed from here on is read. */
  readonly since: Instant
  /** By platform time: what our ledger took from here on is looked for there. */
  readonly takenSince: Instant
}

export interface RunSummary {
  readonly startedAt: Instant
  readonly payments: number
  readonly told: number
  readonly opened: number
  readonly closed: number
  /** The newest change that was read, by the gateway's clock; null where there was none. */
  readonly readUntil: Instant | null
  /** Null: it came to its end. */
  readonly failure: string | null
}

export class Reconciliation extends Context.Service<
  Reconciliation,
  {
    /** One at a time over all processes, and only when it is due (platform time); null otherwise. */
    readonly claim: Effect.Effect<Claim | null, ReconciliationUnreachable>
    /** Fails where the claim went to somebody else: whoever had it stops. */
    readonly prolong: (claim: Claim) => Effect.Effect<void, ClaimLost | ReconciliationUnreachable>
    /** Keeps what the gateway says now of these payments. */
    readonly keep: (payments: ReadonlyArray<ListedPayment>) => Effect.Effect<void, ReconciliationUnreachable>
    /** In no order; each that was asked for is there. */
    readonly ours: (payments: ReadonlyArray<About>) => Effect.Effect<ReadonlyArray<OurPayment>, ReconciliationUnreachable>
    /** Payments that our ledger took from `since` until `until`, and the gateway never told of; by name after `after`. */
    readonly untold: (asked: {
      readonly since: Instant
      readonly until: Instant
      readonly after: string
      readonly limit: number
    }) => Effect.Effect<ReadonlyArray<string>, ReconciliationUnreachable>
    /** Payments with an open break that were not looked at since `before`; by name after `after`. */
    readonly broken: (asked: {
      readonly before: Instant
      readonly after: string
      readonly limit: number
    }) => Effect.Effect<ReadonlyArray<string>, ReconciliationUnreachable>
    /**
     * From now on these payments have these breaks, and no others: opens what is new, closes what agrees again. A break that an operator
     * has resolved is not opened again while both sides say what they said then.
     */
    readonly judge: (
      payments: ReadonlyArray<string>,
      breaks: ReadonlyArray<Break>
    ) => Effect.Effect<{ readonly opened: number; readonly closed: number }, ReconciliationUnreachable>
    /** Writes the run down, and says when the next is due: `minutes` after this one began. */
    readonly finish: (claim: Claim, run: RunSummary, minutes: number) => Effect.Effect<void, ReconciliationUnreachable>
    /** An operator explains an open break. False: there is none under this number. */
    readonly resolve: (breakId: number, by: SubjectId, reason: string) => Effect.Effect<boolean, ReconciliationUnreachable>
  }
>()("integrations/Reconciliation") {}

/** Somebody else compares now: this process was away for too long. */
export class ClaimLost extends Schema.TaggedError<ClaimLost>()("ClaimLost", {}) {}

/** Postgres did not answer: nothing is known to be compared, and it is done again. */
export class ReconciliationUnreachable extends Schema.TaggedError<ReconciliationUnreachable>()("ReconciliationUnreachable", {
  cause: Schema.Defect()
}) {}
