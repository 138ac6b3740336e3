/** How an order gets things done. What it decides is in machines/order.ts. */
import { Effect } from "effect"
import { Factory, type FactoryOrder } from "#integrations/factory/factory.ts"
import { Invoices } from "#integrations/invoices/invoices.ts"
import { Notifications } from "#integrations/notifications/notifications.ts"
import { Payments } from "#integrations/payments/payments.ts"
import { Persons } from "#integrations/persons/persons.ts"
import { Registration } from "#integrations/registration/registration.ts"
import { Carriers } from "#integrations/transport/transport.ts"
import {
  FactoryAccepted,
  FactoryKnowsNothing,
  FactoryRefused,
  FactoryReportedCancelled,
  FactoryReportedInProgress,
  FactoryReportedReady,
  OrderCommand,
  type OrderContext,
  type OrderMessage,
  OrderRequest,
  orderMachine,
  PapersRequested,
  PaymentDeclined,
  PaymentReturned,
  PaymentSucceeded,
  RegistrationRefused,
  TransportBooked,
  VehicleRegistered
} from "#machines/order.ts"
import { toRisks } from "#machines/order-migrations.ts"
import { VehicleBuilt, type VehicleMessage, VehicleMoved, VehicleStocked } from "#machines/vehicle.ts"
import type { SubjectId, Vin } from "#machines/vocabulary.ts"
import { Order, Vehicle } from "./addresses.ts"
import { giveAccess } from "./credentials.ts"
import { ledger, riskCaseResolutions, riskCases } from "./ledger.ts"
import { ofOrder } from "./notices.ts"
import { ActorSystem } from "./system/actor-system.ts"
import { behavior, type CommandOrder, wordsOf } from "./system/behavior.ts"

const closedStates = new Set(["delivered", "cancelled", "forfeited"])

