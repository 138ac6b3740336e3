/** Partners of sample lives: everybody answers at once, and yes. What a car is told to be, and what is mailed, waits to be looked at. */
import { Effect, Layer } from "effect"
import { Factory } from "#integrations/factory/factory.ts"
import { Mail } from "#integrations/mail/mail.ts"
import { type GatewayPayment, Payments } from "#integrations/payments/payments.ts"
import { iso } from "#integrations/postgres/time.ts"
import { Registration } from "#integrations/registration/registration.ts"
import { Carriers } from "#integrations/transport/transport.ts"
import { VehicleLink } from "#integrations/vehicle-link/vehicle-link.ts"
import { type ConfigDocument, VehicleTrust } from "#integrations/vehicle-trust/vehicle-trust.ts"
import type { Money, PaymentId } from "#machines/vocabulary.ts"
import { plateMark } from "./marks.ts"

const holdMillis = 7 * 24 * 60 * 60_000 // How long the bank holds an amount.

/** What arrived since somebody last looked. */
export interface Arrivals {
  readonly documents: Array<ConfigDocument>
  /** Of one-time links. */
  readonly tokens: Array<string>
}

export const agreeablePartners = (arrivals: Arrivals, now: () => number) => {
  const payment = (reference: PaymentId, { amountMinor, currency }: Money, held = false): GatewayPayment => ({
    id: `gw-${reference}`,
    reference,
    status: held ? "authorised" : "captured",
    amountMinor,
    capturedMinor: held ? 0 : amountMinor,
    refundedMinor: 0,
    currency,
    reason: null,
    ...(held ? { captureBefore: iso(now() + holdMillis) } : {})
  })
  const known = { status: "accepted", vin: null, expectedAt: null, reason: null } as const
  return Layer.mergeAll(
    Layer.succeed(Payments, {
      charge: ({ reference, amount }) => Effect.succeed(payment(reference, amount)),
      capture: ({ reference, amount }) => Effect.succeed(payment(reference, amount)),
      authorise: ({ reference, amount }) => Effect.succeed(payment(reference, amount, true)),
      void: () => Effect.void,
      mandate: ({ reference }) => Effect.succeed({ id: `man-${reference}`, reference, status: "granted", reason: null }),
      refund: ({ reference, amount }) => Effect.succeed({ id: `ref-${reference}`, ...amount, status: "succeeded" }),
      find: () => Effect.succeed(null),
      look: () => Effect.succeed(null),
      list: () => Effect.succeed({ payments: [], cursor: null }),
      submitEvidence: () => Effect.die(new Error("Sample payments are not disputed"))
    }),
    Layer.succeed(Factory, {
      placeOrder: ({ reference }) => Effect.succeed({ ...known, factoryOrderId: `fac-${reference}`, reference }),
      findOrder: (reference) => Effect.succeed({ ...known, factoryOrderId: `fac-${reference}`, reference })
    }),
    Layer.succeed(Registration, {
      register: ({ reference }) => Effect.succeed({ registrationId: `reg-${reference}`, reference, plate: plateMark(reference) }),
      find: () => Effect.succeed(null)
    }),
    Layer.succeed(Carriers, {
      book: ({ reference, to }) => Effect.succeed({ transportId: `tra-${reference}-${to}`, reference })
    }),
    Layer.succeed(Mail, {
      send: ({ text }) =>
        Effect.sync(() => {
          const token = /#token=([\w-]+)/.exec(text)?.[1]
          if (token !== undefined) arrivals.tokens.push(token)
        })
    }),
    // A sample's documents travel unsigned and unseen: none of them is kept.
    Layer.succeed(VehicleTrust, {
      sign: (_, body) => Effect.succeed(JSON.stringify(body)),
      catalogue: { jws: "", hash: "" },
      recall: () => Effect.void,
      read: () => Effect.die(new Error("Sample cars are not read: they are told"))
    }),
    Layer.succeed(VehicleLink, {
      configure: (_vin, _link, { document }) => Effect.sync(() => void arrivals.documents.push(JSON.parse(document))),
      command: () => Effect.void,
      display: () => Effect.void,
      acknowledge: () => Effect.void,
      status: () => Effect.succeed(null)
    })
  )
}
