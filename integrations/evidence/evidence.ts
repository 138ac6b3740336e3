/** The rows that say a car did it. Money is taken only where one is found. */
import { Context, type Effect, Schema } from "effect"
import type { ActivationId, ReceiptId } from "#machines/vocabulary.ts"

export class Evidence extends Context.Service<
  Evidence,
  {
    /** Succeeds where the row `(receiptId, activationId)` is there. */
    readonly require: (
      receiptId: ReceiptId,
      activationId: ActivationId
    ) => Effect.Effect<void, EvidenceMissing | EvidenceUnreachable>
    /** The report itself, as the car signed it: what a bank is shown that has to decide a dispute. */
    readonly reportOf: (
      receiptId: ReceiptId,
      activationId: ActivationId
    ) => Effect.Effect<string, EvidenceMissing | EvidenceUnreachable>
  }
>()("integrations/Evidence") {}

/** No car has confirmed this: nothing is taken, and an operator has to look. */
export class EvidenceMissing extends Schema.TaggedError<EvidenceMissing>()("EvidenceMissing", {
  receiptId: Schema.String,
  activationId: Schema.String
}) {}

/** The database did not answer. */
export class EvidenceUnreachable extends Schema.TaggedError<EvidenceUnreachable>()("EvidenceUnreachable", {
  cause: Schema.Defect()
}) {}
