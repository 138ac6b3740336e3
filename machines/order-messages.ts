/** What an order hears, what it asks of the world, and what it has recorded: the words of machines/order.ts, which gives them to everybody. */
import { Schema } from "effect"
import { OptionTerms, VehicleKey } from "./option-terms.ts"
import {
  CommandParked,
  Consent,
  Country,
  DealershipId,
  Instant,
  Minor,
  Money,
  message,
  OrderId,
  Paper,
  PaymentId,
  PaymentMethod,
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
  finalPaymentAttempts: Schema.Natural,
  /** The services included in the price of the car, as they were on the day of the sale (S5). Activated at the handover. */
  bundle: Schema.optionalKey(Schema.Array(OptionTerms))
})
export type PlanTerms = typeof PlanTerms.Type

export const Delivery = Schema.Struct({ kind: Schema.Literals(["home", "dealership"]) })
export const PaymentKind = Schema.Literals(["reservation", "final"])
export type PaymentKind = typeof PaymentKind.Type
/** Six digits, made at the door when the sale is registered. The customer alone is told; whoever knows it is handed the car (RD-14). */
export const HandoverPin = Schema.String.check(Schema.isPattern(/^\d{6}$/))

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
  vehicleAt: Schema.optionalKey(Schema.Literals(["factory", "dealership"])), // Where a car from stock stands; absent: at the factory.
  vatPercent: Schema.optionalKey(Schema.Natural) // Within the price. Absent: sold before we wrote invoices.
})
export const PayReservation = message("PayReservation", { customerId: SubjectId, paymentMethod: PaymentMethod })
export const PayFinalAmount = message("PayFinalAmount", { customerId: SubjectId, paymentMethod: PaymentMethod })
export const CancelOrder = message("CancelOrder", { by: SubjectId })
export const SupplyPapers = message("SupplyPapers", { papers: Schema.Array(Paper), by: SubjectId })
/** Delivery confirmed at the customer's door, or the pickup at the dealership. The PIN was told to the customer alone. */
export const ConfirmHandover = message("ConfirmHandover", { pin: Schema.String, by: SubjectId })
/** A dealer enters what the carrier told by telephone. */
export const ReportCustomerAbsent = message("ReportCustomerAbsent", { by: SubjectId })

/**
 * Finance closes a risk case. `paid`: what was owed came by bank transfer. `writtenOff`: it is not asked for any more. `paidOut`: a refund
 * that the gateway could not make went to the customer by bank transfer. `dismissed`: of a dispute, nothing is left to do.
 */
export const ResolveRiskCase = message("ResolveRiskCase", {
  caseId: Schema.String,
  by: SubjectId,
  resolution: Schema.Literals(["paid", "writtenOff", "paidOut", "dismissed"]),
  reason: Schema.String
})

export const OrderRequest = Schema.Union([
  RegisterSale,
  PayReservation,
  PayFinalAmount,
  CancelOrder,
  SupplyPapers,
  ConfirmHandover,
  ReportCustomerAbsent,
  ResolveRiskCase
])

// ── Facts: may come late, twice, out of order, or never ───────────────────────────────────────────────────────────

const ofPayment = { paymentId: PaymentId, kind: PaymentKind, amount: Money }
export const PaymentSucceeded = message("PaymentSucceeded", { ...ofPayment, gatewayId: Schema.String })
export const PaymentDeclined = message("PaymentDeclined", { paymentId: PaymentId, kind: PaymentKind, reason: Schema.String })
export const PaymentSettled = message("PaymentSettled", ofPayment)
export const PaymentSettlementFailed = message("PaymentSettlementFailed", { ...ofPayment, reason: Schema.String })
export const PaymentReturned = message("PaymentReturned", { ...ofPayment, refundId: Schema.String })
/** The bank takes back what it paid, months later perhaps: the customer disputes it (chargeback). `amount` is the payment's. */
export const PaymentDisputed = message("PaymentDisputed", { ...ofPayment, disputeId: Schema.String, reason: Schema.String })
export const DisputeClosed = message("DisputeClosed", {
  ...ofPayment,
  disputeId: Schema.String,
  outcome: Schema.Literals(["won", "lost"])
})
/** A refund that was accepted did not arrive (account closed …). */
export const RefundFailed = message("RefundFailed", { ...ofPayment, refundId: Schema.String, reason: Schema.String })

