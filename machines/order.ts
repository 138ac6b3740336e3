/**
 * Order: the sale of one vehicle, from the dealer's desk to the customer's hands.
 *
 *   reserved ─────→ manufacturing ──→ paid ────────→ registered ─→ delivered
 *   │ deposit,      │ building,       │ the plate;   │ on its way, back at the
 *   │ then ordering │ final payment   │ papers       │ dealership, picked up
 *   ↓               ↓
 *   cancelled       forfeited           Closed is not deaf: late money goes back, a late car becomes stock.
 */
import { Schema } from "effect"
import { setup } from "xstate"
import {
  CommandParked,
  Country,
  DealershipId,
  type Heard,
  Instant,
  Minor,
  Money,
  message,
  OrderId,
  Paper,
  PaymentId,
  type Refusal,
  type Remark,
  SubjectId,
  Vin
} from "./vocabulary.ts"

// ── What a sale is made of ────────────────────────────────────────────────────────────────────────────────────────

/** The plan comercial as it was on the day of the sale: a later edition never touches it (SO-17). Instants and counts are data (D-8, D-10). */
export const PlanTerms = Schema.Struct({
  code: Schema.String,
  edition: Schema.Natural,
  deposit: Money,
  /** `confirmatory`: back once if we cannot deliver. `penitential`: back double (Código Civil 1454, D-9). */
  depositKind: Schema.Literals(["confirmatory", "penitential"]),
  depositWindowDays: Schema.Natural, // to pay the deposit (señal)
  finalPaymentWindowDays: Schema.Natural, // from "ready" to the final payment
  finalPaymentAttempts: Schema.Natural
})
export type PlanTerms = typeof PlanTerms.Type

export const Delivery = Schema.Struct({ kind: Schema.Literals(["home", "dealership"]) })
export const Consent = Schema.Struct({ text: Schema.String, edition: Schema.Natural, at: Instant })
export const PaymentKind = Schema.Literals(["reservation", "final"])
export type PaymentKind = typeof PaymentKind.Type
/** Six digits, made at the door when the sale is registered. The customer alone is told; whoever knows it is handed the car (RD-14). */
export const HandoverPin = Schema.String.check(Schema.isPattern(/^\d{6}$/))
/** The gateway's token for a card or account; never the card itself. */
export const PaymentMethod = Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_-]{1,64}$/))

// ── Requests: may be refused ──────────────────────────────────────────────────────────────────────────────────────

export const RegisterSale = message("RegisterSale", {
  orderId: OrderId,
  customerId: SubjectId,
  sellerId: SubjectId,
  dealershipId: DealershipId,
  country: Country,
  model: Schema.String,
  price: Money,
  plan: PlanTerms,
  delivery: Delivery,
  consents: Schema.Array(Consent),
  handoverPin: HandoverPin,
  vin: Schema.NullOr(Vin), // A car from stock: no factory order will be placed.
  vehicleAt: Schema.optionalKey(Schema.Literals(["factory", "dealership"])) // Where a car from stock stands; absent: at the factory.
})
export const PayReservation = message("PayReservation", { customerId: SubjectId, paymentMethod: PaymentMethod })
export const PayFinalAmount = message("PayFinalAmount", { customerId: SubjectId, paymentMethod: PaymentMethod })
export const CancelOrder = message("CancelOrder", { by: SubjectId })
export const SupplyPapers = message("SupplyPapers", { papers: Schema.Array(Paper), by: SubjectId })
/** Delivery confirmed at the customer's door, or the pickup at the dealership. The PIN was told to the customer alone. */
export const ConfirmHandover = message("ConfirmHandover", { pin: Schema.String, by: SubjectId })
/** A dealer enters what the carrier told by telephone. */
export const ReportCustomerAbsent = message("ReportCustomerAbsent", { by: SubjectId })

export const OrderRequest = Schema.Union([
  RegisterSale,
  PayReservation,
  PayFinalAmount,
  CancelOrder,
  SupplyPapers,
  ConfirmHandover,
  ReportCustomerAbsent
])

// ── Facts: may come late, twice, out of order, or never ───────────────────────────────────────────────────────────

const ofPayment = { paymentId: PaymentId, kind: PaymentKind, amount: Money }
export const PaymentSucceeded = message("PaymentSucceeded", { ...ofPayment, gatewayId: Schema.String })
export const PaymentDeclined = message("PaymentDeclined", { paymentId: PaymentId, kind: PaymentKind, reason: Schema.String })
export const PaymentSettled = message("PaymentSettled", ofPayment)
export const PaymentSettlementFailed = message("PaymentSettlementFailed", { ...ofPayment, reason: Schema.String })
export const PaymentReturned = message("PaymentReturned", { ...ofPayment, refundId: Schema.String })

export const FactoryAccepted = message("FactoryAccepted", { factoryOrderId: Schema.String, expectedAt: Schema.NullOr(Instant) })
export const FactoryRefused = message("FactoryRefused", { reason: Schema.String })
export const FactoryReportedInProgress = message("FactoryReportedInProgress", { factoryOrderId: Schema.String })
export const FactoryReportedReady = message("FactoryReportedReady", { factoryOrderId: Schema.String, vin: Vin })
export const FactoryReportedShipped = message("FactoryReportedShipped", { factoryOrderId: Schema.String })
/** The factory cannot build it after all (D-9). */
export const FactoryReportedCancelled = message("FactoryReportedCancelled", {
  factoryOrderId: Schema.String,
  reason: Schema.String
})
/** The answer to our own question `GET /orders/{ref}`: the factory knows nothing of this order. */
export const FactoryKnowsNothing = message("FactoryKnowsNothing", {})

export const VehicleRegistered = message("VehicleRegistered", { registrationId: Schema.String, plate: Schema.String })
export const RegistrationRefused = message("RegistrationRefused", { reason: Schema.String })
export const PapersRequested = message("PapersRequested", { missing: Schema.Array(Schema.String) })

export const TransportBooked = message("TransportBooked", { transportId: Schema.String })
export const TransportDeparted = message("TransportDeparted", { transportId: Schema.String })
/** The carrier handed the car to the customer in person; the carrier's proof is kept. */
export const TransportDelivered = message("TransportDelivered", { transportId: Schema.String, proof: Schema.String })
export const TransportCustomerAbsent = message("TransportCustomerAbsent", { transportId: Schema.String })
/** The carrier brought the car (back) to the dealership. */
export const TransportArrivedAtDealership = message("TransportArrivedAtDealership", { transportId: Schema.String })

