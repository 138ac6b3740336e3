/** The last file of a sealed archive but its seal: everything else in it, by name, size and hash. */
import { Schema } from "effect"
import { Instant, SubjectId } from "#machines/vocabulary.ts"

export const Manifest = Schema.Struct({
  v: Schema.Literal(1),
  customerId: SubjectId,
  madeAt: Instant,
  files: Schema.Array(Schema.Struct({ name: Schema.String, size: Schema.Natural, sha256: Schema.String }))
})
export type Manifest = typeof Manifest.Type

export const manifestName = "manifest.json"
export const sealName = "manifest.jws"
