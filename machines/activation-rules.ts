/** The rules of a purchased service: its guards and its delays. What it does about its car is in activation-service.ts, about money in activation-money.ts. */
import { and, not, or, setup, stateIn } from "xstate"
import {
  type ActivationContext,
  type ActivationRefusal,
  type ActivationRemark,
  lawOf,
  type ServicePayment
} from "./activation-context.ts"
import {
  type ActivationCommand,
  type ActivationMessage,
  type ActivationRecord,
  NotifyCustomer,
  type OptionPurchased
} from "./activation-messages.ts"
import { endOfMonth } from "./calendar.ts"
import { billFor, monthAfter, type Running } from "./monthly-bill.ts"
import type { Heard, Instant, PaymentId, Refusal, Remark } from "./vocabulary.ts"

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

const longestBackoff = day
export const longestPatience = 12 * hour // For a car that has the document and drives.
const captureMargin = 10 * minute // Between the end of a try and the end of the hold, for the capture itself.
const noEndInSight = 10 * 365 * day // A service without an end is looked at again then: "for the life of the car" (S6) is not for ever.

/** Between one question to the bank for what is owed and the next; after the last the debt is finance's. In all less than a month, so a contract has one bill under way. */
const dunningDays = [3, 4, 7]
const confirmationDays = 3
export const refundDays = 14 // Directive 2011/83/EU, art. 13(1).

export const later = (at: Instant, millis: number): Instant => new Date(Date.parse(at) + millis).toISOString()
const between = (from: Instant, to: Instant) => Date.parse(to) - Date.parse(from)

// ── What follows from the terms ───────────────────────────────────────────────────────────────────────────────────

/** Four times as long before each further try, 20 % more or less: by the activation's own name, for machines have no dice. */
export const backoffAfter = ({ activationId, terms }: ActivationContext, attempt: number) => {
  let hash = 0x811c9dc5 // FNV-1a.
  for (const letter of `${activationId}/${attempt}`) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193)
  const jitter = 0.8 + (0.4 * (hash >>> 0)) / 2 ** 32
  return Math.round(Math.min(longestBackoff, terms.backoffSeconds * second * 4 ** (attempt - 1) * jitter))
}
const isLastTry = ({ attempt, terms }: ActivationContext) => attempt > terms.retries
export const patienceOf = ({ terms }: ActivationContext) => terms.acknowledgementSeconds * second
export const isRecurring = ({ terms }: ActivationContext) => terms.term.kind === "recurring"

export const currentOf = ({ payments, paymentId }: ActivationContext): ServicePayment | undefined =>
  paymentId === null ? undefined : payments[paymentId]
/** Null where nothing is held that could lapse. */
const holdEndOf = (context: ActivationContext) => {
  const current = currentOf(context)
  return current?.purpose === "hold" ? current.captureBefore : null
}
const holdOutlivesTry = ({ context, event }: Hearing) => {
  const end = holdEndOf(context)
  return end === null || between(event.at, end) >= patienceOf(context) + captureMargin
}

/** What the months of a recurring service are billed by; null where it never ran. */
export const runningOf = (context: ActivationContext): Running | null => {
  const { activeSince, endedAt, terms } = context
  return activeSince === null ? null : { activeSince, endedAt, timeZone: lawOf(context).timeZone, price: terms.price }
}
/** The next month to be billed; null: none any more. */
export const nextMonthOf = (context: ActivationContext) => {
  const running = runningOf(context)
  return running === null ? null : monthAfter(context.bills.at(-1)?.month ?? null, running)
}
/** What has reached us, whatever became of it later. */
export const wasTaken = (payment: ServicePayment | undefined) =>
  ["captured", "returning", "returned", "returnFailed", "paidOut"].includes(payment?.status ?? "")
/** Taken back by the customer's bank, or about to be: what the settlement says of it moves nothing more. */
export const isTakenBack = ({ dispute }: ServicePayment) => dispute === "open" || dispute === "lost"
/** Ours to keep or to give back: it came, it did not bounce, and the bank has not taken it back. */
export const isKept = (payment: ServicePayment) =>
  payment.status === "captured" && payment.settlement !== "failed" && !isTakenBack(payment)
/** The payments that are to go back when nothing may be kept. */
export const keptPayments = ({ payments }: ActivationContext) =>
  (Object.keys(payments) as Array<PaymentId>).filter((id) => isKept(payments[id]!))

// ── Guards and delays ─────────────────────────────────────────────────────────────────────────────────────────────

export type Hearing = { readonly context: ActivationContext; readonly event: Heard<ActivationMessage> }