export const OrderFact = Schema.Union([
  PaymentSucceeded,
  PaymentDeclined,
  PaymentSettled,
  PaymentSettlementFailed,
  PaymentReturned,
  FactoryAccepted,
  FactoryRefused,
  FactoryReportedInProgress,
  FactoryReportedReady,
  FactoryReportedShipped,
  FactoryReportedCancelled,
  FactoryKnowsNothing,
  VehicleRegistered,
  RegistrationRefused,
  PapersRequested,
  TransportBooked,
  TransportDeparted,
  TransportDelivered,
  TransportCustomerAbsent,
  TransportArrivedAtDealership,
  CommandParked
])

export const OrderMessage = Schema.Union([...OrderRequest.members, ...OrderFact.members])
export type OrderMessage = typeof OrderMessage.Type

// ── Commands: what an order asks of the world. actors/order.ts performs them. ─────────────────────────────────────

/** Creates the customer's account if there is none, and mails the one-time link (S13). */
export const SendCredentials = message("SendCredentials", { customerId: SubjectId, orderId: OrderId })
export const ChargePayment = message("ChargePayment", {
  ...ofPayment,
  orderId: OrderId,
  customerId: SubjectId,
  paymentMethod: PaymentMethod
})
/** Gives back what the gateway took: `amount` may be less than was paid, never more. */
export const ReturnPayment = message("ReturnPayment", { ...ofPayment, orderId: OrderId })
/** The reference at the factory is the order itself: a second attempt is the same factory order. */
export const PlaceFactoryOrder = message("PlaceFactoryOrder", {
  orderId: OrderId,
  model: Schema.String,
  country: Country,
  attempt: Schema.Natural // From 1. A lane of its own for each: a parked one must not hold up the next.
})
/** `GET /orders/{ref}`: answers with the FactoryReported… fact that fits, FactoryAccepted, or FactoryKnowsNothing. */
export const AskFactory = message("AskFactory", { orderId: OrderId, attempt: Schema.Natural })
export const RegisterVehicle = message("RegisterVehicle", {
  orderId: OrderId,
  vin: Vin,
  country: Country,
  customerId: SubjectId,
  papers: Schema.Array(Paper),
  attempt: Schema.Natural
})
export const BookTransport = message("BookTransport", {
  orderId: OrderId,
  vin: Vin,
  customerId: SubjectId,
  dealershipId: DealershipId,
  to: Schema.Literals(["customer", "dealership"])
})
/** Mails the customer (and later other channels). The performer knows the words; the machine knows the occasion. */
export const Notify = message("Notify", {
  subjectId: SubjectId,
  orderId: OrderId,
  notice: Schema.Literals([
    "DepositReceived",
    "DepositDeclined",
    "OrderCancelled",
    "VehicleReady",
    "FinalPaymentReminder",
    "FinalPaymentDeclined",
    "FinalPaymentReceived",
    "OrderForfeited",
    "PapersNeeded",
    "VehicleRegistered",
    "OnItsWay",
    "CustomerWasAbsent",
    "ReadyForPickup",
    "PickupReminder",
    "HandedOver",
    "DepositReturned",
    "PaymentReturned" // A final payment that came too late.
  ]),
  handoverPin: Schema.optionalKey(HandoverPin) // With OnItsWay (to the door), ReadyForPickup and PickupReminder.
})

// To the vehicle: told to `vehicle/{vin}` as the message of vehicle.ts that bears the name.
export const IntroduceVehicle = message("IntroduceVehicle", {
  vin: Vin,
  orderId: OrderId,
  model: Schema.String,
  country: Country,
  dealershipId: DealershipId,
  assigned: Schema.Boolean // false: the order had closed before the car was built, so it goes to stock at once.
})
export const StockVehicle = message("StockVehicle", {
  vin: Vin,
  orderId: OrderId,
  dealershipId: DealershipId,
  reason: Schema.String
})
export const MoveVehicle = message("MoveVehicle", {
  vin: Vin,
  orderId: OrderId,
  to: Schema.Literals(["carrier", "dealership", "customer"])
})

export const OrderCommand = Schema.Union([
  SendCredentials,
  ChargePayment,
  ReturnPayment,
  PlaceFactoryOrder,
  AskFactory,
  RegisterVehicle,
  BookTransport,
  Notify,
  IntroduceVehicle,
  StockVehicle,
  MoveVehicle
])
export type OrderCommand = typeof OrderCommand.Type

// ── Records: rows that the turn's own commit inserts. The table is declared in actors/order.ts. ──────────────────

/** The chart of accounts; kinds and signs are in the migration of the ledger. */
export const Account = Schema.Literals([
  "gateway", // asset: what the payment gateway holds for us
  "customerDeposits", // liability: señales we hold
  "customerPayments", // liability: final payments held until the vehicle is handed over
  "refundsDue", // liability: ordered back, not yet confirmed by the gateway
  "vehicleSales", // income
  "forfeitedDeposits", // income
  "depositPenalties" // expense: the second half of a double return (arras penitenciales)
])
/** One double entry: `amountMinor` moves from the credited to the debited account. Posted twice is impossible: (order, kind, paymentId) is unique. */
export const Transfer = message("Transfer", {
  orderId: OrderId,
  kind: Schema.Literals([
    "depositReceived", // gateway ← customerDeposits
    "finalPaymentReceived", // gateway ← customerPayments
    "latePaymentReceived", // gateway ← refundsDue: money for an order that had closed, or had been paid; goes back
    "depositForfeited", // customerDeposits ← forfeitedDeposits
    "depositReturnOrdered", // customerDeposits ← refundsDue
    "depositPenaltyOrdered", // depositPenalties ← refundsDue
    "finalPaymentReturnOrdered", // customerPayments ← refundsDue
    "paymentReturned", // refundsDue ← gateway
    "depositApplied", // customerDeposits ← vehicleSales, at handover
    "finalPaymentApplied" // customerPayments ← vehicleSales, at handover
  ]),
  paymentId: PaymentId,
  debit: Account,
  credit: Account,
  amountMinor: Minor,
  currency: Schema.String
})
/** The second half of a double return: no refund can carry it, so finance pays it by bank transfer (D-9). */
export const Payout = message("Payout", { orderId: OrderId, customerId: SubjectId, amount: Money, reason: Schema.String })
export const OrderRecord = Schema.Union([Transfer, Payout])
export type OrderRecord = typeof OrderRecord.Type

// ── What an order remembers: what the lawyer would ask about later ───────────────────────────────────────────────

