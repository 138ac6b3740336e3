/** The standing permissions to charge that a bank's customers gave: `POST /mandates`, `GET /mandates?reference=`. */
import type { Call, Reply } from "../http/simulated-partner.ts"
import type { PaymentEntry } from "./simulated-payment.ts"

export class Mandates {
  private readonly byReference = new Map<string, PaymentEntry>() // One mandate per reference, for ever.
  private readonly permissions = new Set<string>() // `<method> <customer>`

  constructor(private readonly record: (entry: PaymentEntry) => PaymentEntry) {}

  granted(method: string, customer: string) {
    return this.permissions.has(`${method} ${customer}`)
  }

  answer({ method: verb, query, body, decline }: Call): Reply {
    if (verb === "GET") {
      const mandate = this.byReference.get(query.get("reference") ?? "")
      return { status: 200, body: { mandates: mandate === undefined ? [] : [told(mandate)] } }
    }
    const { reference, method, customer } = body
    if (verb !== "POST" || !isText(reference) || !isText(method) || !isText(customer)) {
      return { status: 400, body: { error: "a field is missing" } }
    }
    const known = this.byReference.get(reference)
    if (known !== undefined) {
      const same = known.method === method && known.customer === customer
      return same ? answerOf(known) : { status: 409, body: { error: "this reference permitted something else" } }
    }
    const reason = decline ?? declineOf(method)
    const mandate = this.record({
      at: "",
      kind: reason === null ? "mandate" : "mandate_declined",
      paymentId: `ma_${this.byReference.size + 1}`,
      reference,
      amountMinor: 0,
      currency: "EUR",
      method,
      customer,
      capture: null,
      refundId: null,
      refundReference: null,
      reason
    })
    return answerOf(mandate)
  }

  apply(entry: PaymentEntry) {
    this.byReference.set(entry.reference, entry)
    if (entry.kind === "mandate") this.permissions.add(`${entry.method} ${entry.customer}`)
  }
}

const isText = (value: unknown): value is string => typeof value === "string" && value.length > 0 && value.length <= 200

const declineOf = (method: string) => {
  if (method.startsWith("tok_mandate_declined")) return "mandate_refused"
  return /^tok_(ok|slow|settlement_fails|requires_action|declined|sepa|sca_sepa|charge_declined|refund_fails|disputed)/.test(method)
    ? null
    : "unknown_method"
}

const answerOf = (mandate: PaymentEntry): Reply => ({ status: mandate.kind === "mandate" ? 201 : 402, body: told(mandate) })

const told = ({ paymentId, reference, kind, reason }: PaymentEntry) => ({
  id: paymentId,
  reference,
  status: kind === "mandate" ? "granted" : "declined",
  reason
})
