/** Invoices and credit notes: numbered without gaps per series, each sealed to the one before, kept as a PDF in the purchase file (PB-28). */
import { Context, type Effect, Schema } from "effect"
import { ActivationId, Country, Currency, Instant, Minor, OrderId, PaymentId, SubjectId, Vin } from "#machines/vocabulary.ts"

/** One line. `grossMinor` has the VAT in it: prices are told to consumers with it. */
export const InvoiceLine = Schema.Struct({
  /** What was sold: an option's code, or a model. The paper says its name in the customer's language. */
  item: Schema.String,
  term: Schema.Literals(["vehicle", "temporary", "permanent", "recurring"]),
  /** Of a month of a recurring service: the days that were consumed, both counted. */
  from: Schema.NullOr(Schema.String),
  to: Schema.NullOr(Schema.String),
  grossMinor: Minor,
  vatPercent: Schema.Natural
})
export type InvoiceLine = typeof InvoiceLine.Type

export const InvoiceRequest = Schema.Struct({
  kind: Schema.Literals(["invoice", "creditNote"]),
  customerId: SubjectId,
  country: Country,
  /** The one or the other. */
  orderId: Schema.NullOr(OrderId),
  activationId: Schema.NullOr(ActivationId),
  vin: Schema.NullOr(Vin),
  /** What it is about at the gateway. A credit note corrects the invoice of the same payment. */
  paymentId: PaymentId,
  lines: Schema.Array(InvoiceLine),
  currency: Currency
})
export type InvoiceRequest = typeof InvoiceRequest.Type

export const IssuedInvoice = Schema.Struct({
  number: Schema.String, // "ES-2026-000042", credit notes "ES-R-2026-000007".
  issuedAt: Instant,
  sha256: Schema.String // Of the PDF, which is in the purchase file.
})
export type IssuedInvoice = typeof IssuedInvoice.Type

export class Invoices extends Context.Service<
  Invoices,
  {
    /**
     * Once per `id`, the command's: asked again, the same invoice comes back. A credit note waits for its invoice (InvoiceMissing).
     * Dies with CreditTooLarge or InvoicedAlready where it was asked for what may not be; no number is used up.
     */
    readonly issue: (request: InvoiceRequest, id: string) => Effect.Effect<IssuedInvoice, InvoiceMissing>
  }
>()("integrations/Invoices") {}

/** There is nothing yet that this credit note could correct: its invoice is still on the way. */
export class InvoiceMissing extends Schema.TaggedError<InvoiceMissing>()("InvoiceMissing", { paymentId: PaymentId }) {}

/** More would be credited than is left of the invoice, or nothing: whoever asked has counted wrong. */
export class CreditTooLarge extends Schema.TaggedError<CreditTooLarge>()("CreditTooLarge", { constraint: Schema.String }) {
  override get message() {
    return `A credit note of more than is left of its invoice, or of nothing, is not issued (${this.constraint})`
  }
}

/** There is an invoice for this payment, under another command: the same money is not invoiced twice. */
export class InvoicedAlready extends Schema.TaggedError<InvoicedAlready>()("InvoicedAlready", { constraint: Schema.String }) {
  override get message() {
    return `There is an invoice for this payment already (${this.constraint})`
  }
}