/** One try to take money. At most one of a kind is `asked` or `unknown` at a time, and at most one is ever `received`. */
export interface Charge {
  readonly kind: PaymentKind
  readonly status: "asked" | "unknown" | "declined" | "received" | "returning" | "returned"
  /** Our risk until settled (S14). `failed` stays failed: nothing handed over is undone. */
  readonly settlement: "pending" | "settled" | "failed"
}

const stages = ["none", "asked", "accepted", "inProgress", "cancelled", "ready"] as const
type Stage = (typeof stages)[number]

export interface OrderContext extends Omit<typeof RegisterSale.Type, "type" | "vehicleAt"> {
  readonly fromStock: boolean
  readonly vehicleAt: "factory" | "dealership"
  readonly soldAt: Instant
  readonly depositDueAt: Instant
  readonly finalPaymentDueAt: Instant | null
  readonly charges: Readonly<Record<PaymentId, Charge>>
  readonly factory: {
    readonly stage: Stage
    readonly orderId: string | null
    readonly expectedAt: Instant | null
    readonly shippedAt: Instant | null
    readonly attempts: number
    readonly questions: number
  }
  readonly papers: ReadonlyArray<Paper>
  readonly missing: ReadonlyArray<string>
  readonly registration: {
    readonly attempts: number
    readonly id: string | null
    readonly plate: string | null
    readonly newPapers: boolean // Supplied since the authority was last asked.
  }
  readonly transport: {
    readonly id: string | null
    readonly to: "customer" | "dealership"
    readonly departedAt: Instant | null
  } | null
  readonly handover: { readonly at: Instant; readonly proof: string } | null // The proof: "pin", or the carrier's.
  readonly closedBecause: ClosingReason | null
}

export type ClosingReason =
  | "DepositNotPaid"
  | "CancelledByCustomer"
  | "FactoryRefused"
  | "FactoryCancelled"
  | "FinalPaymentDeclined"
  | "FinalPaymentOverdue"

export type OrderRefusal =
  | "AlreadyAtDealership"
  | "AlreadyDelivered"
  | "AlreadyPaid"
  | "AlreadyRegistered"
  | "AlreadyReturning"
  | "NotAtDealershipYet"
  | "NotDeliveredHome"
  | "NotReadyYet"
  | "NotRegisteredYet"
  | "NotYourOrder"
  | "OrderClosed"
  | "OrderExists"
  | "PaymentInProgress"
  | "PaymentOutcomeUnknown"
  | "PaymentWindowClosed"
  | "PlanDoesNotFitPrice"
  | "WrongPin"

export type OrderRemark =
  | "AlreadyAtDealership"
  | "AlreadyBuilt"
  | "AlreadyDelivered"
  | "AlreadyKnown"
  | "AlreadyOrdering"
  | "AmountMismatch"
  | "AnotherFactoryOrder"
  | "AnotherRegistration"
  | "AnotherTransport"
  | "AnotherVehicle"
  | "FactoryContradictsItself"
  | "NoFactoryOrder"
  | "NoTransport"
  | "NotAskedToRegister"
  | "NotForTheCustomer"
  | "NotOrderedBack"
  | "OlderThanKnown"
  | "PaymentWindowClosed"
  | "UnknownPayment"
  | "WaitsForAnOperator"

const minute = 60_000
const day = 24 * 60 * minute
const daysAfter = (at: Instant, days: number): Instant => new Date(Date.parse(at) + days * day).toISOString()

/** A deposit is part of the price: more than nothing, less than all of it. A plan that says otherwise opens no order. */
export const planFitsPrice = ({ plan, price }: { readonly plan: PlanTerms; readonly price: Money }) =>
  plan.deposit.currency === price.currency &&
  plan.deposit.amountMinor > 0 &&
  plan.deposit.amountMinor < price.amountMinor &&
  plan.finalPaymentAttempts > 0

const amountOf = ({ plan, price }: OrderContext, kind: PaymentKind): Money =>
  kind === "reservation" ? plan.deposit : { amountMinor: price.amountMinor - plan.deposit.amountMinor, currency: price.currency }

const chargesOf = ({ charges }: OrderContext, kind: PaymentKind, status: Charge["status"]) =>
  (Object.keys(charges) as Array<PaymentId>).filter((id) => charges[id]!.kind === kind && charges[id]!.status === status)

// ── Guards and delays ─────────────────────────────────────────────────────────────────────────────────────────────

type Hearing = { readonly context: OrderContext; readonly event: Heard<OrderMessage> }

/** The charge a payment's message is about; undefined where we never asked for it. */
const chargeOf = ({ context, event }: Hearing) => {
  const charge = "paymentId" in event ? context.charges[event.paymentId] : undefined
  return charge !== undefined && "kind" in event && charge.kind === event.kind ? charge : undefined
}
const amountDiffers = ({ context, event }: Hearing) => {
  if (!("amount" in event)) return false
  const asked = amountOf(context, event.kind)
  return event.amount.amountMinor !== asked.amountMinor || event.amount.currency !== asked.currency
}
const isOpen = (charge: Charge | undefined) => charge?.status === "asked" || charge?.status === "unknown"
/** Money we have not counted yet. A settlement says so too, should it overtake the gateway's answer. */
const moneyArrived = (hearing: Hearing) => {
  const charge = chargeOf(hearing)
  if (charge === undefined || amountDiffers(hearing)) return false
  if (hearing.event.type === "PaymentSettled" && charge.settlement === "failed") return false
  return isOpen(charge) || charge.status === "declined"
}
const settlementSaid = ({ event }: Hearing): Partial<Charge> =>
  event.type === "PaymentSettled"
    ? { settlement: "settled" }
    : event.type === "PaymentSettlementFailed"
      ? { settlement: "failed" }
      : {}

const stageSaid = (event: Heard<OrderMessage>): Stage => {
  if (event.type === "FactoryAccepted" || event.type === "FactoryReportedShipped") return "accepted"
  if (event.type === "FactoryReportedInProgress") return "inProgress"
  return event.type === "FactoryReportedReady" ? "ready" : "cancelled"
}
const anotherFactoryOrder = ({ context: { factory }, event }: Hearing) =>
  "factoryOrderId" in event && factory.orderId !== null && event.factoryOrderId !== factory.orderId
const factoryNews = (hearing: Hearing) => {
  const { factory } = hearing.context
  if (factory.stage === "none" || anotherFactoryOrder(hearing)) return false
  if (hearing.event.type === "FactoryRefused") return factory.stage === "asked" // What was accepted is not refused any more.
  return stages.indexOf(stageSaid(hearing.event)) > stages.indexOf(factory.stage)
}
const anotherTransport = ({ context: { transport }, event }: Hearing) =>
  "transportId" in event && transport !== null && transport.id !== null && event.transportId !== transport.id
