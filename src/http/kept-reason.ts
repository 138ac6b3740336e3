/** A reason that goes into a journal, which is never rewritten: so it names nobody. */
import { Schema } from "effect"

/** No mail address, no telephone number, no long number of any other kind. */
export const KeptReason = Schema.String.check(
  Schema.isMinLength(3),
  Schema.isMaxLength(200),
  Schema.isPattern(/^(?![\s\S]*@)(?![\s\S]*\d[\d .-]{5,}\d)[\s\S]+$/)
)
