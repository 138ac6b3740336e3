/** What an activation hears, what it asks of the world, and what it has recorded: the words of machines/activation.ts, which gives them to everybody. */
import { Schema } from "effect"
import { OptionTerms } from "./option-terms.ts"
import {
  ActivationId,
  CommandParked,
  Consent,
  Country,
  Instant,
  Minor,
  Money,
  message,
  OptionCode,
  PaymentId,
  PaymentMethod,
  ReceiptId,
  SubjectId,
  Vin
} from "./vocabulary.ts"

// ── Opens the activation ──────────────────────────────────────────────────────────────────────────────────────────

/** Told by the car's actor, which has reserved the option. A fact: the purchase was concluded when it was heard there. */
export const OptionPurchased = message("OptionPurchased", {
  activationId: ActivationId,
  vin: Vin,
  customerId: SubjectId,
  country: Country,
  terms: OptionTerms,
  /** `bundle`: included in the price of the car (S5). */
  channel: Schema.Literals(["online", "bundle"]),
  paymentMethod: Schema.NullOr(PaymentMethod), // Null where nothing will ever be paid.
  consents: Schema.Array(Consent),
  purchasedAt: Instant
})

// ── Requests: may be refused ──────────────────────────────────────────────────────────────────────────────────────

/** `submittedAt`: when the customer sent it, kept at the edge before any processing (Directive 2011/83/EU, art. 11a). */
export const RequestWithdrawal = message("RequestWithdrawal", { customerId: SubjectId, submittedAt: Instant })
/** Ends a recurring service at once; nothing is charged for later days (S17). */
export const CancelService = message("CancelService", { customerId: SubjectId })
/** Support closes the case of an escalated activation: uncharged, or as a gift, which the car then gets without anybody paying (D-17). */
export const ResolveSupportCase = message("ResolveSupportCase", {
  by: SubjectId,
  resolution: Schema.Literals(["uncharged", "gift"]),
  reason: Schema.String
})

export const ActivationRequest = Schema.Union([RequestWithdrawal, CancelService, ResolveSupportCase])

// ── Facts: may come late, twice, out of order, or never ───────────────────────────────────────────────────────────

const ofPayment = { paymentId: PaymentId, amount: Money }
/** The bank holds the amount; captured before `captureBefore`, or it is gone. */
export const PaymentAuthorised = message("PaymentAuthorised", { ...ofPayment, gatewayId: Schema.String, captureBefore: Instant })
/** The customer has to confirm with the bank first (SCA). */
export const PaymentActionRequired = message("PaymentActionRequired", {
  paymentId: PaymentId,
  actionUrl: Schema.NullOr(Schema.String)
})
export const PaymentDeclined = message("PaymentDeclined", { paymentId: PaymentId, reason: Schema.String })
/** This method (SEPA, iDEAL …) has no hold: a mandate is asked for, and the charge follows the car's confirmation. */
export const PaymentCannotBeHeld = message("PaymentCannotBeHeld", { paymentId: PaymentId })
export const MandateGranted = message("MandateGranted", { paymentId: PaymentId, mandateId: Schema.String })
/** Money taken: a hold captured, or a mandate charged. */
export const PaymentCaptured = message("PaymentCaptured", { ...ofPayment, gatewayId: Schema.String })
/** The hold was not there any more (expired, voided). */
export const CaptureFailed = message("CaptureFailed", { paymentId: PaymentId, reason: Schema.String })
/** Nothing is held any more: voided, or expired by itself. */
export const PaymentVoided = message("PaymentVoided", { paymentId: PaymentId })
export const PaymentReturned = message("PaymentReturned", { ...ofPayment, refundId: Schema.String })
export const PaymentSettled = message("PaymentSettled", ofPayment)
export const PaymentSettlementFailed = message("PaymentSettlementFailed", { ...ofPayment, reason: Schema.String })

/** Told by the car's actor: a verified report of the car lists this option. `until` is what the car holds (null: no end). */
export const OptionConfirmed = message("OptionConfirmed", {
  option: OptionCode,
  cfgVersion: Schema.Natural,
  receiptId: ReceiptId,
  until: Schema.NullOr(Instant)
})
/** The car, or its actor, will not have it. */
export const OptionRejected = message("OptionRejected", { option: OptionCode, reason: Schema.String })
/** The car has the document and waits for parking: that is not a failed try. */
export const OptionDelayed = message("OptionDelayed", { option: OptionCode, reason: Schema.Literals(["driving"]) })
/** The car was reported stolen (what is pending ends), or sold (what recurs ends too). */
export const VehicleStolen = message("VehicleStolen", {})
export const OwnershipChanged = message("OwnershipChanged", {})

export const ActivationFact = Schema.Union([
  OptionPurchased,
  PaymentAuthorised,
  PaymentActionRequired,
  PaymentDeclined,
  PaymentCannotBeHeld,
  MandateGranted,
  PaymentCaptured,
  CaptureFailed,
  PaymentVoided,
  PaymentReturned,
  PaymentSettled,
  PaymentSettlementFailed,
  OptionConfirmed,
  OptionRejected,
  OptionDelayed,
  VehicleStolen,
  OwnershipChanged,
  CommandParked
])

