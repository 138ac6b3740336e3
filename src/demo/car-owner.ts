/** What the owner of a car does about its services, and sees of them. */
import type { Customer } from "./customer.ts"
import { until } from "./patience.ts"
import type { Answer } from "./visitor.ts"

export interface Wanted {
  readonly option: string
  readonly term: { readonly kind: string; readonly count?: number; readonly unit?: string }
  readonly paymentMethod?: string
}

export class CarOwner {
  private purchases = 0

  constructor(
    readonly customer: Customer,
    readonly vin: string
  ) {}

  /** Any answer; a 201 has the `activationId`. */
  buys(wanted: Wanted): Promise<Answer> {
    const key = `${this.vin}-purchase-${++this.purchases}`
    return this.asks("/activations", { ...wanted, consents: [{ text: "service-terms", edition: 1 }] }, key)
  }

  /** Until the service stands like this, "active captured"; its card. Throws NotInTime. */
  async sees(activationId: string, ...wanted: ReadonlyArray<string>): Promise<any> {
    const { body } = await until(
      `${activationId} ${wanted.join(" or ")}`,
      () => this.customer.ask("GET", `/api/me/vehicles/${this.vin}/activations/${activationId}`),
      ({ status, body: { state, payment } }) => status === 200 && wanted.includes(`${state} ${payment}`)
    )
    return body
  }

  /** What a car of this model could have, each with every reason that speaks against it. */
  async options(): Promise<ReadonlyArray<any>> {
    return (await this.customer.does("GET", `/api/me/vehicles/${this.vin}/options`)).options
  }

  /** The second step of the function "withdraw from contract here". Any answer. */
  withdraws(activationId: string): Promise<Answer> {
    return this.asks(`/activations/${activationId}/withdrawal/confirmation`, {})
  }

  /** With the code on the car's screen. Any answer. */
  linksPhone(pairingCode: string): Promise<Answer> {
    return this.asks("/link", { pairingCode, phoneId: "phone" })
  }

  private asks(path: string, body: object, key?: string): Promise<Answer> {
    return this.customer.ask("POST", `/api/me/vehicles/${this.vin}${path}`, { body, ...(key === undefined ? {} : { key }) })
  }
}
