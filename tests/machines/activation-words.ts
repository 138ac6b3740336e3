/** The service, its buyer and the messages that the tests of the activation speak of. */
import {
  CancelService,
  CaptureFailed,
  MandateGranted,
  OptionConfirmed,
  OptionDelayed,
  OptionPurchased,
  OptionRejected,
  OwnershipChanged,
  PaymentActionRequired,
  PaymentAuthorised,
  PaymentCannotBeHeld,
  PaymentCaptured,
  PaymentDeclined,
  PaymentReturned,
  PaymentSettled,
  PaymentSettlementFailed,
  PaymentVoided,
  RequestWithdrawal,
  ResolveSupportCase,
  VehicleStolen
} from "#machines/activation.ts"
import type { OptionTerms } from "#machines/option-terms.ts"
import { ActivationId, CommandParked, type Money, OptionCode, PaymentId, ReceiptId } from "#machines/vocabulary.ts"
import { passed, type Said } from "./scenario.ts"
import { customerId, sellerId, vin } from "./words.ts"

export const activationId = ActivationId.make("act_1")
export const option = OptionCode.make("power-plus")
export const anotherOption = OptionCode.make("snow")
export const price: Money = { amountMinor: 4_900, currency: "EUR" }
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
export const captured = (n = 1) => PaymentCaptured.make({ paymentId: paymentId(n), amount: price, gatewayId: `gw_${n}` })
export const captureFailed = (n = 1) => CaptureFailed.make({ paymentId: paymentId(n), reason: "expired" })
export const voided = (n = 1) => PaymentVoided.make({ paymentId: paymentId(n) })
export const returned = (n = 1) => PaymentReturned.make({ paymentId: paymentId(n), amount: price, refundId: `ref_${n}` })
export const settled = (n = 1) => PaymentSettled.make({ paymentId: paymentId(n), amount: price })
export const settlementFailed = (n = 1) =>
  PaymentSettlementFailed.make({ paymentId: paymentId(n), amount: price, reason: "charged back" })

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

// ── Histories that many sentences begin with ──────────────────────────────────────────────────────────────────────

export type Past = ReadonlyArray<Said>
export const toConfiguring = (terms = week): Past => [purchased(terms), authorised()]
export const toRetry = (): Past => [...toConfiguring(), acknowledgement]
export const toEscalated = (): Past => [...toRetry(), backoff, acknowledgement]
export const toCapturing = (terms = week): Past => [...toConfiguring(terms), confirmed(terms === permanent ? null : undefined)]
export const toActive = (terms = week): Past => [...toCapturing(terms), captured()]
export const toMandated = (): Past => [purchased(), cannotBeHeld(), granted(2)]
export const toMonthly = (): Past => [purchased(monthly), granted(), confirmed(null)]
