/** JSON with one spelling per value (RFC 8785 for what we store: no floats beyond integers), so that equal means equal. */

export const canonical = (value: unknown): string => JSON.stringify(sorted(value)) ?? "null"

/** Without what JSON cannot say: `undefined` is absent. */
const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== "object" || value === null) return value
  const names = Object.keys(value).sort()
  return Object.fromEntries(names.map((name) => [name, sorted((value as Record<string, unknown>)[name])]))
}