const ourTransport = (hearing: Hearing) => hearing.context.transport !== null && !anotherTransport(hearing)

const order = setup({
  types: {
    input: {} as Heard<typeof RegisterSale.Type>,
    context: {} as OrderContext,
    events: {} as Heard<OrderMessage>,
    emitted: {} as OrderCommand | OrderRecord | Refusal<OrderRefusal> | Remark<OrderRemark>,
    tags: {} as "closed"
  },
  guards: {
    askedByAStranger: ({ context, event }) => "customerId" in event && event.customerId !== context.customerId,
    paymentOutcomeUnknown: ({ context }) => Object.values(context.charges).some(({ status }) => status === "unknown"),
    paymentInProgress: ({ context }) => Object.values(context.charges).some(({ status }) => status === "asked"),
    depositOverdue: ({ context, event }) => event.at >= context.depositDueAt,
    finalPaymentOverdue: ({ context, event }) => context.finalPaymentDueAt !== null && event.at >= context.finalPaymentDueAt,
    paymentUnknown: (hearing) => chargeOf(hearing) === undefined,
    amountDiffers,
    moneyArrived,
    depositArrived: (hearing) => moneyArrived(hearing) && chargeOf(hearing)?.kind === "reservation",
    depositArrivedForStock: (hearing) =>
      moneyArrived(hearing) && chargeOf(hearing)?.kind === "reservation" && hearing.context.fromStock,
    finalPaymentArrived: (hearing) => moneyArrived(hearing) && chargeOf(hearing)?.kind === "final",
    declineIsNews: (hearing) => isOpen(chargeOf(hearing)),
    finalPaymentDeclined: (hearing) => isOpen(chargeOf(hearing)) && chargeOf(hearing)?.kind === "final",
    lastAttemptDeclined: (hearing) =>
      isOpen(chargeOf(hearing)) &&
      chargeOf(hearing)?.kind === "final" &&
      chargesOf(hearing.context, "final", "declined").length + 1 >= hearing.context.plan.finalPaymentAttempts,
    settlementIsNews: (hearing) => {
      const known = chargeOf(hearing)?.settlement
      return known !== undefined && known !== "failed" && known !== settlementSaid(hearing).settlement
    },
    orderedBack: (hearing) => chargeOf(hearing)?.status === "returning",
    alreadyReturned: (hearing) => chargeOf(hearing)?.status === "returned",
    notOrdered: ({ context }) => context.factory.stage === "none",
    anotherFactoryOrder,
    factoryNews,
    sameFactoryNews: ({ context, event }) => context.factory.stage === stageSaid(event),
    shippingIsNews: (hearing) =>
      hearing.context.factory.stage !== "none" && !anotherFactoryOrder(hearing) && hearing.context.factory.shippedAt === null,
    alreadyBuilt: ({ context }) => context.factory.stage === "ready",
    anotherVehicle: ({ context, event }) =>
      event.type === "FactoryReportedReady" && context.vin !== null && event.vin !== context.vin,
    factoryOrderParked: ({ event }) => event.type === "CommandParked" && event.command === "PlaceFactoryOrder",
    registrationParked: ({ event }) => event.type === "CommandParked" && event.command === "RegisterVehicle",
    chargeParked: ({ context, event }) =>
      event.type === "CommandParked" &&
      event.command === "ChargePayment" &&
      Object.values(context.charges).some(({ status }) => status === "asked"),
    papersSinceAsked: ({ context }) => context.registration.newPapers,
    sameMissingPapers: ({ context: { missing }, event }) => missing.join("\n") === missingSaid(event).join("\n"),
    sameRegistration: ({ context, event }) =>
      event.type === "VehicleRegistered" && event.registrationId === context.registration.id,
    isRegistered: ({ context }) => context.registration.id !== null,
    waitsAtDealership: ({ context }) => context.delivery.kind === "dealership" && context.vehicleAt === "dealership",
    noTransport: ({ context }) => context.transport === null,
    anotherTransport,
    ourTransport,
    bookingIsNews: (hearing) => ourTransport(hearing) && hearing.context.transport?.id === null,
    departureIsNews: (hearing) => ourTransport(hearing) && hearing.context.transport?.departedAt === null,
    boundForCustomer: (hearing) => ourTransport(hearing) && hearing.context.delivery.kind === "home",
    notDeliveredHome: ({ context }) => context.delivery.kind !== "home",
    pinIsWrong: ({ context, event }) => event.type === "ConfirmHandover" && event.pin !== context.handoverPin
  },
  delays: {
    depositWindow: ({ context }) => context.plan.depositWindowDays * day,
    factoryInquiry: 15 * minute,
    factorySilence: day,
    finalPaymentWindow: ({ context }) => context.plan.finalPaymentWindowDays * day,
    finalPaymentReminder: ({ context }) => (context.plan.finalPaymentWindowDays * day) / 2,
    portalPause: 60 * minute,
    pickupReminder: 7 * day
  }
})

const missingSaid = (event: Heard<OrderMessage>): ReadonlyArray<string> =>
  event.type === "PapersRequested" ? event.missing : event.type === "RegistrationRefused" ? [event.reason] : []

// ── What is said and remembered on the way ────────────────────────────────────────────────────────────────────────

const refuse = (reason: OrderRefusal) => order.emit({ type: "Refused", reason })
const record = (reason: OrderRemark) => order.emit({ type: "Recorded", reason })
/** The notices that carry the PIN, and for which delivery. */
const pinGoesWith: Readonly<Record<string, string>> = { OnItsWay: "home", ReadyForPickup: "any", PickupReminder: "any" }
const notify = (notice: (typeof Notify.Type)["notice"]) =>
  order.emit(({ context: { customerId: subjectId, orderId, handoverPin, delivery } }) =>
    pinGoesWith[notice] === "any" || pinGoesWith[notice] === delivery.kind
      ? Notify.make({ subjectId, orderId, notice, handoverPin })
      : Notify.make({ subjectId, orderId, notice })
  )

type Entry = readonly [kind: (typeof Transfer.Type)["kind"], debit: typeof Account.Type, credit: typeof Account.Type]
const transfer = ({ orderId }: OrderContext, [kind, debit, credit]: Entry, paymentId: PaymentId, amount: Money) =>
  Transfer.make({ orderId, kind, paymentId, debit, credit, amountMinor: amount.amountMinor, currency: amount.currency })