/** The payment a message is about; undefined where we never asked for it. */
const paymentOf = ({ context, event }: Hearing) => ("paymentId" in event ? context.payments[event.paymentId] : undefined)
const isCurrent = ({ context, event }: Hearing) => "paymentId" in event && event.paymentId === context.paymentId
const amountDiffers = (hearing: Hearing) => {
  const { context, event } = hearing
  if (!("amount" in event)) return false
  const asked = paymentOf(hearing)?.amountMinor
  return event.amount.amountMinor !== asked || event.amount.currency !== context.terms.price.currency
}
const isBelieved = (hearing: Hearing) => paymentOf(hearing) !== undefined && !amountDiffers(hearing)

/** Money we have not counted yet. A settlement says so too, should it overtake the gateway's answer. */
const moneyArrived = (hearing: Hearing) => {
  const payment = paymentOf(hearing)
  if (payment === undefined || amountDiffers(hearing) || payment.purpose === "mandate") return false
  if (hearing.event.type === "PaymentSettled" && payment.settlement === "failed") return false
  return !wasTaken(payment)
}
/** Its settlement failed before we heard that it was taken: it never came. */
const neverCame = (hearing: Hearing) => paymentOf(hearing)?.settlement === "failed"
const arrivedToGoBack = (hearing: Hearing) => moneyArrived(hearing) && !neverCame(hearing)
const arrivedInVain = (hearing: Hearing) => moneyArrived(hearing) && neverCame(hearing)
export const settlementSaid = ({ event }: Hearing): Partial<ServicePayment> =>
  event.type === "PaymentSettled"
    ? { settlement: "settled" }
    : event.type === "PaymentSettlementFailed"
      ? { settlement: "failed" }
      : {}
const isOpen = (payment: ServicePayment | undefined) => payment?.status === "asked"
const submittedTooLate = ({ context: { withdrawalEndsAt }, event }: Hearing) =>
  event.type === "RequestWithdrawal" && event.submittedAt >= withdrawalEndsAt
/** The bill that a late payment pays: given up, and the money came after all. */
const billPaidLate = (hearing: Hearing) => {
  const month = paymentOf(hearing)?.month ?? null
  return (
    month !== null &&
    arrivedToGoBack(hearing) &&
    hearing.context.bills.some((bill) => bill.month === month && bill.status === "uncollected")
  )
}
/** Money of a month that was paid, and does not settle. */
const monthBounces = (hearing: Hearing) => {
  const payment = paymentOf(hearing)
  return hearing.event.type === "PaymentSettlementFailed" && payment?.month != null && isKept(payment) && !amountDiffers(hearing)
}
const caseOf = ({ context, event }: Hearing) =>
  event.type === "ResolveRiskCase" ? context.riskCases.find(({ caseId }) => caseId === event.caseId) : undefined
const resolves = (hearing: Hearing, resolution: string, ...kinds: ReadonlyArray<string>) =>
  hearing.event.type === "ResolveRiskCase" && hearing.event.resolution === resolution && kinds.includes(caseOf(hearing)?.kind ?? "")
const stands = (status: ServicePayment["status"]) => (hearing: Hearing) =>
  Object.values(hearing.context.payments).some((payment) => payment.status === status)
/** It was booked as money, and the settlement had said before that it would not come. */
const bouncedBefore = ({ context }: Hearing) => {
  const current = currentOf(context)
  if (current?.status !== "captured" || current.settlement !== "failed" || current.dispute !== "none") return false
  return current.month === null || context.bills.some(({ month, status }) => month === current.month && status === "paid")
}

const confirms = ({ context, event }: Hearing) =>
  event.type === "OptionConfirmed" && event.option === context.terms.option && context.attempt > 0

const isFree = ({ context }: Hearing) => context.way === "free"
const isRenewed = ({ context }: Hearing) => context.renewed

const service = (state: string) => stateIn(`#activation.service.${state}`)
const money = (state: string) => stateIn(`#activation.money.${state}`)
/** The customer has, or had, what was bought. A gift is not paid for. */
const served = and([or([service("active"), service("ended")]), ({ context }: Hearing) => context.supportCase !== "gift"])
/** Nothing may be kept. */
const unneeded = or([service("escalated"), service("withdrawn"), service("cancelled"), service("declined")])

