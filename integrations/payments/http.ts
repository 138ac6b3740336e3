/** The payment gateway over HTTP: `POST /payments`, its capture, void, refunds and evidence, `POST /mandates`, and the questions by reference (S10). */
import { Effect, Layer, Schema } from "effect"
import type { Money, PaymentId, SubjectId } from "#machines/vocabulary.ts"
import { believe, get, NoAnswer, orFind, type PartnerOptions, post, refusalOf } from "../http/outbound.ts"
import {
  type Capture,
  captured,
  evidenceGiven,
  givenBack,
  granted,
  Known,
  notOurs,
  outcome,
  paymentOf,
  Refund,
  refundOutcome,
  released,
  withSafeUrl
} from "./outcomes.ts"
import {
  CannotBeHeld,
  EvidenceRefused,
  GatewayDispute,
  GatewayMandate,
  type GatewayPayment,
  type GatewayRefund,
  HoldGone,
  ListedPayment,
  PaymentRefused,
  Payments,
  PaymentsUnreachable,
  RefundRefused
} from "./payments.ts"

const KnownList = Schema.Struct({ payments: Schema.Array(Known) })
const Looked = Schema.Struct({ payments: Schema.Array(ListedPayment) })
const Page = Schema.Struct({ payments: Schema.Array(ListedPayment), cursor: Schema.NullOr(Schema.String) })
const MandateList = Schema.Struct({ mandates: Schema.Array(GatewayMandate) })

interface NewPayment {
  readonly reference: PaymentId
  readonly amount: Money
  readonly method: string
  readonly customer: SubjectId
}