export const FactoryAccepted = message("FactoryAccepted", { factoryOrderId: Schema.String, expectedAt: Schema.NullOr(Instant) })
export const FactoryRefused = message("FactoryRefused", { reason: Schema.String })
export const FactoryReportedInProgress = message("FactoryReportedInProgress", { factoryOrderId: Schema.String })
export const FactoryReportedReady = message("FactoryReportedReady", {
  factoryOrderId: Schema.String,
  vin: Vin,
  key: Schema.optionalKey(VehicleKey) // Absent: a car that was built before cars had keys.
})
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
  PaymentDisputed,
  DisputeClosed,
  RefundFailed,
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
/** What we know of the sale, for the bank that has to decide a dispute. */
export const SubmitEvidence = message("SubmitEvidence", {
  paymentId: PaymentId,
  disputeId: Schema.String,
  orderId: OrderId,
  handoverAt: Schema.NullOr(Instant)
})
/** A numbered paper for a car that was handed over: its whole price. */
export const IssueInvoice = message("IssueInvoice", {
  customerId: SubjectId,
  country: Country,
  vin: Vin,
  orderId: OrderId,
  paymentId: PaymentId, // The last one of the price.
  model: Schema.String,
  amount: Money,
  vatPercent: Schema.Natural
})
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
    "PaymentReturned", // A final payment that came too late.
    "SettlementFailed",
    "RefundDelayed"
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
  assigned: Schema.Boolean, // false: the order had closed before the car was built, so it goes to stock at once.
  key: Schema.optionalKey(VehicleKey)
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
  to: Schema.Literals(["carrier", "dealership", "customer"]),
  // Of a handover to the customer:
  ownerId: Schema.optionalKey(SubjectId),
  bundle: Schema.optionalKey(Schema.Array(OptionTerms))
})

export const OrderCommand = Schema.Union([
  SendCredentials,
  ChargePayment,
  ReturnPayment,
  SubmitEvidence,
  IssueInvoice,
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
  "depositPenalties", // expense: the second half of a double return (arras penitenciales)
  "bank", // asset: settled
  "receivables", // asset: what was taken, and never came
  "disputes", // asset: taken back by the customer's bank, until it has decided
  "badDebts" // expense
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
    "depositWaived", // customerDeposits ← receivables: to be returned, and it had never come; ← badDebts: the customer's bank has returned it
    "depositPenaltyOrdered", // depositPenalties ← refundsDue
    "finalPaymentReturnOrdered", // customerPayments ← refundsDue
    "paymentReturned", // refundsDue ← gateway
    "depositApplied", // customerDeposits ← vehicleSales, at handover
    "finalPaymentApplied", // customerPayments ← vehicleSales, at handover
    "paymentSettled", // bank ← gateway
    "paymentSettlementFailed", // receivables ← gateway, or where the money was: bank, disputes
    "debtPaid", // bank ← receivables: by bank transfer
    "writtenOff", // badDebts ← receivables
    "chargedBack", // disputes ← bank, or gateway where it had not settled
    "disputeWon", // the way back
    "disputeLost", // badDebts ← disputes
    "refundFailed", // gateway ← refundsDue: it did not arrive, and is owed again
    "refundPaidOut" // refundsDue ← bank: by bank transfer instead
  ]),
  phase: Schema.Literal("posted"),
  paymentId: PaymentId,
  debit: Account,
  credit: Account,
  amountMinor: Minor,
  vatMinor: Minor, // Of it, where it is earned at the handover.
  currency: Schema.String,
  customerId: SubjectId,
  country: Country,
  stream: Schema.Literal("vehicle"),
  item: Schema.String // The model.
})
/** Money at risk that somebody of finance has to look at. */
export const RiskCase = message("RiskCase", {
  caseId: Schema.String, // `risk_`, the order's id without its `ord_`, and a number.
  kind: Schema.Literals(["settlementFailed", "chargeback", "refundFailed"]),
  orderId: OrderId,
  vin: Schema.NullOr(Vin),
  subjectId: SubjectId,
  paymentId: PaymentId,
  amountMinor: Minor,
  currency: Schema.String,
  reason: Schema.String
})
/** `by` is null where the bank decided. */
export const RiskCaseResolution = message("RiskCaseResolution", {
  caseId: Schema.String,
  resolution: Schema.Literals(["paid", "writtenOff", "paidOut", "dismissed", "won", "lost"]),
  reason: Schema.String,
  by: Schema.NullOr(SubjectId)
})
/** The second half of a double return: no refund can carry it, so finance pays it by bank transfer (D-9). */
export const Payout = message("Payout", { orderId: OrderId, customerId: SubjectId, amount: Money, reason: Schema.String })
export const OrderRecord = Schema.Union([Transfer, Payout, RiskCase, RiskCaseResolution])
export type OrderRecord = typeof OrderRecord.Type
