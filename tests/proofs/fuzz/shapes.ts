/** Values that a JSON Schema of ours describes, with the words of the business where a field has a name that is known. */
import type { Dice } from "../dice.ts"
import { word } from "./chance.ts"
import type { Json } from "./spoil.ts"

export type JsonSchema = Readonly<Record<string, any>>

export interface Shaping {
  readonly dice: Dice
  /** The components of the document the schema stands in. */
  readonly components: Readonly<Record<string, JsonSchema>>
  /** A value for a field of this name; undefined where the schema is all that is known. */
  readonly known: (name: string) => Json | undefined
}

export const shaped = (schema: JsonSchema, shaping: Shaping): Json => {
  const { dice, components } = shaping
  if (schema.$ref !== undefined) return shaped(components[schema.$ref.split("/").at(-1)]!, shaping)
  if (schema.enum !== undefined) return dice.oneOf(schema.enum)
  if (schema.anyOf !== undefined) return shaped(dice.oneOf(schema.anyOf), shaping)
  switch (schema.type) {
    case "object":
      return record(schema, shaping)
    case "array": {
      const length = dice.between(schema.minItems ?? 0, Math.min(schema.maxItems ?? 3, 3))
      return Array.from({ length }, () => shaped(schema.items ?? {}, shaping))
    }
    case "integer":
    case "number":
      return dice.between(Math.max(schema.minimum ?? 0, -1000), Math.min(schema.maximum ?? 40, 40))
    case "boolean":
      return dice.throw() < 0.5
    case "null":
      return null
    default:
      return word(dice, Math.max(schema.minLength ?? 1, dice.between(2, Math.min(schema.maxLength ?? 24, 24))))
  }
}

const record = (schema: JsonSchema, shaping: Shaping): Json => {
  const required = new Set<string>(schema.required ?? [])
  const fields = Object.entries<JsonSchema>(schema.properties ?? {}).filter(
    ([name]) => required.has(name) || shaping.dice.throw() < 0.6
  )
  return Object.fromEntries(fields.map(([name, inside]) => [name, shaping.known(name) ?? shaped(inside, shaping)]))
}
