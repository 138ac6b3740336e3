/** Papers as customers hold them: PDFs in their language, sealed by us, so that one changed byte shows (S8, Directive 2011/83/EU, art. 11a). */
import { Context, type Effect } from "effect"
import type { Day, TimeZone } from "#machines/calendar.ts"
import type { ActivationId, Country, Currency, Instant, Money, OrderId, PaymentId, SubjectId, Vin } from "#machines/vocabulary.ts"
import type { InvoiceLine } from "../invoices/invoices.ts"
import type { InvoiceRecord } from "./record.ts"

/** An invoice or a credit note that has its number already. Amounts of a credit note are told as they are in its lines, and written below zero. */
export interface InvoicePaper {
  readonly kind: "invoice" | "creditNote"
  readonly record: InvoiceRecord
  readonly customerId: SubjectId
  readonly country: Country
  readonly orderId: OrderId | null
  readonly activationId: ActivationId | null
  readonly vin: Vin | null
  readonly paymentId: PaymentId
  readonly lines: ReadonlyArray<InvoiceLine>
  readonly currency: Currency
  /** Of a credit note: the invoice. */
  readonly corrects: { readonly number: string; readonly issuedOn: Day } | null
}

/** That a customer has withdrawn from a service, and what follows of it. */
export interface Acknowledgement {
  readonly customerId: SubjectId
  readonly country: Country
  /** In which the customer reads a clock. */
  readonly timeZone: TimeZone
  readonly activationId: ActivationId
  readonly vin: Vin
  /** The option's code. */
  readonly option: string
  readonly concludedAt: Instant
  /** When the declaration was confirmed: the date and the time that the law asks for. */
  readonly submittedAt: Instant
  /** Taken already: comes back the way it came. Zero where nothing was taken. */
  readonly comesBack: Money
  /** Held and never taken: let go. Zero where nothing was held. */
  readonly released: Money
  /** The last day for it: 14 days after the declaration (art. 13). */
  readonly backBy: Day
}

/** Ready to be kept and sent. */
export interface Paper {
  /** As the customer reads it: "Factura ES-2026-000042". */
  readonly title: string
  readonly filename: string
  readonly bytes: Uint8Array
}

export class Papers extends Context.Service<
  Papers,
  {
    /** The same bytes for the same paper, as long as the customer's data and the catalogue's names stay. */
    readonly invoice: (paper: InvoicePaper) => Effect.Effect<Paper>
    readonly acknowledgement: (paper: Acknowledgement) => Effect.Effect<Paper>
  }
>()("integrations/Papers") {}
