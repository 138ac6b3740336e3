/** Whose session comes along with an HTTP input, and in which form. */
import { ownOrigin } from "#tests/http/house.ts"
import { oddText, weighted, word } from "./chance.ts"
import { type Draft, type Header, latin } from "./draft.ts"
import type { Person } from "./town.ts"

/** The town's own people and their sessions have to last: nobody whom the platform believes asks for this. */
const endsSomebody = /sessions|erasure|disabl|deactivat|suspen/

/** The ways in: whoever takes one has no session yet. */
export const openWays = /^\/api\/auth\/(sessions|credentials|recovery|email-confirmations|passkeys\/\w+|tokens(\/refresh)?)$/

/** The caller, where the platform has to see one. */
export const sessionOf = ({ operation, caller, dice, manner, headers, reasons }: Draft): Person | null => {
  const { method, path, door } = operation
  const { token } = caller
  const isOpen = !path.startsWith("/api/") || openWays.test(path)
  const nobody = (why: string, ...header: ReadonlyArray<Header>) => {
    headers.push(...header)
    if (!isOpen) reasons.push(why)
    return null
  }
  const somebody = (...header: ReadonlyArray<Header>) => {
    headers.push(...header)
    if (caller.door !== door && !isOpen) reasons.push("a session of the other door")
    return caller
  }
  if (method !== "GET" && path !== "/api/auth/sessions" && endsSomebody.test(path))
    return nobody("never a token", ["authorization", `Bearer ${word(dice, 43)}`])
  if (!manner.session) return somebody(["authorization", `Bearer ${token}`])

  const forms = [
    `bearer ${token}`,
    `Bearer  ${token}`,
    `Bearer ${token} x`,
    "Bearer",
    `Basic ${btoa(token)}`,
    `Bearer ${token.toUpperCase()}`,
    `Bearer ${token}, Bearer ${token}`
  ]
  const foreign = ["https://evil.example", "null", `${ownOrigin}.evil.example`, "file://"]
  return weighted<() => Person | null>(dice, [
    [2, () => nobody("no session")],
    [1, () => nobody("a token that never was", ["authorization", `Bearer ${word(dice, 43)}`])],
    [1, () => nobody("another form of authorization", ["authorization", dice.oneOf(forms)])],
    [1, () => nobody("an odd token", ["authorization", `Bearer ${latin(oddText(dice)) || "x"}`])],
    [1, () => nobody("two cookies of one name", ["cookie", `__Host-sid=${token}; __Host-sid=${word(dice, 43)}`])],
    [1, () => nobody("a cookie of another name", ["cookie", `sid=${token}`])],
    [
      2,
      () => {
        if (method !== "GET") reasons.push("from another site's page")
        return somebody(["cookie", `a=b; __Host-sid=${token}`], ["origin", dice.oneOf(foreign)])
      }
    ],
    [2, () => somebody(["cookie", `__Host-sid=${token}`], ["origin", ownOrigin])]
  ])()
}
