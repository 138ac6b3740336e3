/** The people, the car and the messages that the machine tests speak of. */
import type { PaymentKind } from "#machines/order.ts"
import {
  CancelOrder,
  ConfirmHandover,
  DisputeClosed,
  FactoryAccepted,
  FactoryKnowsNothing,
  FactoryRefused,
  FactoryReportedCancelled,
  FactoryReportedInProgress,
  FactoryReportedReady,
  FactoryReportedShipped,
  PapersRequested,
  PayFinalAmount,
  PaymentDeclined,
  PaymentDisputed,
  PaymentReturned,
  PaymentSettled,
  PaymentSettlementFailed,
  PaymentSucceeded,
  PayReservation,
  type PlanTerms,
  RefundFailed,
  RegisterSale,
  RegistrationRefused,
  ReportCustomerAbsent,
  ResolveRiskCase,
  SupplyPapers,
  TransportArrivedAtDealership,
  TransportBooked,
  TransportCustomerAbsent,
  TransportDelivered,
  TransportDeparted,
  VehicleRegistered
} from "#machines/order.ts"
import { AssignVehicle, VehicleBuilt, VehicleMoved, VehicleStocked } from "#machines/vehicle.ts"
import { CommandParked, DealershipId, type Money, OrderId, PaymentId, SubjectId, Vin } from "#machines/vocabulary.ts"
import { passed, type Said } from "./scenario.ts"

export const orderId = OrderId.make("ord_1")
export const nextOrderId = OrderId.make("ord_2")
export const vin = Vin.make("WVWZZZ1JZXW000001")
export const anotherVin = Vin.make("WVWZZZ1JZXW000002")
export const customerId = SubjectId.make("sub_customer")
export const stranger = SubjectId.make("sub_stranger")
export const sellerId = SubjectId.make("sub_seller")
export const dealershipId = DealershipId.make("dea_1")
export const anotherDealership = DealershipId.make("dea_2")

const euros = (amount: number): Money => ({ amountMinor: amount * 100, currency: "EUR" })
export const price = euros(31_900)
export const deposit = euros(1_000)
export const rest = euros(30_900)

export const plan: PlanTerms = {
  code: "base",
  edition: 1,
  deposit,
  depositKind: "confirmatory",
  depositWindowDays: 7,
  finalPaymentWindowDays: 15,
  finalPaymentAttempts: 3
}
const sale = {
  customerId,
  sellerId,
  dealershipId,
  country: "ES",
  price,
  consents: [],
  handoverPin: "042137"
} as const

export const sold = RegisterSale.make({ ...sale, orderId, model: "Modelo Uno", plan, delivery: { kind: "home" }, vin: null })
export const soldPenitential = RegisterSale.make({ ...sold, plan: { ...plan, code: "plus", depositKind: "penitential" } })
export const soldForPickup = RegisterSale.make({ ...sold, delivery: { kind: "dealership" } })
export const soldFromStock = RegisterSale.make({ ...sold, vin, vehicleAt: "factory" })
export const soldAtDealership = RegisterSale.make({ ...soldForPickup, vin, vehicleAt: "dealership" })

/** A message with something changed: another sender, another amount, another time. */
export const but = (message: Said, change: object): Said => ({ ...message, ...change })

// ── Requests ──────────────────────────────────────────────────────────────────────────────────────────────────────

export const payReservation = PayReservation.make({ customerId, paymentMethod: "tok_card" })
export const payFinalAmount = PayFinalAmount.make({ customerId, paymentMethod: "tok_card" })
export const cancelled = CancelOrder.make({ by: customerId })
export const suppliedPapers = SupplyPapers.make({ papers: [{ kind: "identity", sha256: "a".repeat(64) }], by: sellerId })
export const handover = (pin = "042137") => ConfirmHandover.make({ pin, by: sellerId })
export const riskResolved = (resolution: "paid" | "writtenOff" | "paidOut" | "dismissed", n = 1) =>
  ResolveRiskCase.make({ caseId: `risk_1-${n}`, by: sellerId, resolution, reason: "talked to the customer" })
export const saidAbsent = ReportCustomerAbsent.make({ by: sellerId })

// ── Facts ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export const paymentId = (kind: PaymentKind, attempt = 1) => PaymentId.make(`pay_1-${kind}-${attempt}`)
const payment = (kind: PaymentKind, attempt: number) => ({
  paymentId: paymentId(kind, attempt),
  kind,
  amount: kind === "reservation" ? deposit : rest
})
export const succeeded = (kind: PaymentKind, attempt = 1) => PaymentSucceeded.make({ ...payment(kind, attempt), gatewayId: "gw_1" })
export const declined = (kind: PaymentKind, attempt = 1) =>
  PaymentDeclined.make({ paymentId: paymentId(kind, attempt), kind, reason: "no funds" })
