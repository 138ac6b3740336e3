/** Asking twice is asking once: the caller's key becomes part of the message id, and the journal keeps what was asked under it. */
import { Schema } from "effect"
import type { Heard } from "#src/views/heard.ts"
import { keyReused } from "./problem.ts"
import { answering } from "./strict.ts"

const Key = Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_:.-]{8,128}$/))
const header = "idempotency-key"

/** Spread into a route that must not happen twice; `keyOf` reads what it let through. */
export const takesKey = { headers: answering(Schema.Struct({ [header]: Key })) }
/** Where a repeat does little harm, the key may stay away. */
export const mayKey = { headers: answering(Schema.Struct({ [header]: Schema.optionalKey(Key) })) }
export const keyOf = (headers: { readonly [header]: string }): string => headers[header]

/** Throws where the key was used for another message, or for the same with other fields. `asked` names the caller's own fields only. */
export const sameAsFirst = (first: Heard | null, type: string, asked: Readonly<Record<string, unknown>>) => {
  const differs = (name: string) => !Bun.deepEquals(first!.body[name], asked[name])
  if (first !== null && (first.type !== type || Object.keys(asked).some(differs))) throw keyReused()
}
