/** Erasure over HTTP, for the customer and for the operator who has a letter on the desk: a look first, and only what was looked at is agreed to. */
import { Effect, Schema } from "effect"
import type { Caller } from "#integrations/accounts/accounts.ts"
import { Erasure, Preview as PreviewSchema, type Words } from "#integrations/erasure/erasure.ts"
import { Instant, type SubjectId } from "#machines/vocabulary.ts"
import type { Language } from "#src/views/order-words.ts"
import { languageOf } from "./language.ts"
import { freshlyShown } from "./step-up.ts"

export const ErasureQuery = Schema.Struct({ language: Schema.optionalKey(Schema.Literals(["en", "es"])) })

const { fates, blockers, ...rest } = PreviewSchema.fields
const Fate = Schema.Struct({ ...fates.value.fields, called: Schema.String, because: Schema.String })
export const ErasurePreview = Schema.Struct({
  ...rest,
  /** What goes and what stays, until when, and by which law. */
  fates: Schema.Array(Fate),
  /** What has to end first, and what to do about it. None: it can be asked for now, with this hash. */
  blockers: Schema.Array(Schema.Struct({ ...blockers.value.fields, inWords: Schema.String, whatToDo: Schema.String }))
}).annotate({ identifier: "ErasurePreview" })
/** `hash`: of the preview that was shown. */
export const ErasureAgreed = { hash: PreviewSchema.fields.hash }
export const Erased = Schema.Struct({ at: Instant, kept: Schema.Array(Fate) }).annotate({ identifier: "Erased" })

const readIn = (subjectId: SubjectId, { language }: typeof ErasureQuery.Type) =>
  language === undefined ? languageOf(subjectId) : Effect.succeed<Language>(language)

const fateIn =
  (language: Language) =>
  <F extends { readonly called: Words; readonly because: Words }>(fate: F) => ({
    ...fate,
    called: fate.called[language],
    because: fate.because[language]
  })

export const previewErasure = Effect.fn("erasure.preview")(function* (
  subjectId: SubjectId,
  reader: SubjectId,
  query: typeof ErasureQuery.Type
) {
  const language = yield* readIn(reader, query)
  const { fates, blockers, ...rest } = yield* Erasure.use((erasure) => erasure.preview(subjectId))
  return {
    ...rest,
    fates: fates.map(fateIn(language)),
    blockers: blockers.map((one) => ({ ...one, inWords: one.inWords[language], whatToDo: one.whatToDo[language] }))
  }
})

/** `reason`: of an operator, for a request that came by letter; null where it is the customer's own. It cannot be undone: who asks shows once more who they are. */
export const eraseNow = Effect.fn("erasure.erase")(function* (
  caller: Caller,
  subjectId: SubjectId,
  query: typeof ErasureQuery.Type,
  hash: string,
  reason: string | null
) {
  yield* freshlyShown(caller)
  const by = reason === null ? null : { operatorId: caller.subjectId, reason }
  const language = yield* readIn(caller.subjectId, query) // Before there is nobody left to ask.
  const { at, kept } = yield* Erasure.use((erasure) => erasure.erase(subjectId, hash, by))
  return { at, kept: kept.map(fateIn(language)) }
})