export const ActivationMessage = Schema.Union([...ActivationRequest.members, ...ActivationFact.members])
export type ActivationMessage = typeof ActivationMessage.Type

// ── Commands: what an activation asks of the world. actors/activation.ts performs them. ───────────────────────────

const payer = { customerId: SubjectId, paymentMethod: PaymentMethod }
export const AuthorisePayment = message("AuthorisePayment", { ...ofPayment, ...payer })
/** `GET /payments?reference=`, while the customer is with the bank: answers as AuthorisePayment would. */
export const AskPayment = message("AskPayment", { ...ofPayment, question: Schema.Natural })
/** For methods that cannot hold, and for recurring services. The payment's name is its reference. */
export const SetUpMandate = message("SetUpMandate", { paymentId: PaymentId, ...payer })
/** Takes the held amount. Performed only where the evidence row `(receiptId, activationId)` exists. */
export const CapturePayment = message("CapturePayment", { ...ofPayment, activationId: ActivationId, receiptId: ReceiptId })
/** Takes the amount by mandate, or anew where the hold had expired. Needs the evidence row, too. */
export const ChargePayment = message("ChargePayment", {
  ...ofPayment,
  ...payer,
  activationId: ActivationId,
  receiptId: ReceiptId
})
export const VoidPayment = message("VoidPayment", { paymentId: PaymentId })
export const ReturnPayment = message("ReturnPayment", ofPayment)

// To the vehicle: told to `vehicle/{vin}` as OptionWanted and OptionDropped.
const ofOption = { vin: Vin, activationId: ActivationId, option: OptionCode }
/** One try: the car's actor sends, or sends again, its current document. `until`: when the car itself is to switch it off. */
export const WantOption = message("WantOption", {
  ...ofOption,
  attempt: Schema.Natural,
  until: Schema.NullOr(Instant),
  terms: OptionTerms
})
export const DropOption = message("DropOption", ofOption)

/** Tells the customer, once per occasion. The performer knows the words. */
export const NotifyCustomer = message("NotifyCustomer", {
  subjectId: SubjectId,
  vin: Vin,
  activationId: ActivationId,
  option: OptionCode,
  notice: Schema.Literals([
    "PaymentActionRequired",
    "ServicePaymentDeclined",
    "ServiceActive",
    "ServiceDelayed", // The first try failed; more follow.
    "ServiceFailed", // Escalated: support has it, and nobody pays.
    "ServiceGiven", // Support closed the case as a gift.
    "ServiceCancelled",
    "ServiceEnded",
    "WithdrawalAccepted",
    "ServicePaymentReturned"
  ])
})

export const ActivationCommand = Schema.Union([
  AuthorisePayment,
  AskPayment,
  SetUpMandate,
  CapturePayment,
  ChargePayment,
  VoidPayment,
  ReturnPayment,
  WantOption,
  DropOption,
  NotifyCustomer
])
export type ActivationCommand = typeof ActivationCommand.Type

// ── Records: rows that the turn's own commit inserts. The tables are declared in actors/activation.ts. ───────────

/** One double entry of a service's money: `amountMinor` moves from the credited to the debited account. A capture names its evidence, or the database refuses it. */
export const ServiceTransfer = message("ServiceTransfer", {
  activationId: ActivationId,
  kind: Schema.Literals([
    "serviceCaptured", // gateway ← serviceSales, with the receipt
    "serviceReturnOrdered", // serviceSales ← refundsDue
    "serviceReturned", // refundsDue ← gateway
    "lateServicePayment" // gateway ← refundsDue: taken though nobody wanted it any more; goes back
  ]),
  paymentId: PaymentId,
  debit: Schema.Literals(["gateway", "serviceSales", "refundsDue"]),
  credit: Schema.Literals(["gateway", "serviceSales", "refundsDue"]),
  amountMinor: Minor,
  currency: Schema.String,
  receiptId: Schema.NullOr(ReceiptId)
})
/** Opened by escalation, once per activation. `tries` says what each try met, and whose fault it was (CO-14). */
export const SupportCase = message("SupportCase", {
  caseId: Schema.String, // `case_` and the activation's id without its `act_`.
  activationId: ActivationId,
  vin: Vin,
  subjectId: SubjectId,
  option: OptionCode,
  reason: Schema.String,
  tries: Schema.Array(Schema.Struct({ at: Instant, outcome: Schema.String, attribution: Schema.Literals(["car", "iot", "caas"]) }))
})
/** `by` is null where the customer's withdrawal closed it. */
export const SupportCaseResolution = message("SupportCaseResolution", {
  caseId: Schema.String,
  resolution: Schema.Literals(["uncharged", "gift", "withdrawn"]),
  reason: Schema.String,
  by: Schema.NullOr(SubjectId)
})
export const ActivationRecord = Schema.Union([ServiceTransfer, SupportCase, SupportCaseResolution])
export type ActivationRecord = typeof ActivationRecord.Type
