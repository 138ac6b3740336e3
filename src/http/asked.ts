/** The request that is being answered: its id, which the caller reads and which goes into all that comes of it, and its place in the audit. */
import { AsyncLocalStorage } from "node:async_hooks"
import { Effect } from "effect"
import type { Caller } from "#integrations/accounts/accounts.ts"
import { Audit } from "#integrations/audit/audit.ts"
import type { Run } from "./run.ts"

/** Reads nobody owns: what employees look at of each other, and who looks at what everybody did. */
const watchedReads = /^\/api\/(admin|auditor)\//
/** Whether a method changes nothing (RFC 9110, 9.2.1). */
export const isReading = (method: string) => method === "GET" || method === "HEAD" || method === "OPTIONS"

export interface Named {
  readonly method: string
  /** The template. */
  readonly route: string
  readonly params: unknown
}

export class Asked {
  readonly id = `req_${Bun.randomUUIDv7()}`
  /** Of a body that has been read: why somebody acts. */
  reason: string | null = null
  #isAct = false

  constructor(private readonly run: Run<Audit>) {}

  /** Before anything is done for a caller who is known: an act is written down first, also one that will be refused. */
  async begins({ sessionId, subjectId, role, dealershipId }: Caller, { method, route, params }: Named) {
    if (isReading(method) && !watchedReads.test(route)) return
    const reason = role === "customer" ? null : this.reason // What a customer writes is theirs.
    const act = { requestId: this.id, sessionId, subjectId, role, dealershipId, method, route, objects: objectsIn(params), reason }
    await this.run(Audit.use((audit) => audit.begin(act)))
    this.#isAct = true
  }

  /** Nobody waits for it. */
  ends(status: number) {
    if (this.#isAct) this.run(Audit.use((audit) => Effect.sync(() => audit.ended(this.id, status)))).catch(() => {}) // We are stopping.
  }
}

const current = new AsyncLocalStorage<Asked>()

/** Undefined outside of a request. */
export const askedNow = () => current.getStore()

export const answeringAs = async (asked: Asked, answer: () => Response | Promise<Response>): Promise<Response> => {
  const response = await current.run(asked, answer)
  asked.ends(response.status)
  return response
}

const id = /^(?:[a-z]{2,5}_[A-Za-z0-9-]{1,72}|[A-HJ-NPR-Z0-9]{17})$/ // As we give them: ord_…, sub_…, case_…; a VIN.
const actor = /^(?:order|vehicle|activation)\/[A-Za-z0-9_-]{1,72}(?:\/act_[A-Za-z0-9]{1,32})?(?:#\d{1,9}\.\d{1,4})?/ // Its path; a command of it.
const number = /^[1-9]\d{0,8}$/

/** What an address names: ids of our own forms, and nothing else that somebody typed there. */
export const objectsIn = (params: unknown): ReadonlyArray<string> =>
  Object.entries((params ?? {}) as Record<string, unknown>)
    .flatMap(([name, value]) => {
      const text = typeof value === "string" ? decoded(value) : ""
      if (id.test(text)) return [text]
      if (number.test(text)) return [`${name}/${text}`]
      const [path] = actor.exec(text) ?? []
      return path === undefined ? [] : [path, ...path.split(/[/#]/).filter((part) => id.test(part))]
    })
    .slice(0, 8)

const decoded = (text: string) => {
  try {
    return decodeURIComponent(text)
  } catch {
    return ""
  }
}