/**
 * Whatever posts asks by reference before, every time: one short call more, and no money ever depends on whether the gateway still
 * remembers an Idempotency-Key (reliability finding 10). Where the answer to the post is missing or not believed it asks again.
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
      Effect.map(({ payments: [payment] }) => (payment === undefined ? null : withSafeUrl(payment)))
    )
  const looked = (reference: string) =>
    get(options, `/payments?reference=${encodeURIComponent(reference)}`).pipe(
      Effect.flatMap(
        believe(Looked, ({ payments }) => {
          if (payments.length > 1) return "reference: more than one payment"
          return payments.every((payment) => payment.reference === reference) ? null : "reference"
        })
      ),
      Effect.map(({ payments: [payment] }) => payment ?? null)
    )
  const knownMandate = (reference: PaymentId) =>
    get(options, `/mandates?reference=${encodeURIComponent(reference)}`).pipe(
      Effect.flatMap(
        believe(MandateList, ({ mandates }) => {
          if (mandates.length > 1) return "reference: more than one mandate"
          return mandates.every((mandate) => mandate.reference === reference) ? null : "reference"
        })
      ),
      Effect.map(({ mandates: [mandate] }) => mandate ?? null)
    )

  const open = <No>(
    { reference, amount, method, customer }: NewPayment,
    id: string,
    capture: Capture,
    no: (reason: string) => No
  ) => {
    const find = whereKnown(known(reference), (payment) => outcome(payment, amount, capture))
    const body = { reference, ...amount, method, customer, capture }
    return Effect.flatMap(find, (before) =>
      before !== null
        ? Effect.succeed(before)
        : post(options, "/payments", id, body).pipe(
            Effect.flatMap((answer): Effect.Effect<GatewayPayment, No | PaymentRefused | NoAnswer> => {
              const reason = refusalOf(answer, reference)
              if (reason !== null) return Effect.fail(no(reason))
              return Effect.flatMap(paymentOf(reference, answer), (payment) => outcome(payment, amount, capture))
            }),
            orKnown(find)
          )
    ).pipe(orUnreachable)
  }

  return Layer.succeed(Payments, {
    charge: Effect.fn("Payments.charge")((payment, id) =>
      open(payment, id, "immediate", (reason) => new PaymentRefused({ reason }))
    ),

    authorise: Effect.fn("Payments.authorise")((payment, id) =>
      open(payment, id, "manual", (reason) =>
        reason === "capture_not_supported" ? new CannotBeHeld() : new PaymentRefused({ reason })
      )
    ),

    capture: Effect.fn("Payments.capture")(({ reference, amount }, id) =>
      Effect.gen(function* () {
        const hold = yield* known(reference)
        if (hold === null) return yield* new HoldGone({ reason: "unknown_payment" })
        const before = yield* captured(hold, amount)
        if (before !== null) return before
        return yield* post(options, `/payments/${encodeURIComponent(hold.id)}/capture`, id, {}).pipe(
          Effect.flatMap((answer) => paymentOf(reference, answer)), // A no is looked into: an earlier capture may be under way.
          Effect.flatMap((payment) => captured(payment, amount)),
          Effect.flatMap((payment) => (payment === null ? notOurs("status: still held") : Effect.succeed(payment))),
          orKnown(whereKnown(known(reference), (payment) => captured(payment, amount)))
        )
      }).pipe(orUnreachable)
    ),

    void: Effect.fn("Payments.void")(({ reference }, id) =>
      Effect.gen(function* () {
        const payment = yield* known(reference)
        if (payment === null || (yield* released(payment)) !== null) return
        yield* post(options, `/payments/${encodeURIComponent(payment.id)}/void`, id, {}).pipe(
          Effect.flatMap((answer) => paymentOf(reference, answer)), // A no is looked into as well: it may have expired meanwhile.
          Effect.flatMap(released),
          Effect.flatMap((after) => (after === null ? notOurs("status: still held") : Effect.succeed(after))),
          orKnown(whereKnown(known(reference), released))
        )
      }).pipe(orUnreachable)
    ),

    mandate: Effect.fn("Payments.mandate")(({ reference, method, customer }, id) => {
      const find = whereKnown(knownMandate(reference), granted)
      return Effect.flatMap(find, (before) =>
        before !== null
          ? Effect.succeed(before)
          : post(options, "/mandates", id, { reference, method, customer }).pipe(
              Effect.flatMap((answer): Effect.Effect<GatewayMandate, PaymentRefused | NoAnswer> => {
                const reason = refusalOf(answer, reference)
                if (reason !== null) return Effect.fail(new PaymentRefused({ reason }))
                const ours = believe(GatewayMandate, (mandate) => (mandate.reference === reference ? null : "reference"))
                return Effect.flatMap(ours(answer), granted)
              }),
              orKnown(find)
            )
      ).pipe(orUnreachable)
    }),

    refund: Effect.fn("Payments.refund")(({ reference, amount }, id) =>
      Effect.gen(function* () {
        const payment = yield* known(reference)
        if (payment === null) return yield* new RefundRefused({ reason: "unknown_payment" })
        const before = yield* givenBack(payment, id, amount)
        if (before !== null) return before
        return yield* post(options, `/payments/${encodeURIComponent(payment.id)}/refunds`, id, { reference: id, ...amount }).pipe(
          Effect.flatMap((answer): Effect.Effect<typeof GatewayRefund.Type, RefundRefused | NoAnswer> => {
            const reason = refusalOf(answer, id)
            if (reason !== null) return Effect.fail(new RefundRefused({ reason }))
            return Effect.flatMap(believe(Refund, () => null)(answer), (refund) => refundOutcome(refund, id, amount))
          }),
          orFind(whereKnown(known(reference), (payment) => givenBack(payment, id, amount)))
        )
      }).pipe(orUnreachable)
    ),

    find: Effect.fn("Payments.find")((reference) => orUnreachable(known(reference))),
    look: Effect.fn("Payments.look")((reference) => orUnreachable(looked(reference))),

    list: Effect.fn("Payments.list")(({ since, cursor }) =>
      get(options, `/payments?since=${since}${cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`}`).pipe(
        // A page that leads back to itself would be read for ever.
        Effect.flatMap(believe(Page, (page) => (page.cursor !== null && page.cursor === cursor ? "cursor" : null))),
        orUnreachable
      )
    ),

    submitEvidence: Effect.fn("Payments.submitEvidence")(({ reference, disputeId, documents }, id) =>
      Effect.gen(function* () {
        const payment = yield* looked(reference)
        if (payment === null) return yield* new EvidenceRefused({ reason: "unknown_payment" })
        const before = yield* evidenceGiven(payment, disputeId, id)
        if (before !== null) return before
        return yield* post(options, `/payments/${encodeURIComponent(payment.id)}/dispute/evidence`, id, {
          reference: id,
          documents
        }).pipe(
          Effect.flatMap((answer): Effect.Effect<GatewayDispute, EvidenceRefused | NoAnswer> => {
            const reason = refusalOf(answer, id)
            if (reason !== null) return Effect.fail(new EvidenceRefused({ reason }))
            const ours = believe(GatewayDispute, (dispute) => {
              if (dispute.id !== disputeId) return "disputeId"
              return dispute.evidenceReference === id ? null : "evidenceReference"
            })
            return ours(answer)
          }),
          orKnown(whereKnown(looked(reference), (payment) => evidenceGiven(payment, disputeId, id)))
        )
      }).pipe(orUnreachable)
    )
  })
}

const isNoAnswer = (error: unknown): error is NoAnswer => error instanceof NoAnswer

const orUnreachable = <A, E>(asking: Effect.Effect<A, E | NoAnswer>) =>
  Effect.mapError(asking, (error) => (isNoAnswer(error) ? new PaymentsUnreachable({ cause: error }) : error)) as Effect.Effect<
    A,
    Exclude<E, NoAnswer> | PaymentsUnreachable
  >

const whereKnown = <Told, A, E>(
  known: Effect.Effect<Told | null, NoAnswer>,
  judge: (told: Told) => Effect.Effect<A, E>
): Effect.Effect<A | null, E | NoAnswer> => Effect.flatMap(known, (told) => (told === null ? Effect.succeed(null) : judge(told)))

/** What the gateway then knows by our reference counts, a no as well; where it knows nothing, we still do not know. */
const orKnown =
  <A, F>(find: Effect.Effect<A | null, F | NoAnswer>) =>
  <E>(attempt: Effect.Effect<A, E | NoAnswer>): Effect.Effect<A, E | F | NoAnswer> =>
    Effect.catchIf(attempt, isNoAnswer, (unknown) =>
      find.pipe(
        Effect.mapError((error) => (isNoAnswer(error) ? unknown : error)),
        Effect.flatMap((found) => (found === null ? Effect.fail(unknown) : Effect.succeed(found)))
      )
    )
