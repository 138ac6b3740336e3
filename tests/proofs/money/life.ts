/** One contract in a town of many: who it belongs to, what was done, and how that was answered. */
import type { Answer } from "#src/demo/visitor.ts"
import { Dice } from "../dice.ts"
import type { Handed, Opened } from "../simulation/forecourt.ts"
import { type CaseKind, type Contract, type Method, methods, type Payment } from "./contract.ts"

export interface SeenCase {
  readonly caseId: string
  readonly kind: CaseKind
  readonly paymentId: string
}

export class Life {
  readonly dice: Dice
  readonly told: Array<string> = []
  readonly wrong: Array<string> = []
  activationId = ""
  /** As it was last seen. */
  openCases: ReadonlyArray<SeenCase> = []
  private keys = 0

  constructor(
    /** Of all histories: its dice are thrown by nothing else. */
    readonly number: number,
    seed: number,
    readonly handed: Handed,
    readonly contract: Contract,
    readonly opened: Opened
  ) {
    this.dice = new Dice(seed * 100_003 + number)
  }

  get owner() {
    return this.opened.people[this.handed.owner]!
  }
  get bank() {
    return this.opened.town.world.payments
  }
  get now() {
    return this.opened.town.now()
  }
  reference({ number }: Pick<Payment, "number">) {
    return `pay_${this.handed.vin}-${this.activationId.slice("act_".length)}-service-${number}`
  }
  token(method: Method) {
    return `${methods[method]}_${this.number}` // Nobody else's: a mandate is for one contract.
  }

  /** Whether it was accepted, as `reason` says that it must be: null, or the reason why not. */
  heard(what: string, { status, body }: Answer, reason: string | null): boolean {
    const said: string | null = status < 300 ? null : (body?.reason ?? String(status))
    this.told.push(`${what} → ${said ?? status}`)
    if (said !== reason) this.wrong.push(`${what} was answered ${said ?? "as accepted"}, and not ${reason ?? "accepted"}`)
    return said === null
  }
  buys(): Promise<Answer> {
    const { terms, method } = this.contract
    const body = { option: terms.option, term: terms.term, paymentMethod: this.token(method), consents: [] }
    return this.owner.ask("POST", `/api/me/vehicles/${this.handed.vin}/activations`, body, this.key())
  }
  asks(what: string, body: object = {}): Promise<Answer> {
    const path = `/api/me/vehicles/${this.handed.vin}/activations/${this.activationId}/${what}`
    return this.owner.ask("POST", path, body, this.key())
  }
  private key() {
    return `money-${this.number}-${++this.keys}`
  }
}
