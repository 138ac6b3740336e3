/** One car with its owner in a town of many: what its history does, and how it is answered. */
import type { OptionTerms } from "#machines/option-terms.ts"
import type { Answer } from "#src/demo/visitor.ts"
import type { Handed, Opened } from "./forecourt.ts"
import type { Model } from "./model.ts"
import type { Person } from "./person.ts"
import { type Method, methods, type Service } from "./service.ts"
import type { Tally } from "./situations.ts"

export interface Surroundings {
  readonly opened: Opened
  readonly tally: Tally
  /** What this country's customers are offered: an option and a term. */
  readonly offers: ReadonlyArray<OptionTerms>
  /** False while the workshops are down. */
  readonly workshopsAnswer: () => boolean
}

const triesToBuy = 12 // A whole town that buys at once in one process holds it up for seconds, and then for some the workshops are late again.
const laterMillis = 700 // Wall clock.

export class Life {
  /** What it has done, for whoever has to understand it. */
  readonly told: Array<string> = []
  /** Answers that nobody may get. */
  readonly wrong: Array<string> = []
  /** A phone has brought the car its document. */
  carried = false
  private keys = 0

  constructor(
    readonly number: number,
    readonly handed: Handed,
    readonly model: Model,
    readonly around: Surroundings
  ) {}

  get world() {
    return this.around.opened.town.world
  }
  get vin() {
    return this.handed.vin
  }
  get car() {
    return this.world.fleet.car(this.vin)
  }
  get owner() {
    return this.person(this.model.owner)
  }
  person(n: number): Person {
    const { people } = this.around.opened
    return people[n % people.length]!
  }
  key() {
    return `history-${this.number}-${++this.keys}`
  }

  /** Whether it was accepted. `may`: the reasons it may be refused for; null: that it is accepted. */
  accepted(what: string, { status, body }: Answer, may: ReadonlyArray<string | null>): boolean {
    const reason: string | null = status < 300 ? null : (body?.reason ?? String(status))
    this.told.push(`${what} → ${reason ?? status}`)
    const known = reason === null || /^([A-Z]|404)/.test(reason) // Somebody else's by now, or refused for a reason.
    if (!may.includes(reason) && !(this.model.racing && known))
      this.wrong.push(`${what} was answered ${status} ${reason ?? ""}, and not ${may.map((one) => one ?? "accepted").join(" or ")}`)
    return reason === null
  }

  /** Asks for one offer. Who is told to try later tries later: on a busy machine the workshops are not heard in time. */
  async buys(terms: OptionTerms, method: Method | null, key = this.key()): Promise<Answer> {
    const { option, term } = terms
    const paymentMethod = method === null ? {} : { paymentMethod: `${methods[method]}_${this.number}` } // Nobody else's.
    const body = { option, term, ...paymentMethod, consents: [] }
    for (let tries = triesToBuy; ; tries--) {
      const answer = await this.owner.ask("POST", `/api/me/vehicles/${this.vin}/activations`, body, key)
      const isLate = answer.body?.reason === "MaintenanceUnknown" && this.around.workshopsAnswer()
      if (!isLate || tries === 1) return answer
      await Bun.sleep(laterMillis)
    }
  }
  /** As the customer who bought it, whosever the car is now. */
  asks({ activationId, customer }: Service, what: "withdrawal/confirmation" | "cancellation"): Promise<Answer> {
    return this.person(customer).ask("POST", `/api/me/vehicles/${this.vin}/activations/${activationId}/${what}`)
  }
  /** The names its payments have at the gateway, where the last entry about them is of this kind. */
  payments({ activationId }: Service, kind: string): ReadonlyArray<string> {
    const last = new Map<string, string>()
    const name = `-${activationId.slice("act_".length)}-service-`
    for (const entry of this.world.payments.ledger()) if (entry.reference.includes(name)) last.set(entry.reference, entry.kind)
    return [...last].filter(([, lastKind]) => lastKind === kind).map(([reference]) => reference)
  }
}
