/** What a dealership sees of its customer: all that one of its own sellers typed; of who was known before, what it needed to find them (SO-19). */
import { Effect } from "effect"
import { type PersonalData, Persons } from "#integrations/persons/persons.ts"
import type { SubjectId } from "#machines/vocabulary.ts"

/** `sellers`: whoever of the house has sold to them. Null where the person was erased. */
export const customerKnownTo = Effect.fnUntraced(function* (sellers: ReadonlyArray<string>, customerId: SubjectId) {
  const persons = yield* Persons
  return yield* persons.kept(customerId).pipe(
    Effect.map(({ data, by }) => (sellers.includes(by) ? data : elsewhere(data))),
    Effect.catchTag("PersonUnknown", () => Effect.succeed(null))
  )
})

/** The address of mail was typed here, too: by it they were found. Where they live and are called was told to others. */
const elsewhere = ({ name, email, language }: PersonalData): PersonalData => ({
  name,
  email,
  phone: null,
  nationalId: null,
  address: null,
  language
})
