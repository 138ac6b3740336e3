/** What a purchased service remembers: what the lawyer would ask about later. */
import type { OptionPurchased, RiskCase, SupportCase } from "./activation-messages.ts"
import { type Month, zoneOf } from "./calendar.ts"
import { type ContractLaw, withdrawalEnds } from "./contract-law.ts"
import type { MonthlyBill } from "./monthly-bill.ts"
import type { Heard, Instant, PaymentId, ReceiptId } from "./vocabulary.ts"

/** One question to the bank, by the name it has there. What is captured besides the one that counts goes back. */
export interface ServicePayment {
  readonly purpose: "hold" | "mandate" | "charge"
  readonly status:
    | "asked"
    | "held"
    | "granted"
    | "declined" // By the bank; or this method cannot hold.
    | "lost" // The hold was not there any more.
    | "captured"
    | "voiding"
    | "voided"
    | "returning"
    | "returned"
    | "returnFailed" // The refund did not arrive: finance pays it out.
    | "paidOut"
  readonly amountMinor: number
  /** Of a charge that pays a debt: the month it was billed for. */
  readonly month: Month | null
  /** The ledger has a pending entry for it, which is to be posted or voided. */
  readonly pending: boolean
  /** Of a hold: what is not captured by then is gone. */
  readonly captureBefore: Instant | null
  /** Our risk until settled (S14). `failed` stays failed: what the car has is not switched off. */
  readonly settlement: "pending" | "settled" | "failed"
  readonly dispute: "none" | "open" | "won" | "lost"
}

/** A month that was charged, or is. */
export interface Bill extends MonthlyBill {
  /** The payment it was first asked by: its name in the ledger and on the invoice. */
  readonly paymentId: PaymentId
  readonly status: "due" | "paid" | "uncollected" | "writtenOff" | "returning" | "waived"
}

/** What is owed for something delivered, while the bank is asked for it. */
export interface Debt {
  readonly month: Month | null // Null: the price of a service that does not recur.
  readonly amountMinor: number
  /** Its name in the ledger. */
  readonly paymentId: PaymentId
  /** How often the bank was asked in vain. */
  readonly tries: number
}

export interface ActivationContext extends Omit<typeof OptionPurchased.Type, "type"> {
  readonly openedAt: Instant
  /** The first instant at which it is too late to withdraw. */
  readonly withdrawalEndsAt: Instant
  /** Whether the amount is held first, charged by mandate, or nothing is ever paid. */
  readonly way: "free" | "hold" | "mandate"
  readonly payments: Readonly<Record<PaymentId, ServicePayment>>
  /** The payment that counts: the last one asked for. */
  readonly paymentId: PaymentId | null
  readonly actionUrl: string | null
  readonly questions: number
  /** The hold that did not last was asked for anew, once. */
  readonly renewed: boolean
  /** The payment that the sale has in the ledger and on its invoice; null: not sold yet, or sold month by month. */
  readonly soldBy: PaymentId | null
  readonly bills: ReadonlyArray<Bill>
  readonly debt: Debt | null
  readonly riskCases: ReadonlyArray<{
    readonly caseId: string
    readonly kind: (typeof RiskCase.Type)["kind"]
    readonly paymentId: PaymentId
    /** Of money that was given back, and had never come: nobody owes it, whatever debt has the same name. */
    readonly isLoss: boolean
    readonly open: boolean
  }>
  /** When what goes back was ordered back, or asked for: its clock of fourteen days. */
  readonly refundSince: Instant | null
  /** The try under way, or the last one; 0: the car was not told yet. */
  readonly attempt: number
  readonly tries: ReadonlyArray<FailedTry>
  /** What the car was told: when to switch it off by itself. */
  readonly wantedUntil: Instant | null
  /** When the running service ends; null: never, or not yet active. */
  readonly until: Instant | null
  /** The report that confirmed it first. Without one nothing is taken. */
  readonly receiptId: ReceiptId | null
  readonly activeSince: Instant | null
  /** When it stopped: what recurs is charged to this day. */
  readonly endedAt: Instant | null
  readonly supportCase: "none" | "open" | "uncharged" | "gift" | "withdrawn"
  readonly withdrawal: { readonly submittedAt: Instant; readonly at: Instant } | null
  readonly closedBecause: ServiceClosing | null
}

export type FailedTry = (typeof SupportCase.Type)["tries"][number]

export type ServiceClosing =
  | "CancelledByCustomer"
  | "HoldTooShort"
  | "PaymentDeclined"
  | "PaymentTimedOut"
  | "TermEnded"
  | "VehicleSold"
  | "VehicleStolen"
  | "Withdrawn"

export type ActivationRefusal =
  | "AlreadyClosed"
  | "NoRiskCase"
  | "NoSupportCase"
  | "NotActive"
  | "NothingOwed"
  | "NotRecurring"
  | "NotThisKindOfCase"
  | "NotYourService"
  | "PaymentInProgress"
  | "RiskCaseClosed"
  | "SupportCaseClosed"
  | "WithdrawalPeriodExpired"

export type ActivationRemark =
  | "AlreadyActive"
  | "AlreadyClosed"
  | "AlreadyKnown"
  | "AmountMismatch"
  | "AnotherDispute"
  | "AnotherOption"
  | "NeverTaken"
  | "NotAskedFor"
  | "NotOrderedBack"
  | "OlderThanKnown"
  | "StaysWithTheCar"
  | "TooLate"
  | "UnknownPayment"
  | "WaitsForAnOperator"
  | "WithSupport"

/** Where the contract names no law: fourteen days by the country's clock, whatever day they end on. */
const plainLaw = ({ country }: Pick<ActivationContext, "country">): ContractLaw => ({
  edition: 0,
  timeZone: zoneOf(country),
  withdrawalDays: 14,
  endsOnWorkingDay: false,
  holidays: [],
  refund: "full"
})
export const lawOf = (context: Pick<ActivationContext, "country" | "law">): ContractLaw => context.law ?? plainLaw(context)

/** What a new activation knows. */
export const opened = ({ type: _, at, ...purchase }: Heard<typeof OptionPurchased.Type>): ActivationContext => ({
  ...purchase,
  openedAt: at,
  withdrawalEndsAt: withdrawalEnds(purchase.purchasedAt, lawOf(purchase)),
  way: wayOf(purchase),
  payments: {},
  paymentId: null,
  actionUrl: null,
  questions: 0,
  renewed: false,
  soldBy: null,
  bills: [],
  debt: null,
  riskCases: [],
  refundSince: null,
  attempt: 0,
  tries: [],
  wantedUntil: null,
  until: null,
  receiptId: null,
  activeSince: null,
  endedAt: null,
  supportCase: "none",
  withdrawal: null,
  closedBecause: null
})

const wayOf = ({ terms, channel }: Omit<typeof OptionPurchased.Type, "type">): ActivationContext["way"] => {
  if (channel === "bundle") return "free"
  if (terms.term.kind === "recurring") return "mandate"
  return terms.price.amountMinor === 0 ? "free" : "hold"
}
