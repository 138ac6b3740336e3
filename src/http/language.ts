/** The language somebody reads. */
import { Effect } from "effect"
import { Persons } from "#integrations/persons/persons.ts"
import type { SubjectId } from "#machines/vocabulary.ts"
import type { Language } from "#src/views/order-words.ts"

export const languageOf = (subjectId: SubjectId): Effect.Effect<Language, never, Persons> =>
  Persons.use((persons) => persons.read(subjectId)).pipe(
    Effect.map(({ language }) => language),
    Effect.catchTag("PersonUnknown", () => Effect.succeed<Language>("en")) // Erased: somebody else is reading.
  )
