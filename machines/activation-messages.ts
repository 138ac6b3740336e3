/** What an activation hears, what it asks of the world, and what it has recorded: the words of machines/activation.ts, which gives them to everybody. */
import { Schema } from "effect"
import { Day, Month, TimeZone } from "./calendar.ts"
import { ContractLaw } from "./contract-law.ts"
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
  purchasedAt: Instant,
  /** The law of the day of the purchase. Absent where nobody named one: fourteen days by the country's clock. */
  law: Schema.optionalKey(ContractLaw)
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

/** Pays what is owed for a service that was delivered: a month that the bank declined, a payment that never settled. */
export const PayDebt = message("PayDebt", { customerId: SubjectId, paymentMethod: PaymentMethod })
/**
 * Finance closes a risk case. `writtenOff`: what is owed is not asked for any more. `paidOut`: a refund that the gateway could not make went
 * to the customer by bank transfer, by `reference`. `dismissed`: of a dispute, nothing is left to do.
 */
export const ResolveRiskCase = message("ResolveRiskCase", {
  caseId: Schema.String,
  by: SubjectId,
  resolution: Schema.Literals(["writtenOff", "paidOut", "dismissed"]),
  reason: Schema.String
})

export const ActivationRequest = Schema.Union([RequestWithdrawal, CancelService, ResolveSupportCase, PayDebt, ResolveRiskCase])

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
/** The bank takes back what it paid, months later perhaps: the customer disputes it (chargeback). `amount` is the payment's. */
export const PaymentDisputed = message("PaymentDisputed", { ...ofPayment, disputeId: Schema.String, reason: Schema.String })
export const DisputeClosed = message("DisputeClosed", {
  ...ofPayment,
  disputeId: Schema.String,
  outcome: Schema.Literals(["won", "lost"])
})
/** A refund that was accepted did not arrive (account closed …). `amount` is what was to go back. */
export const RefundFailed = message("RefundFailed", { ...ofPayment, refundId: Schema.String, reason: Schema.String })

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
  PaymentDisputed,
  DisputeClosed,
  RefundFailed,
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
/** What the car said of the service, for the bank that has to decide a dispute. */
export const SubmitEvidence = message("SubmitEvidence", {
  paymentId: PaymentId,
  disputeId: Schema.String,
  activationId: ActivationId,
  receiptId: Schema.NullOr(ReceiptId)
})
/** A numbered paper for money that was earned, or that went back. A credit note corrects the invoice of the same payment. */
export const IssueInvoice = message("IssueInvoice", {
  kind: Schema.Literals(["invoice", "creditNote"]),
  customerId: SubjectId,
  country: Country,
  vin: Vin,
  activationId: ActivationId,
  paymentId: PaymentId,
  item: OptionCode,
  term: Schema.Literals(["temporary", "permanent", "recurring"]),
  from: Schema.NullOr(Day), // Of a month: the days consumed, both counted.
  to: Schema.NullOr(Day),
  amount: Money,
  vatPercent: Schema.Natural
})
/** The acknowledgement on a durable medium, with the content, the date and the time of the withdrawal (Directive 2011/83/EU, art. 11a). */
export const AcknowledgeWithdrawal = message("AcknowledgeWithdrawal", {
  customerId: SubjectId,
  country: Country,
  vin: Vin,
  activationId: ActivationId,
  option: OptionCode,
  purchasedAt: Instant,
  submittedAt: Instant,
  timeZone: TimeZone,
  comesBack: Money, // What was taken, or is being taken at this moment.
  released: Money // Held, never taken; or billed, never paid.
})

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
    "ServicePaymentReturned",
    "PurchaseConfirmed", // What was bought, on a durable medium (Directive 2011/83/EU, art. 8(7)).
    "ServiceRetrying", // A further try failed, and another follows.
    "MonthBilled",
    "PaymentConfirmationNeeded", // The bank wants the customer to confirm a month's charge (SCA).
    "PaymentOverdue",
    "PaymentUncollected", // Asked for in vain: finance has it. The car keeps what it has.
    "SettlementFailed",
    "RefundDelayed"
  ]),
  /** Of a month's bill. */
  month: Schema.optionalKey(Month),
  amount: Schema.optionalKey(Money)
})

export const ActivationCommand = Schema.Union([
  AuthorisePayment,
  AskPayment,
  SetUpMandate,
  CapturePayment,
  ChargePayment,
  VoidPayment,
  ReturnPayment,
  SubmitEvidence,
  IssueInvoice,
  AcknowledgeWithdrawal,
  WantOption,
  DropOption,
  NotifyCustomer
])
export type ActivationCommand = typeof ActivationCommand.Type

// ── Records: rows that the turn's own commit inserts. The tables are declared in actors/activation.ts. ───────────