export const settled = (kind: PaymentKind, attempt = 1) => PaymentSettled.make(payment(kind, attempt))
export const settlementFailed = (kind: PaymentKind, attempt = 1) =>
  PaymentSettlementFailed.make({ ...payment(kind, attempt), reason: "charged back" })
export const returned = (kind: PaymentKind, attempt = 1) => PaymentReturned.make({ ...payment(kind, attempt), refundId: "ref_1" })
export const disputed = (kind: PaymentKind, attempt = 1) =>
  PaymentDisputed.make({ ...payment(kind, attempt), disputeId: "dis_1", reason: "fraudulent" })
export const disputeClosed = (kind: PaymentKind, outcome: "won" | "lost" = "won", attempt = 1) =>
  DisputeClosed.make({ ...payment(kind, attempt), disputeId: "dis_1", outcome })
export const refundFailed = (kind: PaymentKind, attempt = 1) =>
  RefundFailed.make({ ...payment(kind, attempt), refundId: "ref_1", reason: "account closed" })

const factoryOrderId = "fac_1"
export const accepted = FactoryAccepted.make({ factoryOrderId, expectedAt: null })
export const refusedByFactory = FactoryRefused.make({ reason: "not built any more" })
export const inProgress = FactoryReportedInProgress.make({ factoryOrderId })
export const ready = FactoryReportedReady.make({ factoryOrderId, vin })
export const shipped = FactoryReportedShipped.make({ factoryOrderId })
export const cancelledByFactory = FactoryReportedCancelled.make({ factoryOrderId, reason: "line closed" })
export const factoryKnowsNothing = FactoryKnowsNothing.make({})

export const registered = VehicleRegistered.make({ registrationId: "reg_1", plate: "1234 KLM" })
export const registrationRefused = RegistrationRefused.make({ reason: "holder unknown" })
export const papersRequested = PapersRequested.make({ missing: ["identity"] })

const transportId = "tra_1"
export const booked = TransportBooked.make({ transportId })
export const departed = TransportDeparted.make({ transportId })
export const delivered = TransportDelivered.make({ transportId, proof: "signature_7" })
export const absent = TransportCustomerAbsent.make({ transportId })
export const atDealership = TransportArrivedAtDealership.make({ transportId })

export const parked = (command: string) => CommandParked.make({ commandId: "order/ord_1#2.0", command, cause: "out of patience" })

// ── Timers ────────────────────────────────────────────────────────────────────────────────────────────────────────

export const depositWindow = passed("depositWindow", "order.reserved.awaitingDeposit")
export const factoryInquiry = passed("factoryInquiry", "order.reserved.orderUnknown")
export const factorySilence = passed("factorySilence", "order.manufacturing.building")
export const finalPaymentReminder = passed("finalPaymentReminder", "order.manufacturing.awaitingFinalPayment")
export const finalPaymentWindow = passed("finalPaymentWindow", "order.manufacturing.awaitingFinalPayment")
export const portalPause = passed("portalPause", "order.paid.portalDown")
export const pickupReminder = passed("pickupReminder", "order.registered.awaitingPickup")

// ── Histories that many sentences begin with ──────────────────────────────────────────────────────────────────────

export type History = ReadonlyArray<Said>
export const toOrdering = (opening: Said = sold): History => [opening, payReservation, succeeded("reservation")]
export const toUnknown = (opening?: Said): History => [...toOrdering(opening), parked("PlaceFactoryOrder")]
export const toBuilding = (opening?: Said): History => [...toOrdering(opening), accepted]
export const toFinalPayment = (opening?: Said): History => [...toBuilding(opening), ready]
export const toPaid = (opening?: Said): History => [...toFinalPayment(opening), payFinalAmount, succeeded("final")]
export const toPapers = (opening?: Said): History => [...toPaid(opening), papersRequested]
export const toPortalDown = (opening?: Said): History => [...toPaid(opening), parked("RegisterVehicle")]
export const toTransit = (opening?: Said): History => [...toPaid(opening), registered, booked]
export const toReturned = (): History => [...toTransit(), departed, absent]
export const toPickup = (): History => [...toReturned(), atDealership]
export const toDelivered = (): History => [...toTransit(), departed, delivered]
export const toCancelled = (): History => [sold, depositWindow]
export const toForfeited = (): History => [...toFinalPayment(), finalPaymentWindow]

// ── The vehicle's ─────────────────────────────────────────────────────────────────────────────────────────────────

export const built = VehicleBuilt.make({ vin, orderId, model: "Modelo Uno", country: "ES", dealershipId, assigned: true })
export const builtForNobody = VehicleBuilt.make({ ...built, assigned: false })
export const stocked = (of = orderId) => VehicleStocked.make({ orderId: of, dealershipId, reason: "FinalPaymentOverdue" })
export const moved = (to: "carrier" | "dealership" | "customer", of = orderId) => VehicleMoved.make({ orderId: of, to })
export const assigned = AssignVehicle.make({ ...sale, orderId: nextOrderId, plan, delivery: { kind: "dealership" } })
