/** What operators may not see either: the handover PIN, which only the customer is told. */
const secret = new Set(["handoverPin", "pin"])

/** The same JSON with every PIN struck out, at any depth. */
export const withoutPins = (json: unknown): unknown => {
  if (Array.isArray(json)) return json.map(withoutPins)
  if (typeof json !== "object" || json === null) return json
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, secret.has(key) ? "••••••" : withoutPins(value)]))
}
