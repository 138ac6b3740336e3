/** The service, its buyer and the messages that the tests of the activation speak of. */
import {
  CancelService,
  CaptureFailed,
  DisputeClosed,
  MandateGranted,
  OptionConfirmed,
  OptionDelayed,
  OptionPurchased,
  OptionRejected,
  OwnershipChanged,
  PayDebt,
  PaymentActionRequired,
  PaymentAuthorised,
  PaymentCannotBeHeld,
  PaymentCaptured,
  PaymentDeclined,
  PaymentDisputed,
  PaymentReturned,
  PaymentSettled,
  PaymentSettlementFailed,
  PaymentVoided,
  RefundFailed,
  RequestWithdrawal,
  ResolveRiskCase,
  ResolveSupportCase,
  VehicleStolen
} from "#machines/activation.ts"
import type { OptionTerms } from "#machines/option-terms.ts"
import { ActivationId, CommandParked, type Money, OptionCode, PaymentId, ReceiptId, SubjectId } from "#machines/vocabulary.ts"
import { passed, type Said } from "./scenario.ts"
import { but, customerId, sellerId, vin } from "./words.ts"

export const activationId = ActivationId.make("act_1")
export const option = OptionCode.make("power-plus")
export const anotherOption = OptionCode.make("snow")
export type Amount = Money
export const price: Money = { amountMinor: 4_900, currency: "EUR" }
export const nothing: Money = { amountMinor: 0, currency: "EUR" }
export const anotherPrice: Money = { amountMinor: 4_901, currency: "EUR" }
export const receiptId = ReceiptId.make(`rep_${"a".repeat(64)}`)

/** A week; two tries; a minute each; ten seconds before the second. */
export const week: OptionTerms = {
  option,
  edition: 1,
  category: "performance",
  term: { kind: "temporary", count: 7, unit: "day" },
  price,
  vatPercent: 21,
  features: [{ id: "Powertrain.Power.Boost", parameters: { percent: 50 } }],
  requires: [],
  excludes: [],
  models: ["Modelo Uno"],
  homologated: true,
  maintenanceGated: false,
  maintenanceMaxAgeHours: 24,
  retries: 1,
  acknowledgementSeconds: 60,
  backoffSeconds: 10
}
export const permanent: OptionTerms = { ...week, term: { kind: "permanent" } }
export const monthly: OptionTerms = { ...week, term: { kind: "recurring" } }
export const trial: OptionTerms = { ...week, term: { kind: "trial", count: 7, unit: "day" }, price: { ...price, amountMinor: 0 } }

export const purchasedAt = "2026-03-02T09:00:00.000Z"
export const purchased = (terms: OptionTerms = week) =>
  OptionPurchased.make({
    activationId,
    vin,
    customerId,
    country: "ES",
    terms,
    channel: "online",
    paymentMethod: "tok_card",
    consents: [],
    purchasedAt
  })
export const bundled = OptionPurchased.make({ ...purchased(), channel: "bundle", paymentMethod: null })
export const withoutMethod = OptionPurchased.make({ ...purchased(), paymentMethod: null })

// ── Requests ──────────────────────────────────────────────────────────────────────────────────────────────────────

export const withdrawn = (submittedAt = "2026-03-02T09:30:00.000Z") => RequestWithdrawal.make({ customerId, submittedAt })
export const cancelled = CancelService.make({ customerId })
export const resolved = (resolution: "uncharged" | "gift") =>
  ResolveSupportCase.make({ by: sellerId, resolution, reason: "the car was replaced" })
export const payDebt = PayDebt.make({ customerId, paymentMethod: "tok_other" })
export const financeId = SubjectId.make("sub_finance")
export const riskId = (n = 1) => `risk_1-${n}`
export const riskResolved = (resolution: "writtenOff" | "paidOut" | "dismissed", n = 1) =>
  ResolveRiskCase.make({ caseId: riskId(n), by: financeId, resolution, reason: "talked to the customer" })

// ── Facts ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export const paymentId = (n = 1) => PaymentId.make(`pay_${vin}-1-service-${n}`)
export const captureBefore = "2026-03-09T09:00:00.000Z"
export const authorised = (n = 1, before = captureBefore) =>
  PaymentAuthorised.make({ paymentId: paymentId(n), amount: price, gatewayId: `gw_${n}`, captureBefore: before })
export const actionRequired = (n = 1) =>
  PaymentActionRequired.make({ paymentId: paymentId(n), actionUrl: "https://bank.example/7" })
export const declined = (n = 1) => PaymentDeclined.make({ paymentId: paymentId(n), reason: "no funds" })
export const cannotBeHeld = (n = 1) => PaymentCannotBeHeld.make({ paymentId: paymentId(n) })
export const granted = (n = 1) => MandateGranted.make({ paymentId: paymentId(n), mandateId: "man_1" })
export const captured = (n = 1, amount = price) => PaymentCaptured.make({ paymentId: paymentId(n), amount, gatewayId: `gw_${n}` })
export const captureFailed = (n = 1) => CaptureFailed.make({ paymentId: paymentId(n), reason: "expired" })
export const voided = (n = 1) => PaymentVoided.make({ paymentId: paymentId(n) })
export const returned = (n = 1, amount = price) => PaymentReturned.make({ paymentId: paymentId(n), amount, refundId: `ref_${n}` })
export const settled = (n = 1, amount = price) => PaymentSettled.make({ paymentId: paymentId(n), amount })
export const settlementFailed = (n = 1, amount = price) =>
  PaymentSettlementFailed.make({ paymentId: paymentId(n), amount, reason: "account closed" })
