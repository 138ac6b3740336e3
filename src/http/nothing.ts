/** The body of an answer that has none, and of a request that needs none. */
import { Schema } from "effect"

export const Nothing = Schema.Undefined
/** Not `Struct({})`, which takes every value but null. */
export const Empty = Schema.Record(Schema.String, Schema.Never).annotate({ identifier: "Empty" })