export const activation = setup({
  types: {
    input: {} as Heard<typeof OptionPurchased.Type>,
    context: {} as ActivationContext,
    events: {} as Heard<ActivationMessage>,
    emitted: {} as ActivationCommand | ActivationRecord | Refusal<ActivationRefusal> | Remark<ActivationRemark>,
    tags: {} as "closed"
  },
  guards: {
    askedByAStranger: ({ context, event }) => "customerId" in event && event.customerId !== context.customerId,
    submittedTooLate,
    isRecurring: ({ context }) => isRecurring(context),
    hadSupportCase: ({ context }) => context.supportCase !== "none",
    asAGift: ({ event }) => event.type === "ResolveSupportCase" && event.resolution === "gift",

    neverWanted: ({ context }) => context.attempt === 0,
    paysByHold: ({ context }) => context.way === "hold",
    paysByMandate: ({ context }) => context.way === "mandate",
    cannotPay: ({ context }) => context.way !== "free" && context.paymentMethod === null,
    paymentUnknown: (hearing) => paymentOf(hearing) === undefined,
    amountDiffers,
    arrivedToGoBack,
    arrivedInVain,
    currentToGoBack: (hearing) => isCurrent(hearing) && arrivedToGoBack(hearing),
    currentInVain: (hearing) => isCurrent(hearing) && arrivedInVain(hearing),
    currentMoneyArrived: (hearing) => isCurrent(hearing) && moneyArrived(hearing),
    arrivedWhileServed: and([served, isCurrent, moneyArrived]),
    currentHeld: (hearing) => isCurrent(hearing) && isBelieved(hearing) && paymentOf(hearing)?.purpose === "hold",
    currentAnswered: (hearing) => isCurrent(hearing) && isBelieved(hearing),
    currentRefused: (hearing) => isCurrent(hearing) && isOpen(paymentOf(hearing)),
    /** A hold that stands although we gave it up. */
    lateHold: (hearing) => ["declined", "lost", "voided"].includes(paymentOf(hearing)?.status ?? ""),
    refusalIsNews: (hearing) => isOpen(paymentOf(hearing)),
    voidIsNews: (hearing) => ["asked", "held", "voiding"].includes(paymentOf(hearing)?.status ?? ""),
    holdLapsed: (hearing) =>
      isCurrent(hearing) && paymentOf(hearing)?.status === "held" && (holdEndOf(hearing.context) ?? "") > hearing.event.at,
    settlementIsNews: (hearing) => {
      const known = paymentOf(hearing)?.settlement
      return known !== undefined && known !== "failed" && known !== settlementSaid(hearing).settlement
    },
    orderedBack: (hearing) => paymentOf(hearing)?.status === "returning",
    alreadyReturned: (hearing) => ["returned", "returnFailed", "paidOut"].includes(paymentOf(hearing)?.status ?? ""),
    returnFails: (hearing) => ["returning", "returned"].includes(paymentOf(hearing)?.status ?? ""),
    moneyGoesBack: stands("returning"),
    moneyDidNotArrive: and([not(stands("returning")), stands("returnFailed")]),
    moneyWentBack: and([not(stands("returning")), not(stands("returnFailed"))]),

    // Months, debts, risks.
    nothingLeftToBill: ({ context }) => nextMonthOf(context) === null,
    monthIsFree: ({ context }) => {
      const month = nextMonthOf(context)
      return month === null || (billFor(month, runningOf(context)!)?.amount.amountMinor ?? 0) === 0
    },
    ofAMonth: (hearing) => isCurrent(hearing) && moneyArrived(hearing) && paymentOf(hearing)?.month != null,
    paysOldBill: billPaidLate,
    monthBounces,
    bounces: (hearing) =>
      isCurrent(hearing) &&
      hearing.event.type === "PaymentSettlementFailed" &&
      !amountDiffers(hearing) &&
      isKept(paymentOf(hearing)!),
    bouncedBefore,
    askedEnough: ({ context }) => (context.debt?.tries ?? 0) > dunningDays.length,
    hasUncollectedBill: ({ context }) => context.bills.some(({ status }) => status === "uncollected"),
    disputable: (hearing) => wasTaken(paymentOf(hearing)) && paymentOf(hearing)?.dispute === "none" && !neverCame(hearing),
    neverTaken: (hearing) => !wasTaken(paymentOf(hearing)) || neverCame(hearing),
    disputeIsOpen: (hearing) => paymentOf(hearing)?.dispute === "open",
    /** The bank gives it back to us, and nothing may be kept any more. Captured money looks after itself. */
    wonBackInVain: and([
      unneeded,
      not(money("captured")),
      (hearing: Hearing) =>
        hearing.event.type === "DisputeClosed" &&
        hearing.event.outcome === "won" &&
        paymentOf(hearing)?.dispute === "open" &&
        paymentOf(hearing)?.status === "captured" &&
        !neverCame(hearing)
    ]),
    riskCaseUnknown: (hearing) => caseOf(hearing) === undefined,
    riskCaseClosed: (hearing) => caseOf(hearing)?.open === false,
    writesOffDebt: (hearing) =>
      resolves(hearing, "writtenOff", "unpaid", "settlementFailed") &&
      caseOf(hearing)?.isLoss === false &&
      hearing.context.debt?.paymentId === caseOf(hearing)!.paymentId,
    writesOffBill: (hearing) =>
      resolves(hearing, "writtenOff", "unpaid", "settlementFailed") &&
      caseOf(hearing)?.isLoss === false &&
      hearing.context.bills.some(({ status, paymentId }) => status === "uncollected" && paymentId === caseOf(hearing)!.paymentId),
    /** Money that went back to the customer, and had never come: nobody owes it. */
    writesOffLoss: (hearing) => resolves(hearing, "writtenOff", "settlementFailed") && caseOf(hearing)?.isLoss === true,
    paidOut: (hearing) => resolves(hearing, "paidOut", "refundFailed"),
    /** A debt, or a refund that did not arrive, is not dismissed: it is in the books. */
    dismisses: (hearing) => resolves(hearing, "dismissed", "chargeback"),

    confirms,
    prolongs: (hearing) =>
      confirms(hearing) &&
      hearing.event.type === "OptionConfirmed" &&
      hearing.context.until !== null &&
      (hearing.event.until ?? "") > hearing.context.until,
    ofThisOption: ({ context, event }) => "option" in event && event.option === context.terms.option,
    anotherOption: ({ context, event }) => "option" in event && event.option !== context.terms.option,
    lastTry: ({ context }) => isLastTry(context),
    lastTryRefused: ({ context, event }) => "option" in event && event.option === context.terms.option && isLastTry(context),
    wantParked: ({ event }) => event.type === "CommandParked" && event.command === "WantOption",
    lastWantParked: ({ context, event }) => event.type === "CommandParked" && event.command === "WantOption" && isLastTry(context),
    termIsOver: ({ context, event }) => context.until !== null && event.at >= context.until,

    // How the two regions see each other.
    moneyIsSecured: or([isFree, money("mandated"), and([money("authorised"), holdOutlivesTry])]),
    moneyIsGone: or([money("declined"), money("refunding"), money("refunded"), money("voided")]),
    holdTooShortAgain: and([money("authorised"), isRenewed, not(holdOutlivesTry)]),
    /** The service waits for money, and what is held would lapse before the car's answer. */
    needsNewHold: and([service("pending.paying"), not(isRenewed), not(holdOutlivesTry)]),
    served,
    servedOnce: and([served, ({ context }: Hearing) => !isRecurring(context)]),
    servedMonthly: and([served, ({ context }: Hearing) => isRecurring(context)]),
    lostWhileServed: and([served, isCurrent]),
    unneeded,
    unneededAndKept: and([unneeded, ({ context }: Hearing) => keptPayments(context).length > 0]),
    unneededAndLost: and([
      unneeded,
      ({ context }: Hearing) => currentOf(context)?.settlement === "failed" || currentOf(context)?.dispute === "lost"
    ])
  },
  delays: {
    paymentWindow: 30 * minute,
    paymentQuestion: minute,
    acknowledgement: ({ context }) => patienceOf(context),
    backoff: ({ context }) => backoffAfter(context, context.attempt),
    parkingPatience: ({ context, event }) => parkingPatience({ context, event }),
    serviceEnd: ({ context, event }) => (context.until === null ? noEndInSight : between(event.at, context.until)),
    giftRenewal: day,
    /** Until the month is over in which it was last consumed, by the customer's own clock. */
    monthEnd: ({ context, event }) => {
      const month = nextMonthOf(context)
      return month === null ? noEndInSight : between(event.at, endOfMonth(month, lawOf(context).timeZone))
    },
    dunningPause: ({ context }) => dunningDays[Math.min(Math.max(context.debt?.tries ?? 1, 1), dunningDays.length) - 1]! * day,
    confirmationPatience: confirmationDays * day,
    refundReminder: ({ context, event }) => refundClock(context, event.at, 7),
    refundWarning: ({ context, event }) => refundClock(context, event.at, 10),
    refundDeadline: ({ context, event }) => refundClock(context, event.at, refundDays)
  }
})

const refundClock = ({ refundSince }: ActivationContext, at: Instant, days: number) =>
  between(at, later(refundSince ?? at, days * day))

const parkingPatience = ({ context, event }: Hearing) => {
  const end = holdEndOf(context)
  const held = end === null ? longestPatience : between(event.at, end) - captureMargin
  return Math.max(0, Math.min(longestPatience, held))
}

export const refuse = (reason: ActivationRefusal) => activation.emit({ type: "Refused", reason })
export const record = (reason: ActivationRemark) => activation.emit({ type: "Recorded", reason })
export const notify = (notice: (typeof NotifyCustomer.Type)["notice"]) =>
  activation.emit(({ context: { customerId: subjectId, vin, activationId, terms } }) =>
    NotifyCustomer.make({ subjectId, vin, activationId, option: terms.option, notice })
  )

export const toTheCustomer = (reason: ActivationRefusal) =>
  [{ guard: "askedByAStranger", actions: refuse("NotYourService") }, { actions: refuse(reason) }] as const
export const known = { actions: record("AlreadyKnown") } as const
