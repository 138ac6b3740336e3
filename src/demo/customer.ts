/** A customer, from the first mail to the keys in hand. */
import type { PersonalData } from "#integrations/persons/persons.ts"
import type { Mailbox } from "./mailbox.ts"
import { until } from "./patience.ts"
import { type Answer, Visitor } from "./visitor.ts"

export type PaymentKind = "reservation" | "final"

export class Customer extends Visitor {
  private tries = 0

  constructor(
    readonly person: PersonalData,
    publicUrl: string,
    readonly mailbox: Mailbox,
    carries: "bearer" | "cookie" = "bearer"
  ) {
    super(person, publicUrl, carries)
  }

  /** Reads the mail, sets the password by its link, and signs in. */
  async comesIn(): Promise<void> {
    await this.choosePassword(await this.mailbox.link(this.email))
    await this.signIn()
  }

  order(orderId: string): Promise<any> {
    return this.does("GET", `/api/me/orders/${orderId}`)
  }

  /** Until the order is in one of `states` (a state's name, or the beginning of one). Throws NotInTime. */
  sees(orderId: string, ...states: ReadonlyArray<string>): Promise<any> {
    return until(
      `${orderId} in ${states.join(" or ")}`,
      () => this.order(orderId),
      ({ state }) => states.some((wanted) => state === wanted || state.startsWith(`${wanted}.`))
    )
  }

  /** Any answer; a new Idempotency-Key unless one is given. */
  pay(
    orderId: string,
    kind: PaymentKind,
    paymentMethod: string,
    key = `${this.name.replaceAll(" ", "-")}-payment-${++this.tries}`
  ): Promise<Answer> {
    return this.ask("POST", `/api/me/orders/${orderId}/payments`, { body: { kind, paymentMethod }, key })
  }

  /** Any answer. */
  cancel(orderId: string): Promise<Answer> {
    return this.ask("POST", `/api/me/orders/${orderId}/cancellation`, { body: {} })
  }
}
