/** What is wrong with the answer to one HTTP input, by all that is known of it: whose it is, what was asked before, what a role may do. */
import { type Answer, wrongWith } from "./answers.ts"
import type { Ask } from "./asks.ts"
import type { Operation } from "./operations.ts"
import { canariesKeptFrom, type Town } from "./town.ts"

export interface Asked {
  readonly ask: Ask
  readonly answer: Answer
}

/** `changedHands`: a car meanwhile, so that it may be another's than the town believes. */
export const verdict = (
  town: Town,
  operations: ReadonlyArray<Operation>,
  { ask, answer }: Asked,
  changedHands: boolean
): string | null => {
  const operation = ask.operation ?? (answer.status === 404 ? null : strayOperation(operations, ask))
  if (operation === "hidden") return answer.status < 400 ? null : `${answer.status} for the description`
  const canaries = canariesKeptFrom(town, answer.status < 400 ? ask.caller : null)
  const invalid = ask.invalid ?? (!changedHands && isForeign(town, ask) ? "it is somebody else's" : beyond(ask))
  return wrongWith({ operation, answer, invalid, canaries, isHead: ask.method === "HEAD" })
}

/** Known to belong to another customer, or to another dealership. */
const isForeign = ({ owners }: Town, { names, path, caller }: Ask): boolean => {
  const owner = names.map((name) => owners.get(name)).find((one) => one !== undefined)
  if (owner === undefined || !/^\/api\/(me|dealer)\//.test(path)) return false
  return owner !== caller?.subjectId && owner !== caller?.dealership
}

const sellers = ["seller", "manager"]

/** What no session of this role may ever do. */
const beyond = ({ caller, path }: Ask): string | null => {
  if (caller === null) return null
  const [, , area] = path.split("/")
  const isSeller = sellers.includes(caller.role)
  const isStaff = !isSeller && caller.role !== "customer"
  const isRight =
    area === "dealer"
      ? isSeller
      : area === "operator"
        ? isStaff
        : area === "admin"
          ? /^(administrator|auditor)$/.test(caller.role)
          : true
  return isRight ? null : "not for this role"
}

/** The route that a stray path happens to name. */
const strayOperation = (operations: ReadonlyArray<Operation>, { door, method, path }: Ask): Operation | "hidden" | null => {
  const plain = new URL(`http://localhost${path}`).pathname.replace(/^\/+/, "/").replace(/\/$/, "")
  if (/^\/openapi(\/json)?$/.test(plain)) return "hidden"
  const sent = methodAsSent(method)
  const named = sent === "HEAD" ? "GET" : sent
  const fits = (template: string) => new RegExp(`^${template.replace(/\{\w+\}/g, "[^/]+")}$`).test(plain)
  return operations.find((one) => one.door === door && one.method === named && fits(one.path)) ?? null
}

/** In capitals where it is one that everybody knows. */
export const methodAsSent = (method: string) => new Request("http://localhost/", { method }).method

const identities = ["orderId", "activationId", "commandId", "customerId"]

/** What differs, where a repeat under one key is not one and the same. */
export const unlikeFirst = (first: Asked, { status, body }: Answer): string | null => {
  if (!first.ask.headers.some(([name]) => name === "idempotency-key") || status === 429) return null
  if (status >= 400) return `asked again under the same key: ${status} instead of ${first.answer.status}`
  const other = identities.find((name) => body?.[name] !== first.answer.body?.[name])
  return other === undefined ? null : `asked again under the same key, it is another ${other}`
}

/** What somebody needs to see what went wrong. */
export const inWords = ({ ask: { door, method, path, headers, body, caller }, answer }: Asked) => {
  const shown = headers.map(([name, value]) => `${name}: ${value.slice(0, 80)}`).join(" | ")
  const sent =
    typeof body === "string" ? body.slice(0, 700) : body === undefined ? "" : Buffer.from(body.slice(0, 200)).toString("hex")
  const who = `${door} ${method} ${path.slice(0, 400)} as ${caller?.role ?? "nobody"}`
  return `${who} [${shown}] ${sent}\n    → ${answer.status} ${answer.text.slice(0, 500)}`
}
