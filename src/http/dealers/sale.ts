/** A sale as its dealership reads it. The handover PIN is not in it: the customer alone is told. */
import { Schema } from "effect"
import { PersonalData } from "#integrations/persons/persons.ts"
import { Delivery } from "#machines/order.ts"
import { Consent, Country, Currency, Instant, Minor, Money, OrderId, Paper, SubjectId, Vin } from "#machines/vocabulary.ts"
import { happeningFor, type Language, wordsFor } from "#src/views/order-words.ts"
import type { OrderRow } from "#src/views/orders.ts"

const summary = {
  orderId: OrderId,
  customerId: SubjectId,
  customerName: Schema.NullOr(Schema.String), // Null once the person is erased.
  sellerId: SubjectId,
  model: Schema.String,
  state: Schema.String,
  inWords: Schema.String,
  mustAct: Schema.Literals(["customer", "dealer", "factory", "authority", "carrier", "us", "nobody"]),
  since: Instant,
  closed: Schema.Boolean
}
export const SaleSummary = Schema.Struct(summary).annotate({ identifier: "SaleSummary" })

const KeptPaper = Schema.Struct({ ...Paper.fields, at: Instant, mediaType: Schema.String, size: Schema.Natural })

export const Sale = Schema.Struct({
  ...summary,
  soldAt: Instant,
  country: Country,
  price: Money,
  deposit: Money,
  plan: Schema.Struct({
    code: Schema.String,
    edition: Schema.Natural,
    depositKind: Schema.Literals(["confirmatory", "penitential"])
  }),
  depositDueAt: Instant,
  finalPaymentDueAt: Schema.NullOr(Instant),
  delivery: Delivery,
  consents: Schema.Array(Consent),
  vin: Schema.NullOr(Vin),
  plate: Schema.NullOr(Schema.String),
  missingPapers: Schema.Array(Schema.String),
  customer: Schema.NullOr(PersonalData),
  papers: Schema.Array(KeptPaper),
  money: Schema.Struct({ receivedMinor: Minor, returnedMinor: Minor, forfeitedMinor: Minor, currency: Currency }),
  timeline: Schema.Array(Schema.Struct({ at: Instant, type: Schema.String, inWords: Schema.String }))
}).annotate({ identifier: "Sale" })

export const summaryOf = (
  { statePath, stateSince, closed, context }: OrderRow,
  customerName: string | null,
  language: Language
): typeof SaleSummary.Type => {
  const { mustAct, inWords } = wordsFor(statePath, language)
  return {
    orderId: context.orderId,
    customerId: context.customerId,
    customerName,
    sellerId: context.sellerId,
    model: context.model,
    state: statePath,
    inWords,
    mustAct,
    since: stateSince.toISOString(),
    closed
  }
}

export interface AroundASale {
  readonly customer: PersonalData | null
  readonly papers: ReadonlyArray<typeof KeptPaper.Type>
  readonly timeline: ReadonlyArray<{ readonly at: Date; readonly type: string }>
  readonly money: { readonly receivedMinor: number; readonly returnedMinor: number; readonly forfeitedMinor: number }
  readonly language: Language
}

export const detailOf = (row: OrderRow, around: AroundASale): typeof Sale.Type => {
  const { context } = row
  const { customer, papers, timeline, money, language } = around
  const { code, edition, depositKind, deposit } = context.plan
  return {
    ...summaryOf(row, customer?.name ?? null, language),
    soldAt: context.soldAt,
    country: context.country,
    price: context.price,
    deposit,
    plan: { code, edition, depositKind },
    depositDueAt: context.depositDueAt,
    finalPaymentDueAt: context.finalPaymentDueAt,
    delivery: context.delivery,
    consents: context.consents,
    vin: context.vin,
    plate: context.registration.plate,
    missingPapers: context.missing,
    customer,
    papers,
    money: { ...money, currency: context.price.currency },
    timeline: timeline.flatMap(({ at, type }) => {
      const inWords = happeningFor(type, language)
      return inWords === null ? [] : [{ at: at.toISOString(), type, inWords }]
    })
  }
}
