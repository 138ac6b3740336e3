/** The body of an answer that has none, and of a request that needs none. */
import { Schema } from "effect"

export const Nothing = Schema.Undefined
export const Empty = Schema.Struct({}).annotate({ identifier: "Empty" })