/** What the money of services moves between; the chart of accounts with its meanings is in the migrations of the ledger. */
export const ServiceAccount = Schema.Literals([
  "gateway",
  "bank", // Settled.
  "receivables", // Delivered, and not paid.
  "serviceSales",
  "refundsDue",
  "disputes",
  "badDebts"
])
/**
 * One double entry of a service's money: `amountMinor` moves from the credited to the debited account. `vatMinor` of it is the State's, not ours:
 * the leg of the sales is split by the ledger. A sale names its evidence, or the database refuses it.
 */
export const ServiceTransfer = message("ServiceTransfer", {
  activationId: ActivationId,
  kind: Schema.Literals([
    "serviceHeld", // gateway ← serviceSales, pending: the bank holds it
    "serviceReleased", // resolves a pending one: nothing moved
    "serviceCaptured", // gateway ← serviceSales, with the receipt
    "serviceOwed", // receivables ← serviceSales, with the receipt: delivered, and the bank declined
    "monthBilled", // receivables ← serviceSales, with the receipt (mes vencido)
    "debtPaid", // gateway ← receivables
    "billWaived", // serviceSales ← receivables: withdrawn from before it was paid
    "writtenOff", // badDebts ← receivables
    "serviceReturnOrdered", // serviceSales ← refundsDue
    "serviceReturned", // refundsDue ← gateway
    "lateServicePayment", // gateway ← refundsDue: taken though nobody wanted it any more; goes back
    "refundFailed", // gateway ← refundsDue: it did not arrive, and is owed again
    "refundPaidOut", // refundsDue ← bank: by bank transfer instead
    "paymentSettled", // bank ← gateway
    "paymentSettlementFailed", // receivables ← gateway, or where the money was: bank, disputes
    "chargedBack", // disputes ← bank, or gateway where it had not settled
    "disputeWon", // the way back
    "disputeLost" // badDebts ← disputes
  ]),
  phase: Schema.Literals(["pending", "posted", "voided"]),
  paymentId: PaymentId,
  debit: ServiceAccount,
  credit: ServiceAccount,
  amountMinor: Minor,
  vatMinor: Minor,
  currency: Schema.String,
  receiptId: Schema.NullOr(ReceiptId),
  /** The payment whose pending entry this one ends. */
  resolves: Schema.NullOr(PaymentId),
  customerId: SubjectId,
  country: Country,
  stream: Schema.Literals(["bundle", "temporary", "permanent", "recurring"]),
  item: OptionCode,
  month: Schema.NullOr(Month)
})
/** Money at risk that somebody of finance has to look at. Its evidence: the report of the car by which it was delivered. */
export const RiskCase = message("RiskCase", {
  caseId: Schema.String, // `risk_`, the activation's id without its `act_`, and a number.
  kind: Schema.Literals(["settlementFailed", "unpaid", "chargeback", "refundFailed"]),
  activationId: ActivationId,
  vin: Vin,
  subjectId: SubjectId,
  paymentId: PaymentId,
  amountMinor: Minor,
  currency: Schema.String,
  reason: Schema.String,
  receiptId: Schema.NullOr(ReceiptId)
})
/** `by` is null where it closed by itself: the money came, or the bank decided. */
export const RiskCaseResolution = message("RiskCaseResolution", {
  caseId: Schema.String,
  resolution: Schema.Literals(["paid", "writtenOff", "paidOut", "dismissed", "won", "lost", "withdrawn"]),
  reason: Schema.String,
  by: Schema.NullOr(SubjectId)
})
/** What a withdrawal brings by the seed's table, and what the law would have required at least: both, with the rule's name. */
export const Withdrawal = message("Withdrawal", {
  activationId: ActivationId,
  subjectId: SubjectId,
  vin: Vin,
  purchasedAt: Instant,
  submittedAt: Instant,
  endsAt: Instant, // Of the period.
  lawEdition: Schema.Natural, // 0: no law was named in the contract.
  comesBackMinor: Minor,
  releasedMinor: Minor,
  legalMinimumMinor: Minor,
  legalRule: Schema.String,
  currency: Schema.String
})
/** A refund that the customer still waits for: 7, 10 and 14 days after the withdrawal (Directive 2011/83/EU, art. 13). */
export const RefundAlarm = message("RefundAlarm", {
  activationId: ActivationId,
  paymentId: PaymentId,
  subjectId: SubjectId,
  days: Schema.Natural,
  dueAt: Instant,
  amountMinor: Minor,
  currency: Schema.String
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
export const ActivationRecord = Schema.Union([
  ServiceTransfer,
  RiskCase,
  RiskCaseResolution,
  Withdrawal,
  RefundAlarm,
  SupportCase,
  SupportCaseResolution
])
export type ActivationRecord = typeof ActivationRecord.Type
