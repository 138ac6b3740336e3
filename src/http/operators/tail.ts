/** The rest of an address, where an id has slashes in it: `order/ord_42%233.0/retry` → ["order/ord_42#3.0", "retry"]. */
import { notFound } from "../problem.ts"

/** Takes the last segment for an act where it is one of `acts`; else the whole is the id, and the act is null. */
export const tailOf = <const Act extends string>(
  rest: string,
  acts: ReadonlyArray<Act>
): readonly [id: string, act: Act | null] => {
  let decoded: string
  try {
    decoded = decodeURIComponent(rest)
  } catch {
    throw notFound()
  }
  const slash = decoded.lastIndexOf("/")
  const last = decoded.slice(slash + 1) as Act
  return slash > 0 && acts.includes(last) ? [decoded.slice(0, slash), last] : [decoded, null]
}
