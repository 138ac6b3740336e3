/** Erasure (supresión): somebody's data go for good, after they have seen what goes, what stays, how long, and by which law (GDPR art. 17, CP-03). */
import { Context, type Effect, Schema } from "effect"
import { Instant, SubjectId } from "#machines/vocabulary.ts"

export const Words = Schema.Struct({ es: Schema.String, en: Schema.String })
export type Words = typeof Words.Type

/** What has to end first. Each has words of its own, and says what to do. */
export const Blocker = Schema.Struct({
  reason: Schema.Literals([
    "OpenOrder",
    "OwnedVehicle",
    "RunningService",
    "OpenDebt",
    "OpenDispute",
    "UnsettledPayment",
    "OpenCase",
    "UnderWay",
    "StaffAccount"
  ]),
  /** How many of them. */
  count: Schema.Natural,
  inWords: Words,
  whatToDo: Words
})
export type Blocker = typeof Blocker.Type

/** One class of data: what becomes of it, and why. */
export const Fate = Schema.Struct({
  what: Schema.String,
  called: Words,
  outcome: Schema.Literals(["erased", "kept"]),
  /** Of what is kept: the last of it goes at this moment. Null where no key can open it any more: it names nobody from then on. */
  until: Schema.NullOr(Instant),
  because: Words,
  /** As the law is cited; null where it is a reason of ours. */
  law: Schema.NullOr(Schema.String)
})
export type Fate = typeof Fate.Type

export const Preview = Schema.Struct({
  customerId: SubjectId,
  fates: Schema.Array(Fate),
  blockers: Schema.Array(Blocker),
  /** SHA-256 of all of the above: who agrees sends it back, so that one agrees to what one saw. */
  hash: Schema.String.check(Schema.isPattern(/^[0-9a-f]{64}$/))
})
export type Preview = typeof Preview.Type

export class Erasure extends Context.Service<
  Erasure,
  {
    /** Changes nothing. */
    readonly preview: (subjectId: SubjectId) => Effect.Effect<Preview, NobodyToErase>
    /**
     * All of it or nothing, in one transaction: the key of the person's data and the data, accounts shut, what the holdings list as
     * deleted, and the keys of papers that nothing obliges us to keep. `by`: the operator and the reason, of a request by letter.
     */
    readonly erase: (
      subjectId: SubjectId,
      hash: string,
      by: { readonly operatorId: SubjectId; readonly reason: string } | null
    ) => Effect.Effect<
      { readonly at: string; readonly kept: ReadonlyArray<Fate> },
      NobodyToErase | PreviewOutdated | ErasureBlocked
    >
  }
>()("integrations/Erasure") {}

/** There is no such person, or they are erased already. */
export class NobodyToErase extends Schema.TaggedError<NobodyToErase>()("NobodyToErase", { subjectId: SubjectId }) {}
/** Something changed since the preview was shown: look again. */
export class PreviewOutdated extends Schema.TaggedError<PreviewOutdated>()("PreviewOutdated", { subjectId: SubjectId }) {}
/** Something has to end first; the preview says what, and what to do. */
export class ErasureBlocked extends Schema.TaggedError<ErasureBlocked>()("ErasureBlocked", {
  reasons: Schema.Array(Blocker.fields.reason)
}) {}
