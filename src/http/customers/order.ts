/** An order as its customer reads it. */
import { Schema } from "effect"
import { Delivery, type OrderContext, PaymentKind } from "#machines/order.ts"
import { Country, Currency, DealershipId, Instant, Minor, Money, OrderId, Vin } from "#machines/vocabulary.ts"
import { happeningFor, type Language, wordsFor } from "#src/views/order-words.ts"
import type { OrderRow } from "#src/views/orders.ts"

const summary = {
  orderId: OrderId,
  model: Schema.String,
  state: Schema.String,
  inWords: Schema.String,
  mustAct: Schema.Literals(["customer", "dealer", "factory", "authority", "carrier", "us", "nobody"]),
  next: Schema.NullOr(Schema.String), // What the customer may do; null where there is nothing to do.
  since: Instant,
  closed: Schema.Boolean
}
export const CustomerOrderSummary = Schema.Struct(summary).annotate({ identifier: "CustomerOrderSummary" })

export const CustomerOrder = Schema.Struct({
  ...summary,
  soldAt: Instant,
  dealershipId: DealershipId,
  country: Country,
  price: Money,
  deposit: Money,
  plan: Schema.Struct({
    code: Schema.String,
    edition: Schema.Natural,
    depositKind: Schema.Literals(["confirmatory", "penitential"]),
    finalPaymentAttempts: Schema.Natural
  }),
  delivery: Delivery,
  vin: Schema.NullOr(Vin),
  plate: Schema.NullOr(Schema.String),
  missingPapers: Schema.Array(Schema.String),
  /** Told to nobody else; null once the car is handed over or the order closed. */
  handoverPin: Schema.NullOr(Schema.String),
  due: Schema.NullOr(Schema.Struct({ kind: PaymentKind, amount: Money, before: Instant })),
  money: Schema.Struct({ receivedMinor: Minor, returnedMinor: Minor, forfeitedMinor: Minor, currency: Currency }),
  timeline: Schema.Array(Schema.Struct({ at: Instant, type: Schema.String, inWords: Schema.String }))
}).annotate({ identifier: "CustomerOrder" })

export const summaryOf = (
  { statePath, stateSince, closed, context: { orderId, model } }: OrderRow,
  language: Language
): typeof CustomerOrderSummary.Type => ({
  orderId,
  model,
  state: statePath,
  ...wordsFor(statePath, language),
  since: stateSince.toISOString(),
  closed
})

const dueIn = (
  statePath: string,
  { plan, price, depositDueAt, finalPaymentDueAt }: OrderContext
): (typeof CustomerOrder.Type)["due"] => {
  if (statePath === "reserved.awaitingDeposit") return { kind: "reservation", amount: plan.deposit, before: depositDueAt }
  if (statePath !== "manufacturing.awaitingFinalPayment" || finalPaymentDueAt === null) return null
  const amount = { amountMinor: price.amountMinor - plan.deposit.amountMinor, currency: price.currency }
  return { kind: "final", amount, before: finalPaymentDueAt }
}

export const detailOf = (
  row: OrderRow,
  timeline: ReadonlyArray<{ readonly at: Date; readonly type: string }>,
  money: { readonly receivedMinor: number; readonly returnedMinor: number; readonly forfeitedMinor: number },
  language: Language
): typeof CustomerOrder.Type => {
  const { statePath, closed, context } = row
  const { code, edition, depositKind, finalPaymentAttempts, deposit } = context.plan
  const over = closed || statePath === "delivered"
  return {
    ...summaryOf(row, language),
    soldAt: context.soldAt,
    dealershipId: context.dealershipId,
    country: context.country,
    price: context.price,
    deposit,
    plan: { code, edition, depositKind, finalPaymentAttempts },
    delivery: context.delivery,
    vin: context.vin,
    plate: context.registration.plate,
    missingPapers: context.missing,
    handoverPin: over ? null : context.handoverPin,
    due: dueIn(statePath, context),
    money: { ...money, currency: context.price.currency },
    timeline: timeline.flatMap(({ at, type }) => {
      const inWords = happeningFor(type, language)
      return inWords === null ? [] : [{ at: at.toISOString(), type, inWords }]
    })
  }
}
