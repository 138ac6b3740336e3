/** Somebody who sells at a dealership, and hands cars over. */
import type { PersonalData } from "#integrations/persons/persons.ts"
import { until } from "./patience.ts"
import { type Answer, type Identity, Visitor } from "./visitor.ts"

export interface Deal {
  readonly customer: PersonalData
  readonly plan?: "base" | "plus"
  readonly delivery?: "home" | "dealership"
}

const encoder = new TextEncoder()

export class Seller extends Visitor {
  private sales = 0

  constructor(
    identity: Identity,
    intranetUrl: string,
    readonly dealershipId: string
  ) {
    super(identity, intranetUrl)
  }

  /** The order's id. Throws AnsweredOtherwise. */
  async sells(deal: Deal & { readonly model?: string }): Promise<string> {
    const body = { ...termsOf(deal), model: deal.model ?? "Modelo Uno" }
    return (await this.does("POST", "/api/dealer/sales", { body, key: this.newKey() })).orderId
  }

  /** Any answer: somebody else may be faster. */
  sellFromStock(vin: string, deal: Deal): Promise<Answer> {
    return this.ask("POST", `/api/dealer/stock/${vin}/assignment`, { body: termsOf(deal), key: this.newKey() })
  }

  async stock(): Promise<ReadonlyArray<any>> {
    return (await this.does("GET", "/api/dealer/stock")).vehicles
  }

  /** Until the car is in the list of stock; that row of the list. Throws NotInTime. */
  async seesInStock(vin: string): Promise<any> {
    const vehicles = await until(
      `${vin} in the stock`,
      () => this.stock(),
      (all) => all.some((one) => one.vin === vin)
    )
    return vehicles.find((one) => one.vin === vin)
  }

  sale(orderId: string): Promise<any> {
    return this.does("GET", `/api/dealer/sales/${orderId}`)
  }

  /** Hands in one paper per kind. Throws AnsweredOtherwise. */
  async supplies(orderId: string, ...kinds: ReadonlyArray<string>): Promise<void> {
    for (const kind of kinds) {
      const data = encoder.encode(`%PDF-1.7\n% ${kind} of ${orderId}\n%%EOF\n`)
      const bytes = { type: "application/pdf", data }
      await this.does("POST", `/api/dealer/sales/${orderId}/documents?kind=${kind}`, { bytes })
    }
  }

  /** Any answer. */
  handOver(orderId: string, pin: string, outcome: "delivered" | "pickedUp" = "pickedUp"): Promise<Answer> {
    return this.ask("POST", `/api/dealer/sales/${orderId}/handover`, { body: { outcome, pin } })
  }

  /** Any answer. */
  reportAbsent(orderId: string): Promise<Answer> {
    return this.ask("POST", `/api/dealer/sales/${orderId}/handover`, { body: { outcome: "customerAbsent" } })
  }

  private newKey() {
    return `${this.name.replaceAll(" ", "-")}-sale-${++this.sales}`
  }
}

const termsOf = ({ customer, plan, delivery }: Deal) => ({
  customer,
  plan: plan ?? "base",
  delivery: { kind: delivery ?? "home" },
  consents: [{ text: "terms-of-sale", edition: 1 }]
})