const received = {
  reservation: ["depositReceived", "gateway", "customerDeposits"],
  final: ["finalPaymentReceived", "gateway", "customerPayments"]
} as const satisfies Record<PaymentKind, Entry>

/** The one charge a payment's message is about, changed. */
const withCharge = (hearing: Hearing, change: Partial<Charge>) => {
  const { charges } = hearing.context
  if (!("paymentId" in hearing.event)) return { charges }
  const { paymentId } = hearing.event
  return { charges: { ...charges, [paymentId]: { ...charges[paymentId]!, ...settlementSaid(hearing), ...change } } }
}
const markDeclined = order.assign((hearing) => withCharge(hearing, { status: "declined" }))
const markSettlement = order.assign((hearing) => withCharge(hearing, {}))
const markUnknown = order.assign(({ context: { charges } }) => ({
  charges: Object.fromEntries(
    Object.entries(charges).map(([id, charge]) => [
      id,
      charge.status === "asked" ? { ...charge, status: "unknown" as const } : charge
    ])
  )
}))
const charge = (kind: PaymentKind) =>
  order.enqueueActions(({ context, event, enqueue }) => {
    if (!("paymentMethod" in event)) return
    const { orderId, customerId, charges } = context
    const attempt = Object.values(charges).filter((one) => one.kind === kind).length + 1
    const paymentId = PaymentId.make(`pay_${orderId.slice("ord_".length)}-${kind}-${attempt}`)
    enqueue.assign({ charges: { ...charges, [paymentId]: { kind, status: "asked", settlement: "pending" } } })
    const { paymentMethod } = event
    enqueue.emit(ChargePayment.make({ paymentId, kind, amount: amountOf(context, kind), orderId, customerId, paymentMethod }))
  })
const receive = (kind: PaymentKind) =>
  order.enqueueActions(({ context, event, enqueue }) => {
    if (!("paymentId" in event)) return
    enqueue.emit(transfer(context, received[kind], event.paymentId, amountOf(context, kind)))
    enqueue.assign((hearing) => withCharge(hearing, { status: "received" }))
  })
/** Money nobody waits for any more goes back in full. */
const giveBack = order.enqueueActions(({ context, event, enqueue }) => {
  if (!("paymentId" in event)) return
  const { paymentId, kind } = event
  const amount = amountOf(context, kind)
  enqueue.emit(transfer(context, ["latePaymentReceived", "gateway", "refundsDue"], paymentId, amount))
  enqueue.emit(ReturnPayment.make({ paymentId, kind, amount, orderId: context.orderId }))
  enqueue.assign((hearing) => withCharge(hearing, { status: "returning" }))
})
const confirmReturn = order.enqueueActions(({ context, event, enqueue }) => {
  if (!("paymentId" in event)) return
  enqueue.emit(transfer(context, ["paymentReturned", "refundsDue", "gateway"], event.paymentId, amountOf(context, event.kind)))
  enqueue.assign((hearing) => withCharge(hearing, { status: "returned" }))
  enqueue(event.kind === "reservation" ? notify("DepositReturned") : notify("PaymentReturned"))
})

/** We cannot deliver: the deposit goes back, and as much again where the plan says penitential (Código Civil 1454, D-9). */
const returnDeposit = order.enqueueActions(({ context, enqueue }) => {
  const { orderId, customerId, charges, plan } = context
  for (const paymentId of chargesOf(context, "reservation", "received")) {
    enqueue.emit(transfer(context, ["depositReturnOrdered", "customerDeposits", "refundsDue"], paymentId, plan.deposit))
    enqueue.emit(ReturnPayment.make({ paymentId, kind: "reservation", amount: plan.deposit, orderId }))
    enqueue.assign({ charges: { ...charges, [paymentId]: { ...charges[paymentId]!, status: "returning" } } })
    if (plan.depositKind === "confirmatory") continue
    enqueue.emit(transfer(context, ["depositPenaltyOrdered", "depositPenalties", "refundsDue"], paymentId, plan.deposit))
    enqueue.emit(Payout.make({ orderId, customerId, amount: plan.deposit, reason: "DoubleReturn" }))
  }
})
const close = (reason: ClosingReason) =>
  order.enqueueActions(({ context: { vin, orderId, dealershipId }, enqueue }) => {
    enqueue.assign({ closedBecause: reason })
    if (vin !== null) enqueue.emit(StockVehicle.make({ vin, orderId, dealershipId, reason }))
  })
const forfeitDeposit = order.enqueueActions(({ context, enqueue }) => {
  for (const paymentId of chargesOf(context, "reservation", "received"))
    enqueue.emit(transfer(context, ["depositForfeited", "customerDeposits", "forfeitedDeposits"], paymentId, context.plan.deposit))
})
/** The customer does not go through with it: the deposit is ours and the car is stock, in one turn (S18, SO-10). */
const forfeit = (reason: ClosingReason) => [forfeitDeposit, close(reason)] as const

const placeFactoryOrder = order.enqueueActions(({ context: { orderId, model, country, factory }, enqueue }) => {
  const attempt = factory.attempts + 1
  enqueue.assign({ factory: { ...factory, stage: "asked", attempts: attempt } })
  enqueue.emit(PlaceFactoryOrder.make({ orderId, model, country, attempt }))
})
const askFactory = order.enqueueActions(({ context: { orderId, factory }, enqueue }) => {
  enqueue.assign({ factory: { ...factory, questions: factory.questions + 1 } })
  enqueue.emit(AskFactory.make({ orderId, attempt: factory.questions + 1 }))
})
const keepFactoryNews = order.assign(({ context: { factory, vin }, event }) => ({
  factory: {
    ...factory,
    stage: stageSaid(event),
    orderId: "factoryOrderId" in event ? event.factoryOrderId : factory.orderId,
    expectedAt: event.type === "FactoryAccepted" ? event.expectedAt : factory.expectedAt
  },
  vin: event.type === "FactoryReportedReady" ? event.vin : vin
}))
const keepShipping = order.assign(({ context: { factory }, event }) => ({
  factory: {
    ...factory,
    stage: factory.stage === "asked" ? ("accepted" as const) : factory.stage, // What is shipped was accepted.
    orderId: "factoryOrderId" in event ? event.factoryOrderId : factory.orderId,
    shippedAt: event.at
  }
}))
const introduceVehicle = (assigned: boolean) =>
  order.enqueueActions(({ context: { vin, orderId, model, country, dealershipId }, enqueue }) => {
    if (vin !== null) enqueue.emit(IntroduceVehicle.make({ vin, orderId, model, country, dealershipId, assigned }))
  })
