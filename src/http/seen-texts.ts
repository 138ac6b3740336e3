/** The texts somebody agreed to, as the caller tells them; we add when (SO-02). */
import { Schema } from "effect"

/** The text's name and the edition the customer saw. */
const SeenText = Schema.Struct({
  text: Schema.String.check(Schema.isPattern(/^[A-Za-z][A-Za-z0-9-]{0,63}$/)),
  edition: Schema.Natural
})
type SeenText = typeof SeenText.Type

export const SeenTexts = Schema.Array(SeenText).check(Schema.isMaxLength(20))

export const agreedAt = (texts: ReadonlyArray<SeenText>, at: string) => texts.map((seen) => ({ ...seen, at }))

/** What the caller said, out of what was kept: a repeat is compared by that. */
export const asSeen = (consents: unknown): ReadonlyArray<SeenText> =>
  (consents as ReadonlyArray<SeenText>).map(({ text, edition }) => ({ text, edition }))
