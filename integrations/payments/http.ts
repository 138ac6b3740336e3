/** The payment gateway over HTTP: `POST /payments`, `POST /payments/{id}/refunds`, `GET /payments?reference=` (S10). */
import { Effect, Layer, Schema } from "effect"
import type { Money, PaymentId } from "#machines/vocabulary.ts"
import { believe, codeOf, get, NoAnswer, orFind, type PartnerOptions, post, refusalOf } from "../http/outbound.ts"
import { GatewayPayment, GatewayRefund, PaymentRefused, Payments, PaymentsUnreachable, RefundRefused } from "./payments.ts"

/** What the gateway tells about a payment besides: the refunds, each by the reference we gave it. */
const Known = Schema.Struct({
  ...GatewayPayment.fields,
  refunds: Schema.Array(Schema.Struct({ ...GatewayRefund.fields, reference: Schema.String }))
})
const KnownList = Schema.Struct({ payments: Schema.Array(Known) })
const Refund = Schema.Struct({ ...GatewayRefund.fields, reference: Schema.String })

/**
 * Both `charge` and `refund` ask by reference before they post, every time: one short call more, and no charge ever depends on whether the
 * gateway still remembers an Idempotency-Key (reliability finding 10). Where the answer to the post is missing or not believed they ask again.
 */
export const PaymentsHttp = (options: PartnerOptions): Layer.Layer<Payments> => {
  const known = (reference: PaymentId) =>
    get(options, `/payments?reference=${encodeURIComponent(reference)}`).pipe(
      Effect.flatMap(
        believe(KnownList, ({ payments }) => {
          if (payments.length > 1) return "reference: more than one payment"
          return payments.every((payment) => payment.reference === reference) ? null : "reference"
        })
      ),
      Effect.map(({ payments }) => payments[0] ?? null)
    )

  const taken = (reference: PaymentId, amount: Money) =>
    known(reference).pipe(Effect.flatMap((payment) => (payment === null ? Effect.succeed(null) : outcome(payment, amount))))

  const givenBack = (reference: PaymentId, amount: Money, id: string) =>
    known(reference).pipe(
      Effect.flatMap((payment) => {
        const refund = payment?.refunds.find((one) => one.reference === id)
        return refund === undefined ? Effect.succeed(null) : refundOutcome(refund, id, amount)
      })
    )

  return Layer.succeed(Payments, {
    charge: Effect.fn("Payments.charge")(({ reference, amount, method, customer }, id) =>
      Effect.gen(function* () {
        const before = yield* taken(reference, amount)
        if (before !== null) return before
        const body = { reference, ...amount, method, customer, capture: "immediate" }
        return yield* post(options, "/payments", id, body).pipe(
          Effect.flatMap((answer): Effect.Effect<GatewayPayment, PaymentRefused | NoAnswer> => {
            const reason = refusalOf(answer, reference)
            if (reason !== null) return Effect.fail(new PaymentRefused({ reason }))
            const ours = believe(GatewayPayment, (payment) => (payment.reference === reference ? null : "reference"))
            return ours(answer).pipe(Effect.flatMap((payment) => outcome(payment, amount)))
          }),
          Effect.catchTag("NoAnswer", (unknown) =>
            taken(reference, amount).pipe(
              Effect.catchTag("NoAnswer", () => Effect.fail(unknown)),
              Effect.flatMap((payment) => (payment === null ? Effect.fail(unknown) : Effect.succeed(payment)))
            )
          )
        )
      }).pipe(Effect.catchTag("NoAnswer", (cause) => Effect.fail(new PaymentsUnreachable({ cause }))))
    ),

    refund: Effect.fn("Payments.refund")(({ reference, amount }, id) =>
      Effect.gen(function* () {
        const payment = yield* known(reference)
        if (payment === null) return yield* new RefundRefused({ reason: "unknown_payment" })
        const before = payment.refunds.find((one) => one.reference === id)
        if (before !== undefined) return yield* refundOutcome(before, id, amount)
        return yield* post(options, `/payments/${encodeURIComponent(payment.id)}/refunds`, id, { reference: id, ...amount }).pipe(
          Effect.flatMap((answer): Effect.Effect<typeof GatewayRefund.Type, RefundRefused | NoAnswer> => {
            const reason = refusalOf(answer, id)
            if (reason !== null) return Effect.fail(new RefundRefused({ reason }))
            return Effect.flatMap(believe(Refund, () => null)(answer), (refund) => refundOutcome(refund, id, amount))
          }),
          orFind(givenBack(reference, amount, id))
        )
      }).pipe(Effect.catchTag("NoAnswer", (cause) => Effect.fail(new PaymentsUnreachable({ cause }))))
    ),

    find: Effect.fn("Payments.find")((reference) =>
      Effect.mapError(known(reference), (cause) => new PaymentsUnreachable({ cause }))
    )
  })
}

const notOurs = (detail: string) => Effect.fail(new NoAnswer({ why: "notOurs", detail }))

/** Money moved as we asked, or waits for the customer (`requires_action`), or did not move: anything else is not believed. */
const outcome = (payment: GatewayPayment, amount: Money): Effect.Effect<GatewayPayment, PaymentRefused | NoAnswer> => {
  if (payment.amountMinor !== amount.amountMinor) return notOurs("amountMinor")
  if (payment.currency !== amount.currency) return notOurs("currency")
  switch (payment.status) {
    case "captured":
      return payment.capturedMinor === amount.amountMinor ? Effect.succeed(payment) : notOurs("capturedMinor")
    case "requires_action":
      return Effect.succeed(payment)
    case "authorised":
      return notOurs("status: held, and a capture was asked for")
    case "declined":
    case "voided":
    case "expired":
      return Effect.fail(new PaymentRefused({ reason: payment.reason === null ? payment.status : codeOf(payment.reason) }))
  }
}

const refundOutcome = (
  refund: typeof Refund.Type,
  id: string,
  amount: Money
): Effect.Effect<typeof GatewayRefund.Type, NoAnswer> => {
  if (refund.reference !== id) return notOurs("reference")
  if (refund.amountMinor !== amount.amountMinor) return notOurs("amountMinor")
  return refund.currency === amount.currency ? Effect.succeed(refund) : notOurs("currency")
}