const waitForFinalPayment = order.assign(({ context: { plan }, event }) => ({
  finalPaymentDueAt: daysAfter(event.at, plan.finalPaymentWindowDays)
}))

const keepPapers = order.assign(({ context: { papers, registration }, event }) => {
  const supplied = event.type === "SupplyPapers" ? event.papers : []
  const kept = papers.filter(({ kind }) => !supplied.some((paper) => paper.kind === kind)) // A newer paper replaces the older.
  return { papers: [...kept, ...supplied], registration: { ...registration, newPapers: true } }
})
const keepMissing = order.assign(({ event }) => ({ missing: missingSaid(event) }))
const registerVehicle = order.enqueueActions(({ context, enqueue }) => {
  const { orderId, vin, country, customerId, papers, registration } = context
  const attempt = registration.attempts + 1
  enqueue.assign({ missing: [], registration: { ...registration, attempts: attempt, newPapers: false } })
  if (vin !== null) enqueue.emit(RegisterVehicle.make({ orderId, vin, country, customerId, papers, attempt }))
})
const keepPlate = order.assign(({ context: { registration }, event }) =>
  event.type === "VehicleRegistered" ? { registration: { ...registration, id: event.registrationId, plate: event.plate } } : {}
)

const bookTransport = order.enqueueActions(({ context: { orderId, vin, customerId, dealershipId, delivery }, enqueue }) => {
  const to = delivery.kind === "home" ? "customer" : "dealership"
  enqueue.assign({ transport: { id: null, to, departedAt: null } })
  if (vin !== null) enqueue.emit(BookTransport.make({ orderId, vin, customerId, dealershipId, to }))
})
const keepTransport = order.assign(({ context: { transport }, event }) =>
  transport !== null && "transportId" in event ? { transport: { ...transport, id: event.transportId } } : {}
)
const moveVehicle = (to: (typeof MoveVehicle.Type)["to"]) =>
  order.enqueueActions(({ context: { vin, orderId }, enqueue }) => {
    if (vin !== null) enqueue.emit(MoveVehicle.make({ vin, orderId, to }))
  })
/** Whatever a carrier says of a car, it has picked it up: custody has no gap even where the word of it was lost (S18). */
const departed = order.enqueueActions(({ context: { transport }, event, enqueue }) => {
  if (transport === null || transport.departedAt !== null) return
  enqueue.assign({ transport: { ...transport, departedAt: event.at } })
  enqueue(moveVehicle("carrier"))
})
const arrived = [keepTransport, departed, moveVehicle("dealership"), notify("ReadyForPickup")] as const
const keepHandover = order.assign(({ event }) => ({
  handover: { at: event.at, proof: event.type === "TransportDelivered" ? event.proof : "pin" }
}))
const earnPayments = order.enqueueActions(({ context, enqueue }) => {
  for (const id of chargesOf(context, "reservation", "received"))
    enqueue.emit(transfer(context, ["depositApplied", "customerDeposits", "vehicleSales"], id, amountOf(context, "reservation")))
  for (const id of chargesOf(context, "final", "received"))
    enqueue.emit(transfer(context, ["finalPaymentApplied", "customerPayments", "vehicleSales"], id, amountOf(context, "final")))
})
const refuseUnfitPlan = order.enqueueActions(({ context, enqueue }) => {
  if (!planFitsPrice(context)) enqueue(refuse("PlanDoesNotFitPrice"))
})

// ── Answers that several states share ─────────────────────────────────────────────────────────────────────────────

const toAnyone = (reason: OrderRefusal) => ({ actions: refuse(reason) })
const toTheCustomer = (reason: OrderRefusal) =>
  [{ guard: "askedByAStranger", actions: refuse("NotYourOrder") }, { actions: refuse(reason) }] as const
const pay = (kind: PaymentKind) =>
  [
    { guard: "askedByAStranger", actions: refuse("NotYourOrder") },
    { guard: "paymentOutcomeUnknown", actions: refuse("PaymentOutcomeUnknown") },
    { guard: "paymentInProgress", actions: refuse("PaymentInProgress") },
    { guard: kind === "reservation" ? "depositOverdue" : "finalPaymentOverdue", actions: refuse("PaymentWindowClosed") },
    { actions: charge(kind) }
  ] as const
const unbelievedPayment = [
  { guard: "paymentUnknown", actions: record("UnknownPayment") },
  { guard: "amountDiffers", actions: record("AmountMismatch") }
] as const
const fromElsewhere = [
  { guard: "notOrdered", actions: record("NoFactoryOrder") },
  { guard: "anotherFactoryOrder", actions: record("AnotherFactoryOrder") }
] as const
const byAnotherCarrier = [
  { guard: "noTransport", actions: record("NoTransport") },
  { guard: "anotherTransport", actions: record("AnotherTransport") }
] as const
const factoryReport = [
  ...fromElsewhere,
  { guard: "factoryNews", actions: keepFactoryNews },
  { guard: "sameFactoryNews", actions: record("AlreadyKnown") },
  { actions: record("OlderThanKnown") }
] as const
const carIsReady = {
  guard: "factoryNews",
  target: "#order.manufacturing.awaitingFinalPayment",
  actions: [keepFactoryNews, introduceVehicle(true), waitForFinalPayment]
} as const
const weCannotDeliver = (reason: ClosingReason) =>
  ({ guard: "factoryNews", target: "#order.cancelled", actions: [keepFactoryNews, returnDeposit, close(reason)] }) as const
const accepted = { guard: "factoryNews", target: "#order.manufacturing.building", actions: keepFactoryNews } as const
const theCustomerLeaves = { target: "#order.forfeited", actions: forfeit("CancelledByCustomer") } as const
const depositPaid = [
  {
    guard: "depositArrivedForStock",
    target: "#order.manufacturing.awaitingFinalPayment",
    actions: [receive("reservation"), notify("DepositReceived"), waitForFinalPayment]
  },
  { guard: "depositArrived", target: "ordering", actions: [receive("reservation"), notify("DepositReceived")] }
] as const
const finalAmountPaid = {
  guard: "finalPaymentArrived",
  target: "#order.paid",
  actions: [receive("final"), notify("FinalPaymentReceived")]
} as const
const closed = {
  PayReservation: toTheCustomer("OrderClosed"),
  PayFinalAmount: toTheCustomer("OrderClosed"),
  CancelOrder: toAnyone("OrderClosed"),
  SupplyPapers: toAnyone("OrderClosed"),
  ConfirmHandover: toAnyone("OrderClosed"),
  ReportCustomerAbsent: toAnyone("OrderClosed")
} as const