export const disputed = (n = 1, amount = price) =>
  PaymentDisputed.make({ paymentId: paymentId(n), amount, disputeId: `dis_${n}`, reason: "fraudulent" })
export const disputeClosed = (outcome: "won" | "lost", n = 1, amount = price) =>
  DisputeClosed.make({ paymentId: paymentId(n), amount, disputeId: `dis_${n}`, outcome })
export const refundFailed = (n = 1, amount = price) =>
  RefundFailed.make({ paymentId: paymentId(n), amount, refundId: `ref_${n}`, reason: "account closed" })

export const confirmed = (until: string | null = "2026-03-09T10:00:00.000Z", of = option) =>
  OptionConfirmed.make({ option: of, cfgVersion: 3, receiptId, until })
export const rejected = (of = option) => OptionRejected.make({ option: of, reason: "UnknownFeature" })
export const delayed = (of = option) => OptionDelayed.make({ option: of, reason: "driving" })
export const stolen = VehicleStolen.make({})
export const sold = OwnershipChanged.make({})
export const parked = (command: string) =>
  CommandParked.make({ commandId: "activation/x/act_1#2.0", command, cause: "out of patience" })

// ── Timers ────────────────────────────────────────────────────────────────────────────────────────────────────────

export const paymentWindow = passed("paymentWindow", "activation.service.pending.paying")
export const paymentQuestion = passed("paymentQuestion", "activation.money.actionRequired")
export const acknowledgement = passed("acknowledgement", "activation.service.pending.configuring")
export const parkingPatience = passed("parkingPatience", "activation.service.pending.waitingForParking")
export const backoff = passed("backoff", "activation.service.retry")
export const serviceEnd = (at = "2026-03-09T10:00:00.000Z") => passed("serviceEnd", "activation.service.active", at)
export const giftRenewal = passed("giftRenewal", "activation.service.escalated.giving")
export const monthEnd = (at?: string) => passed("monthEnd", "activation.money.running", at)
export const dunningPause = passed("dunningPause", "activation.money.owed")
export const confirmationPatience = passed("confirmationPatience", "activation.money.confirming")
export const refundReminder = passed("refundReminder", "activation.money.refunding")
export const refundWarning = passed("refundWarning", "activation.money.refunding")
export const refundDeadline = passed("refundDeadline", "activation.money.refunding")

// ── Histories that many sentences begin with ──────────────────────────────────────────────────────────────────────

export { but } from "./words.ts"
export type Past = ReadonlyArray<Said>
export const at = (message: Said, instant: string): Said => but(message, { at: instant })
export const toConfiguring = (terms = week): Past => [purchased(terms), authorised()]
export const toRetry = (): Past => [...toConfiguring(), acknowledgement]
export const toEscalated = (): Past => [...toRetry(), backoff, acknowledgement]
export const toCapturing = (terms = week): Past => [...toConfiguring(terms), confirmed(terms === permanent ? null : undefined)]
export const toActive = (terms = week): Past => [...toCapturing(terms), captured()]
export const toMandated = (): Past => [purchased(), cannotBeHeld(), granted(2)]
export const toOwed = (): Past => [...toMandated(), confirmed(), declined(3)]
/** Asked four times in vain: the first time, and after three pauses. */
export const toUncollected = (): Past => [...toOwed(), ...([4, 5, 6] as const).flatMap((n) => [dunningPause, declined(n)])]
export const toMonthly = (): Past => [purchased(monthly), granted(), confirmed(null)]
/** The first instants of April, May and June in Spain. */
export const aprilBegins = "2026-03-31T22:00:00.000Z"
export const mayBegins = "2026-04-30T22:00:00.000Z"
export const juneBegins = "2026-05-31T22:00:00.000Z"
/** Thirty of March's thirty-one days, from the second on. */
export const march: Money = { amountMinor: 4_742, currency: "EUR" }
/** Of the thirty-one. */
export const oneDay: Money = { amountMinor: 158, currency: "EUR" }
export const toMonthEnd = (): Past => [...toMonthly(), monthEnd(aprilBegins)]
export const toMonthPaid = (): Past => [...toMonthEnd(), at(captured(2, march), aprilBegins)]
export const toMonthOwed = (): Past => [...toMonthEnd(), at(declined(2), aprilBegins)]
export const toMonthUncollected = (): Past => [
  ...toMonthOwed(),
  ...([3, 4, 5] as const).flatMap((n) => [
    at(dunningPause, `2026-04-1${n}T00:00:00.000Z`),
    at(declined(n), `2026-04-1${n}T00:00:00.000Z`)
  ])
]