export const order = behavior({
  type: Order,
  opensWith: "RegisterSale",
  machineVersion: 3,
  // Since 2 the car hears with its handover whose it is, and what its price included: the order remembers the same.
  migrations: { 1: (left) => left, 2: toRisks },
  machine: orderMachine,
  requests: wordsOf(OrderRequest),
  Command: OrderCommand,

  perform: {
    SendCredentials: ({ customerId }, { id }) => giveAccess(customerId, id),
    ChargePayment: ({ paymentId, kind, amount, customerId, paymentMethod }, { id }) =>
      Payments.use((payments) =>
        payments.charge({ reference: paymentId, amount, method: paymentMethod, customer: customerId }, id)
      ).pipe(
        Effect.map(
          ({ status, id: gatewayId }) =>
            status === "captured"
              ? PaymentSucceeded.make({ paymentId, kind, amount, gatewayId })
              : PaymentDeclined.make({ paymentId, kind, reason: `NotCaptured: ${status}` }) // Of all answers only a capture is money.
        ),
        Effect.catchTag("PaymentRefused", ({ reason }) => Effect.succeed(PaymentDeclined.make({ paymentId, kind, reason })))
      ),
    ReturnPayment: ({ paymentId, kind, amount }, { id }) =>
      Payments.use((payments) => payments.refund({ reference: paymentId, amount }, id)).pipe(
        Effect.map((refund) => PaymentReturned.make({ paymentId, kind, amount, refundId: refund.id }))
      ),
    /** Too late for the bank is no failure of ours: the case goes on without it. */
    SubmitEvidence: ({ paymentId, disputeId, orderId, handoverAt }, { id }) => {
      const purchase = { kind: "purchase" as const, name: orderId, content: paymentId }
      const delivery = handoverAt === null ? [] : [{ kind: "delivery" as const, name: orderId, content: handoverAt }]
      return Payments.use((payments) =>
        payments.submitEvidence({ reference: paymentId, disputeId, documents: [purchase, ...delivery] }, id)
      ).pipe(
        Effect.asVoid,
        Effect.catchTag("EvidenceRefused", ({ reason }) =>
          Effect.logWarning("The bank takes no evidence.").pipe(Effect.annotateLogs({ paymentId, disputeId, reason }))
        )
      )
    },
    IssueInvoice: ({ customerId, country, vin, orderId, paymentId, model, amount, vatPercent }, { id }) =>
      Effect.asVoid(
        Invoices.use((invoices) =>
          invoices.issue(
            {
              kind: "invoice",
              customerId,
              country,
              orderId,
              activationId: null,
              vin,
              paymentId,
              lines: [{ item: model, term: "vehicle", from: null, to: null, grossMinor: amount.amountMinor, vatPercent }],
              currency: amount.currency
            },
            id
          )
        )
      ),
    PlaceFactoryOrder: ({ orderId, model, country }, { id }) =>
      Factory.use((factory) => factory.placeOrder({ reference: orderId, model, country }, id)).pipe(
        Effect.map(reported), // On a repeat it may be further on already.
        Effect.catchTag("FactoryRefusedOrder", ({ reason }) => Effect.succeed(FactoryRefused.make({ reason })))
      ),
    AskFactory: ({ orderId }) =>
      Factory.use((factory) => factory.findOrder(orderId)).pipe(
        Effect.map((found): OrderMessage => (found === null ? FactoryKnowsNothing.make({}) : reported(found)))
      ),
    RegisterVehicle: Effect.fn("RegisterVehicle")(function* ({ orderId, vin, country, customerId, papers }, { id }) {
      const person = yield* personOf(customerId)
      if (person === null) return RegistrationRefused.make({ reason: "HolderErased" }) // No authority registers a car for nobody.
      const { name, nationalId, address } = person
      const holder: Record<string, string> = { name }
      if (nationalId !== null) holder.nationalId = nationalId
      if (address !== null) Object.assign(holder, { street: address.street, city: address.city, postalCode: address.postalCode })
      return yield* Registration.use((registration) =>
        registration.register({ reference: orderId, vin, country, holder, papers }, id)
      ).pipe(
        Effect.map(({ registrationId, plate }): OrderMessage => VehicleRegistered.make({ registrationId, plate })),
        Effect.catchTags({
          AuthorityRefused: ({ reason }) => Effect.succeed(RegistrationRefused.make({ reason })),
          PapersMissing: ({ missing }) => Effect.succeed(PapersRequested.make({ missing }))
        })
      )
    }),
    BookTransport: Effect.fn("BookTransport")(function* ({ orderId, vin, customerId, dealershipId, to }, { id }) {
      const person = yield* personOf(customerId) // Erased meanwhile, they are nobody's to drive to: the dealership takes it.
      const address: Record<string, string> =
        to === "customer" && person !== null && person.address !== null
          ? { name: person.name, ...person.address }
          : { dealershipId }
      const booked = yield* Carriers.use((carriers) =>
        carriers.book(
          {
            reference: orderId,
            vin,
            to,
            address,
            instructions: "hand over in person; otherwise bring it to the dealership; never leave it unattended"
          },
          id
        )
      )
      return TransportBooked.make({ transportId: booked.transportId })
    }),
    Notify: (command, { id }) => Notifications.use((notifications) => notifications.send(ofOrder(command), id)),

    IntroduceVehicle: ({ type: _, ...built }, told) => tellVehicle(built.vin, VehicleBuilt.make(built), told),
    StockVehicle: ({ vin, orderId, dealershipId, reason }, told) =>
      tellVehicle(vin, VehicleStocked.make({ orderId, dealershipId, reason }), told),
    MoveVehicle: ({ type: _, vin, ...moved }, told) => tellVehicle(vin, VehicleMoved.make(moved), told)
  },

  lane: (command) => {
    switch (command.type) {
      case "ChargePayment":
      case "ReturnPayment":
        return `payments/${command.paymentId}`
      // A new attempt must not wait behind the parked one it stands in for.
      case "PlaceFactoryOrder":
        return `factory/order/${command.attempt}`
      case "AskFactory":
        return `factory/question/${command.attempt}`
      case "RegisterVehicle":
        return `registration/${command.attempt}`
      case "BookTransport":
        return "transport"
      case "SendCredentials":
        return "credentials"
      case "Notify":
        return "mail"
      case "IssueInvoice":
        return "invoices"
      case "SubmitEvidence":
        return `disputes/${command.disputeId}`
      default:
        return "vehicle"
    }
  },

  records: {
    Transfer: ledger,
    RiskCase: riskCases,
    RiskCaseResolution: riskCaseResolutions,
    Payout: {
      table: "payouts",
      columns: {
        order_id: { type: "text", field: "orderId" },
        subject_id: { type: "text", field: "customerId" },
        amount_minor: { type: "bigint", field: "amount.amountMinor" },
        currency: { type: "text", field: "amount.currency" },
        reason: { type: "text", field: "reason" }
      }
    }
  },

  facets: ({ value, context }) => {
    const { country, dealershipId, customerId, vin } = context as OrderContext
    return { closed: typeof value === "string" && closedStates.has(value), country, dealershipId, subjectId: customerId, vin }
  }
})

/** Null where they were erased meanwhile: an erasure waits for open orders, but two may act at one moment. */
const personOf = (customerId: SubjectId) =>
  Persons.use((persons) => persons.read(customerId)).pipe(Effect.catchTag("PersonUnknown", () => Effect.succeed(null)))

/** What the factory's own record says, as the webhook would have said it. */
const reported = (found: FactoryOrder): OrderMessage => {
  const { factoryOrderId, status, vin, reason, expectedAt, key } = found
  switch (status) {
    case "accepted":
      return FactoryAccepted.make({ factoryOrderId, expectedAt })
    case "in_progress":
      return FactoryReportedInProgress.make({ factoryOrderId })
    case "ready":
    case "shipped": // Only an order that has not heard of "ready" asks: that is the news, and it brings the VIN.
      return FactoryReportedReady.make({ factoryOrderId, vin: vin!, ...(key ? { key } : {}) })
    case "cancelled":
      return FactoryReportedCancelled.make({ factoryOrderId, reason: reason ?? "" })
  }
}

const tellVehicle = (vin: Vin, message: VehicleMessage, { id, path, version, correlation, traceId }: CommandOrder) =>
  ActorSystem.use((actors) =>
    Effect.asVoid(actors.tell(Vehicle.at(vin), message, { id, cause: id, correlation, traceId, sender: { path, version } }))
  )