// ── The chart ─────────────────────────────────────────────────────────────────────────────────────────────────────

export const orderMachine = order.createMachine({
  id: "order",
  context: ({ input: { type: _, at, vehicleAt, ...sale } }) => ({
    ...sale,
    fromStock: sale.vin !== null,
    vehicleAt: vehicleAt ?? "factory",
    soldAt: at,
    depositDueAt: daysAfter(at, sale.plan.depositWindowDays),
    finalPaymentDueAt: null,
    charges: {},
    factory: { stage: "none", orderId: null, expectedAt: null, shippedAt: null, attempts: 0, questions: 0 },
    papers: [],
    missing: [],
    registration: { attempts: 0, id: null, plate: null, newPapers: false },
    transport: null,
    handover: null,
    closedBecause: null
  }),
  entry: refuseUnfitPlan,
  initial: "reserved",
  states: {
    reserved: {
      initial: "awaitingDeposit",
      on: {
        PayFinalAmount: toTheCustomer("NotReadyYet"),
        CancelOrder: theCustomerLeaves,
        FactoryAccepted: accepted,
        FactoryReportedInProgress: accepted,
        FactoryReportedShipped: { guard: "shippingIsNews", target: "manufacturing.building", actions: keepShipping },
        FactoryReportedReady: carIsReady,
        FactoryRefused: weCannotDeliver("FactoryRefused"),
        FactoryReportedCancelled: weCannotDeliver("FactoryCancelled")
      },
      states: {
        awaitingDeposit: {
          entry: order.emit(({ context: { customerId, orderId } }) => SendCredentials.make({ customerId, orderId })),
          after: { depositWindow: { target: "#order.cancelled", actions: close("DepositNotPaid") } },
          on: {
            PayReservation: pay("reservation"),
            PaymentSucceeded: depositPaid,
            PaymentSettled: depositPaid,
            PaymentDeclined: { guard: "declineIsNews", actions: [markDeclined, notify("DepositDeclined")] },
            CancelOrder: { target: "#order.cancelled", actions: close("CancelledByCustomer") } // Nothing was paid: nothing is forfeited.
          }
        },
        ordering: {
          entry: placeFactoryOrder,
          on: {
            CommandParked: { guard: "factoryOrderParked", target: "orderUnknown" },
            FactoryKnowsNothing: { actions: record("AlreadyOrdering") }
          }
        },
        orderUnknown: {
          after: { factoryInquiry: { target: "orderUnknown", reenter: true, actions: askFactory } },
          on: { FactoryKnowsNothing: "ordering" } // The same reference, so never two factory orders.
        }
      }
    },
    manufacturing: {
      initial: "building",
      on: { CancelOrder: theCustomerLeaves },
      states: {
        building: {
          after: { factorySilence: { target: "building", reenter: true, actions: askFactory } },
          on: {
            PayFinalAmount: toTheCustomer("NotReadyYet"),
            FactoryReportedInProgress: { guard: "factoryNews", target: "building", reenter: true, actions: keepFactoryNews },
            FactoryReportedReady: carIsReady,
            FactoryReportedCancelled: weCannotDeliver("FactoryCancelled"),
            FactoryKnowsNothing: { actions: record("FactoryContradictsItself") }
          }
        },
        awaitingFinalPayment: {
          entry: notify("VehicleReady"),
          after: {
            finalPaymentReminder: [
              { guard: "finalPaymentOverdue", actions: record("PaymentWindowClosed") }, // Both timers slept through it.
              { actions: notify("FinalPaymentReminder") }
            ],
            finalPaymentWindow: { target: "#order.forfeited", actions: forfeit("FinalPaymentOverdue") }
          },
          on: {
            PayFinalAmount: pay("final"),
            PaymentSucceeded: finalAmountPaid,
            PaymentSettled: finalAmountPaid,
            PaymentDeclined: [
              {
                guard: "lastAttemptDeclined",
                target: "#order.forfeited",
                actions: [markDeclined, ...forfeit("FinalPaymentDeclined")]
              },
              { guard: "finalPaymentDeclined", actions: [markDeclined, notify("FinalPaymentDeclined")] }
            ]
          }
        }
      }
    },
    paid: {
      initial: "registering",
      on: {
        VehicleRegistered: [
          {
            guard: "waitsAtDealership",
            target: "registered.awaitingPickup",
            actions: [keepPlate, notify("VehicleRegistered"), notify("ReadyForPickup")]
          },
          { target: "registered.inTransit", actions: [keepPlate, notify("VehicleRegistered")] }
        ],
        PapersRequested: { target: ".papersMissing", actions: keepMissing },
        RegistrationRefused: { target: ".papersMissing", actions: keepMissing } // Somebody must bring something: a paid car is never cancelled.
      },
      states: {
        registering: {
          entry: registerVehicle,
          on: {
            PapersRequested: { guard: "papersSinceAsked", target: "registering", reenter: true },
            RegistrationRefused: { guard: "papersSinceAsked", target: "registering", reenter: true },
            CommandParked: { guard: "registrationParked", target: "portalDown" }
          }
        },
        papersMissing: {
          entry: notify("PapersNeeded"),
          on: {
            SupplyPapers: { target: "registering", actions: keepPapers },
            PapersRequested: [
              { guard: "sameMissingPapers", actions: record("AlreadyKnown") },
              { actions: [keepMissing, notify("PapersNeeded")] }
            ],
            RegistrationRefused: [
              { guard: "sameMissingPapers", actions: record("AlreadyKnown") },
              { actions: [keepMissing, notify("PapersNeeded")] }
            ]
          }
        },
        portalDown: { after: { portalPause: "registering" } }
      }
    },
    registered: {
      initial: "inTransit",
      on: { SupplyPapers: toAnyone("AlreadyRegistered") },
      states: {
        inTransit: {
          entry: bookTransport,
          on: {
            TransportDeparted: { guard: "departureIsNews", actions: [keepTransport, departed, notify("OnItsWay")] },
            TransportDelivered: {
              guard: "boundForCustomer",
              target: "#order.delivered",
              actions: [keepTransport, departed, keepHandover]
            },
            TransportCustomerAbsent: { guard: "boundForCustomer", target: "returned", actions: [keepTransport, departed] },
            TransportArrivedAtDealership: { guard: "ourTransport", target: "awaitingPickup", actions: arrived },
            ReportCustomerAbsent: [
              { guard: "notDeliveredHome", actions: refuse("NotDeliveredHome") },
              { target: "returned", actions: departed }
            ],
            ConfirmHandover: [
              { guard: "notDeliveredHome", actions: refuse("NotAtDealershipYet") },
              { guard: "pinIsWrong", actions: refuse("WrongPin") },
              { target: "#order.delivered", actions: [departed, keepHandover] }
            ]
          }
        },
        returned: {
          entry: notify("CustomerWasAbsent"),
          on: {
            TransportCustomerAbsent: [
              { guard: "anotherTransport", actions: record("AnotherTransport") },
              { actions: record("AlreadyKnown") }
            ],
            TransportDelivered: { guard: "ourTransport", target: "#order.delivered", actions: [keepTransport, keepHandover] }, // They met after all.
            TransportArrivedAtDealership: { guard: "ourTransport", target: "awaitingPickup", actions: arrived },
            ReportCustomerAbsent: toAnyone("AlreadyReturning"),
            ConfirmHandover: toAnyone("NotAtDealershipYet")
          }
        },
        awaitingPickup: {
          after: { pickupReminder: { target: "awaitingPickup", reenter: true, actions: notify("PickupReminder") } },
          on: {
            TransportArrivedAtDealership: [...byAnotherCarrier, { actions: record("AlreadyKnown") }],
            ReportCustomerAbsent: toAnyone("AlreadyAtDealership"),
            ConfirmHandover: [
              { guard: "pinIsWrong", actions: refuse("WrongPin") },
              { target: "#order.delivered", actions: keepHandover }
            ]
          }
        }
      }
    },
    delivered: {
      tags: "closed",
      entry: [moveVehicle("customer"), earnPayments, notify("HandedOver")],
      on: {
        CancelOrder: toAnyone("AlreadyDelivered"),
        SupplyPapers: toAnyone("AlreadyRegistered"),
        ConfirmHandover: toAnyone("AlreadyDelivered"),
        ReportCustomerAbsent: toAnyone("AlreadyDelivered"),
        TransportDelivered: [...byAnotherCarrier, { actions: record("AlreadyDelivered") }]
      }
    },
    cancelled: { tags: "closed", entry: notify("OrderCancelled"), on: closed },
    forfeited: { tags: "closed", entry: notify("OrderForfeited"), on: closed }
  },

  // What no state answers differently. Every message has its line here, so no cell of the table is silent.
  on: {
    RegisterSale: toAnyone("OrderExists"),
    PayReservation: toTheCustomer("AlreadyPaid"),
    PayFinalAmount: toTheCustomer("AlreadyPaid"),
    CancelOrder: toAnyone("AlreadyPaid"),
    SupplyPapers: { actions: keepPapers },
    ConfirmHandover: toAnyone("NotRegisteredYet"),
    ReportCustomerAbsent: toAnyone("NotRegisteredYet"),

    PaymentSucceeded: [...unbelievedPayment, { guard: "moneyArrived", actions: giveBack }, { actions: record("AlreadyKnown") }],
    PaymentDeclined: [
      { guard: "paymentUnknown", actions: record("UnknownPayment") },
      { guard: "declineIsNews", actions: markDeclined },
      { actions: record("AlreadyKnown") }
    ],
    PaymentSettled: [
      ...unbelievedPayment,
      { guard: "moneyArrived", actions: giveBack },
      { guard: "settlementIsNews", actions: markSettlement },
      { actions: record("AlreadyKnown") }
    ],
    PaymentSettlementFailed: [
      ...unbelievedPayment,
      { guard: "settlementIsNews", actions: markSettlement },
      { actions: record("AlreadyKnown") }
    ],
    PaymentReturned: [
      ...unbelievedPayment,
      { guard: "orderedBack", actions: confirmReturn },
      { guard: "alreadyReturned", actions: record("AlreadyKnown") },
      { actions: record("NotOrderedBack") }
    ],

    FactoryAccepted: factoryReport,
    FactoryRefused: [
      { guard: "notOrdered", actions: record("NoFactoryOrder") },
      { guard: "factoryNews", actions: keepFactoryNews },
      { guard: "sameFactoryNews", actions: record("AlreadyKnown") },
      { actions: record("OlderThanKnown") }
    ],
    FactoryReportedInProgress: factoryReport,
    FactoryReportedReady: [
      ...fromElsewhere,
      { guard: "factoryNews", actions: [keepFactoryNews, introduceVehicle(false)] }, // The order has closed: straight to stock.
      { guard: "anotherVehicle", actions: record("AnotherVehicle") },
      { actions: record("AlreadyKnown") }
    ],
    FactoryReportedShipped: [
      ...fromElsewhere,
      { guard: "shippingIsNews", actions: keepShipping },
      { actions: record("AlreadyKnown") }
    ],
    FactoryReportedCancelled: [
      ...fromElsewhere,
      { guard: "alreadyBuilt", actions: record("AlreadyBuilt") }, // The car stands there: an operator decides.
      { guard: "factoryNews", actions: keepFactoryNews },
      { actions: record("AlreadyKnown") }
    ],
    FactoryKnowsNothing: [{ guard: "notOrdered", actions: record("NoFactoryOrder") }, { actions: record("OlderThanKnown") }],

    VehicleRegistered: [
      { guard: "sameRegistration", actions: record("AlreadyKnown") },
      { guard: "isRegistered", actions: record("AnotherRegistration") },
      { actions: record("NotAskedToRegister") }
    ],
    RegistrationRefused: [{ guard: "isRegistered", actions: record("OlderThanKnown") }, { actions: record("NotAskedToRegister") }],
    PapersRequested: [{ guard: "isRegistered", actions: record("OlderThanKnown") }, { actions: record("NotAskedToRegister") }],

    TransportBooked: [...byAnotherCarrier, { guard: "bookingIsNews", actions: keepTransport }, { actions: record("AlreadyKnown") }],
    TransportDeparted: [...byAnotherCarrier, { actions: record("AlreadyKnown") }],
    TransportDelivered: [
      ...byAnotherCarrier,
      { guard: "notDeliveredHome", actions: record("NotForTheCustomer") },
      { actions: record("AlreadyAtDealership") }
    ],
    TransportCustomerAbsent: [
      ...byAnotherCarrier,
      { guard: "notDeliveredHome", actions: record("NotForTheCustomer") },
      { actions: record("OlderThanKnown") }
    ],
    TransportArrivedAtDealership: [...byAnotherCarrier, { actions: record("OlderThanKnown") }],
    CommandParked: [{ guard: "chargeParked", actions: markUnknown }, { actions: record("WaitsForAnOperator") }]
  }
})
