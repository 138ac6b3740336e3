/** Somebody with a session that lasts: a customer, a seller, or somebody of support. What is tried here is not signing in. */
import { Effect } from "effect"
import { Accounts, type Role } from "#integrations/accounts/accounts.ts"
import { type PersonalData, Persons } from "#integrations/persons/persons.ts"
import { DealershipId } from "#machines/vocabulary.ts"
import type { Town } from "#src/demo/town.ts"
import type { Answer } from "#src/demo/visitor.ts"

/** As it survives a town. */
export interface Identity {
  readonly person: PersonalData
  readonly subjectId: string
  readonly token: string
}

const password = "paseo-largo-7-olivos"

export const comesIn = ({ platform }: Town, person: PersonalData, role: Role, dealershipId: string | null): Promise<Identity> =>
  platform.runtime.runPromise(
    Effect.gen(function* () {
      const persons = yield* Persons
      const accounts = yield* Accounts
      const { subjectId } = yield* persons.keep(person, "system")
      const dealership = dealershipId === null ? null : DealershipId.make(dealershipId)
      yield* accounts.provision({ subjectId, role, dealershipId: dealership, createdBy: "system" })
      const link = yield* accounts.issueLink(subjectId, { evenIfSet: true })
      yield* accounts.setPassword(link!, password)
      const { token } = yield* accounts.signIn(person.email, password, role === "customer" ? "public" : "intranet")
      return { person, subjectId, token }
    })
  )

export class Person {
  constructor(
    readonly identity: Identity,
    private readonly door: string
  ) {}

  get subjectId() {
    return this.identity.subjectId
  }

  /** Any answer. */
  async ask(method: string, path: string, body: unknown = {}, key?: string): Promise<Answer> {
    const headers = new Headers({ authorization: `Bearer ${this.identity.token}`, accept: "application/json" })
    if (key !== undefined) headers.set("idempotency-key", key)
    const asked: RequestInit = { method, headers }
    if (body instanceof Uint8Array) {
      headers.set("content-type", "application/pdf")
      asked.body = body as Uint8Array<ArrayBuffer>
    } else if (method !== "GET") {
      headers.set("content-type", "application/json")
      asked.body = JSON.stringify(body)
    }
    const response = await fetch(`${this.door}${path}`, asked)
    const text = await response.text()
    return { status: response.status, body: text === "" ? null : JSON.parse(text) }
  }

  /** The body of a 2xx. */
  async does(method: string, path: string, body?: unknown, key?: string): Promise<any> {
    const answer = await this.ask(method, path, body, key)
    if (answer.status >= 300) throw new Error(`${this.identity.person.name} asked ${method} ${path}: ${JSON.stringify(answer)}`)
    return answer.body
  }
}
