/** The texts somebody agreed to, as the caller tells them; we add when (SO-02). */
import { Effect, Schema } from "effect"
import { contractText } from "#integrations/texts/contract-texts.ts"
import type { Language } from "#src/views/order-words.ts"
import { unknownText } from "./problem.ts"

/** The text's name and the edition the customer saw. */
const SeenText = Schema.Struct({
  text: Schema.String.check(Schema.isPattern(/^[A-Za-z][A-Za-z0-9-]{0,63}$/)),
  edition: Schema.Natural
})
type SeenText = typeof SeenText.Type

export const SeenTexts = Schema.Array(SeenText).check(Schema.isMaxLength(20))

/** Nobody agrees to what does not exist. Asked after a repeat was found to be one: what was agreed once stays agreed. */
export const existing = (texts: ReadonlyArray<SeenText>) =>
  Effect.forEach(texts, (seen) => (contractText(seen.text, seen.edition) === null ? Effect.fail(unknownText(seen)) : Effect.void), {
    discard: true
  })

/** In the language that the customer reads: so it was shown, and so it is kept. */
export const agreedAt = (texts: ReadonlyArray<SeenText>, at: string, language: Language) =>
  texts.map((seen) => ({ ...seen, at, language }))

/** What the caller said, out of what was kept: a repeat is compared by that. */
export const asSeen = (consents: unknown): ReadonlyArray<SeenText> =>
  (consents as ReadonlyArray<SeenText>).map(({ text, edition }) => ({ text, edition }))
