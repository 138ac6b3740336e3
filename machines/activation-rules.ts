/** The rules of a purchased service: what an activation remembers, its guards and delays, and what it says on the way. The chart in machines/activation.ts puts them together. */
import { and, not, or, setup, stateIn } from "xstate"
import {
  type ActivationCommand,
  type ActivationMessage,
  type ActivationRecord,
  AskPayment,
  AuthorisePayment,
  CapturePayment,
  ChargePayment,
  DropOption,
  NotifyCustomer,
  type OptionPurchased,
  ReturnPayment,
  ServiceTransfer,
  SetUpMandate,
  SupportCase,
  SupportCaseResolution,
  VoidPayment,
  WantOption
} from "./activation-messages.ts"
import { endOf } from "./option-terms.ts"
import { type Heard, type Instant, PaymentId, type ReceiptId, type Refusal, type Remark } from "./vocabulary.ts"
import { withdrawalEnd } from "./withdrawal.ts"

// ── What an activation remembers: what the lawyer would ask about later ──────────────────────────────────────────

/** One question to the bank, by the name it has there. At most one is ever `captured`; what is captured besides goes back. */
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
  /** Of a hold: what is not captured by then is gone. */
  readonly captureBefore: Instant | null
  /** Our risk until settled (S14). `failed` stays failed: what the car has is not switched off. */
  readonly settlement: "pending" | "settled" | "failed"
}

type FailedTry = (typeof SupportCase.Type)["tries"][number]

export interface ActivationContext extends Omit<typeof OptionPurchased.Type, "type"> {
  readonly openedAt: Instant
  /** Whether the amount is held first, charged by mandate, or nothing is ever paid. */
  readonly way: "free" | "hold" | "mandate"
  readonly payments: Readonly<Record<PaymentId, ServicePayment>>
  /** The payment that counts: the last one asked for. */
  readonly paymentId: PaymentId | null
  readonly actionUrl: string | null
  readonly questions: number
  /** The hold that did not last was asked for anew, once. */
  readonly renewed: boolean
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
  readonly supportCase: "none" | "open" | "uncharged" | "gift" | "withdrawn"
  readonly withdrawal: { readonly submittedAt: Instant; readonly at: Instant } | null
  readonly closedBecause: ServiceClosing | null
}

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
  | "NoSupportCase"
  | "NotActive"
  | "NotRecurring"
  | "NotYourService"
  | "SupportCaseClosed"
  | "WithdrawalPeriodExpired"

export type ActivationRemark =
  | "AlreadyActive"
  | "AlreadyClosed"
  | "AlreadyKnown"
  | "AmountMismatch"
  | "AnotherOption"
  | "NotAskedFor"
  | "NotOrderedBack"
  | "OlderThanKnown"
  | "StaysWithTheCar"
  | "TooLate"
  | "UnknownPayment"
  | "WaitsForAnOperator"
  | "WithSupport"

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

const longestBackoff = day
const longestPatience = 12 * hour // For a car that has the document and drives.
const captureMargin = 10 * minute // Between the end of a try and the end of the hold, for the capture itself.
const noEndInSight = 10 * 365 * day // A service without an end is looked at again then: "for the life of the car" (S6) is not for ever.

const later = (at: Instant, millis: number): Instant => new Date(Date.parse(at) + millis).toISOString()
const between = (from: Instant, to: Instant) => Date.parse(to) - Date.parse(from)

// ── What follows from the terms ───────────────────────────────────────────────────────────────────────────────────

/** What a new activation knows. */
export const opened = ({ type: _, at, ...purchase }: Heard<typeof OptionPurchased.Type>): ActivationContext => ({
  ...purchase,
  openedAt: at,
  way: wayOf(purchase),
  payments: {},
  paymentId: null,
  actionUrl: null,
  questions: 0,
  renewed: false,
  attempt: 0,
  tries: [],
  wantedUntil: null,
  until: null,
  receiptId: null,
  activeSince: null,
  supportCase: "none",
  withdrawal: null,
  closedBecause: null
})

const wayOf = ({ terms, channel }: Omit<typeof OptionPurchased.Type, "type">): ActivationContext["way"] => {
  if (channel === "bundle") return "free"
  if (terms.term.kind === "recurring") return "mandate"
  return terms.price.amountMinor === 0 ? "free" : "hold"
}

/** Four times as long before each further try, 20 % more or less: by the activation's own name, for machines have no dice. */
const backoffAfter = ({ activationId, terms }: ActivationContext, attempt: number) => {
  let hash = 0x811c9dc5 // FNV-1a.
  for (const letter of `${activationId}/${attempt}`) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193)
  const jitter = 0.8 + (0.4 * (hash >>> 0)) / 2 ** 32
  return Math.round(Math.min(longestBackoff, terms.backoffSeconds * second * 4 ** (attempt - 1) * jitter))
}
const isLastTry = ({ attempt, terms }: ActivationContext) => attempt > terms.retries
const patienceOf = ({ terms }: ActivationContext) => terms.acknowledgementSeconds * second
const isRecurring = ({ terms }: ActivationContext) => terms.term.kind === "recurring"

const currentOf = ({ payments, paymentId }: ActivationContext): ServicePayment | undefined =>
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

// ── Guards and delays ─────────────────────────────────────────────────────────────────────────────────────────────

type Hearing = { readonly context: ActivationContext; readonly event: Heard<ActivationMessage> }

/** The payment a message is about; undefined where we never asked for it. */
const paymentOf = ({ context, event }: Hearing) => ("paymentId" in event ? context.payments[event.paymentId] : undefined)
const isCurrent = ({ context, event }: Hearing) => "paymentId" in event && event.paymentId === context.paymentId
const amountDiffers = ({ context: { terms }, event }: Hearing) =>
  "amount" in event && (event.amount.amountMinor !== terms.price.amountMinor || event.amount.currency !== terms.price.currency)
const isBelieved = (hearing: Hearing) => paymentOf(hearing) !== undefined && !amountDiffers(hearing)

/** Money we have not counted yet. A settlement says so too, should it overtake the gateway's answer. */
const moneyArrived = (hearing: Hearing) => {
  const payment = paymentOf(hearing)
  if (payment === undefined || amountDiffers(hearing) || payment.purpose === "mandate") return false
  if (hearing.event.type === "PaymentSettled" && payment.settlement === "failed") return false
  return !["captured", "returning", "returned"].includes(payment.status)
}
const settlementSaid = ({ event }: Hearing): Partial<ServicePayment> =>
  event.type === "PaymentSettled"
    ? { settlement: "settled" }
    : event.type === "PaymentSettlementFailed"
      ? { settlement: "failed" }
      : {}
const isOpen = (payment: ServicePayment | undefined) => payment?.status === "asked"
const submittedTooLate = ({ context: { purchasedAt }, event }: Hearing) =>
  event.type === "RequestWithdrawal" && event.submittedAt >= withdrawalEnd(purchasedAt)
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
    moneyArrived,
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
    currentOrderedBack: (hearing) => isCurrent(hearing) && isBelieved(hearing) && paymentOf(hearing)?.status === "returning",
    alreadyReturned: (hearing) => paymentOf(hearing)?.status === "returned",

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
    lostWhileServed: and([served, isCurrent]),
    unneeded,
    unneededAndUnsettled: and([unneeded, ({ context }: Hearing) => currentOf(context)?.settlement === "failed"])
  },
  delays: {
    paymentWindow: 30 * minute,
    paymentQuestion: minute,
    acknowledgement: ({ context }) => patienceOf(context),
    backoff: ({ context }) => backoffAfter(context, context.attempt),
    parkingPatience: ({ context, event }) => parkingPatience({ context, event }),
    serviceEnd: ({ context, event }) => (context.until === null ? noEndInSight : between(event.at, context.until)),
    giftRenewal: day
  }
})

const parkingPatience = ({ context, event }: Hearing) => {
  const end = holdEndOf(context)
  const held = end === null ? longestPatience : between(event.at, end) - captureMargin
  return Math.max(0, Math.min(longestPatience, held))
}

// ── What is said and remembered on the way ────────────────────────────────────────────────────────────────────────

export const refuse = (reason: ActivationRefusal) => activation.emit({ type: "Refused", reason })
export const record = (reason: ActivationRemark) => activation.emit({ type: "Recorded", reason })
export const notify = (notice: (typeof NotifyCustomer.Type)["notice"]) =>
  activation.emit(({ context: { customerId: subjectId, vin, activationId, terms } }) =>
    NotifyCustomer.make({ subjectId, vin, activationId, option: terms.option, notice })
  )

// Money.

/** `pay_<vin>-<activation>-service-<n>`. */
const nextPaymentId = ({ vin, activationId, payments }: ActivationContext) =>
  PaymentId.make(`pay_${vin}-${activationId.slice("act_".length)}-service-${Object.keys(payments).length + 1}`)

const isHoldOpen = (payment: ServicePayment | undefined) =>
  payment?.purpose === "hold" && (payment.status === "held" || payment.status === "asked")

/** A new question to the bank. What was held before, or might still be, is given up. */
const ask = (purpose: ServicePayment["purpose"]) =>
  activation.enqueueActions(({ context, enqueue }) => {
    const { payments, paymentId: before, customerId, paymentMethod, terms, activationId, receiptId } = context
    if (paymentMethod === null) return
    const paymentId = nextPaymentId(context)
    const asked: ServicePayment = { purpose, status: "asked", captureBefore: null, settlement: "pending" }
    const givenUp = before !== null && isHoldOpen(payments[before]) ? before : null
    enqueue.assign({
      paymentId,
      payments: {
        ...payments,
        ...(givenUp === null ? {} : { [givenUp]: { ...payments[givenUp]!, status: "voiding" as const } }),
        [paymentId]: asked
      }
    })
    const payer = { paymentId, customerId, paymentMethod }
    if (purpose === "hold") enqueue.emit(AuthorisePayment.make({ ...payer, amount: terms.price }))
    else if (purpose === "mandate") enqueue.emit(SetUpMandate.make(payer))
    else if (receiptId !== null) enqueue.emit(ChargePayment.make({ ...payer, amount: terms.price, activationId, receiptId }))
    if (givenUp !== null) enqueue.emit(VoidPayment.make({ paymentId: givenUp }))
  })
export const askForHold = ask("hold")
export const askForMandate = ask("mandate")
export const charge = ask("charge")
export const renewHold = activation.assign({ renewed: true })

export const askAgain = activation.enqueueActions(({ context: { paymentId, terms, questions }, enqueue }) => {
  if (paymentId === null) return
  enqueue.assign({ questions: questions + 1 })
  enqueue.emit(AskPayment.make({ paymentId, amount: terms.price, question: questions + 1 }))
})
export const capture = activation.emit(({ context: { paymentId, terms, activationId, receiptId } }) =>
  CapturePayment.make({ paymentId: paymentId!, amount: terms.price, activationId, receiptId: receiptId! })
)

const changed = ({ payments }: ActivationContext, paymentId: PaymentId, change: Partial<ServicePayment>) => ({
  payments: { ...payments, [paymentId]: { ...payments[paymentId]!, ...change } }
})
/** The payment that a message is about, changed. */
const mark = (status?: ServicePayment["status"]) =>
  activation.assign((hearing) => {
    const { context, event } = hearing
    if (!("paymentId" in event)) return {}
    const captureBefore = event.type === "PaymentAuthorised" ? { captureBefore: event.captureBefore } : {}
    return changed(context, event.paymentId, {
      ...captureBefore,
      ...settlementSaid(hearing),
      ...(status === undefined ? {} : { status })
    })
  })
export const markHeld = mark("held")
export const markGranted = mark("granted")
export const markDeclined = mark("declined")
export const markLost = mark("lost")
export const markVoided = mark("voided")
export const markSettlement = mark()
/** The hold is gone before its time: from now on it outlives no try. */
export const markLapsed = activation.assign(({ context, event }) =>
  context.paymentId === null ? {} : changed(context, context.paymentId, { captureBefore: event.at })
)
export const keepActionUrl = activation.assign(({ event }) =>
  event.type === "PaymentActionRequired" ? { actionUrl: event.actionUrl } : {}
)

export const voidCurrent = activation.enqueueActions(({ context, enqueue }) => {
  const { paymentId } = context
  if (paymentId === null) return
  enqueue.assign(changed(context, paymentId, { status: "voiding" }))
  enqueue.emit(VoidPayment.make({ paymentId }))
})
/** A hold that came although nobody wants it any more. */
export const voidLate = activation.enqueueActions(({ context, event, enqueue }) => {
  if (!("paymentId" in event)) return
  enqueue.assign(changed(context, event.paymentId, { status: "voiding" }))
  enqueue.emit(VoidPayment.make({ paymentId: event.paymentId }))
})

type Entry = readonly [
  kind: (typeof ServiceTransfer.Type)["kind"],
  debit: (typeof ServiceTransfer.Type)["debit"],
  credit: (typeof ServiceTransfer.Type)["credit"]
]
const transfer = ({ activationId, terms }: ActivationContext, [kind, debit, credit]: Entry, paymentId: PaymentId) =>
  ServiceTransfer.make({
    activationId,
    kind,
    paymentId,
    debit,
    credit,
    amountMinor: terms.price.amountMinor,
    currency: terms.price.currency,
    receiptId: null
  })

export const receive = activation.enqueueActions(({ context, event, enqueue }) => {
  if (!("paymentId" in event)) return
  const captured = transfer(context, ["serviceCaptured", "gateway", "serviceSales"], event.paymentId)
  enqueue.emit(ServiceTransfer.make({ ...captured, receiptId: context.receiptId }))
  enqueue(mark("captured"))
})
/** Money that nobody waits for goes back in full. */
export const giveBack = activation.enqueueActions(({ context, event, enqueue }) => {
  if (!("paymentId" in event)) return
  const { paymentId } = event
  enqueue.emit(transfer(context, ["lateServicePayment", "gateway", "refundsDue"], paymentId))
  enqueue.emit(ReturnPayment.make({ paymentId, amount: context.terms.price }))
  enqueue(mark("returning"))
})
export const returnCaptured = activation.enqueueActions(({ context, enqueue }) => {
  const { paymentId, terms } = context
  if (paymentId === null) return
  enqueue.emit(transfer(context, ["serviceReturnOrdered", "serviceSales", "refundsDue"], paymentId))
  enqueue.emit(ReturnPayment.make({ paymentId, amount: terms.price }))
  enqueue.assign(changed(context, paymentId, { status: "returning" }))
})
export const confirmReturn = activation.enqueueActions(({ context, event, enqueue }) => {
  if (!("paymentId" in event)) return
  enqueue.emit(transfer(context, ["serviceReturned", "refundsDue", "gateway"], event.paymentId))
  enqueue(mark("returned"))
  enqueue(notify("ServicePaymentReturned"))
})

// The car.

/** The next try. A confirmation that comes up to `patience` from now leaves the customer at least the whole term. */
const want = (patience: (context: ActivationContext, attempt: number) => number) =>
  activation.enqueueActions(({ context, event, enqueue }) => {
    const { vin, activationId, terms, openedAt } = context
    const attempt = context.attempt + 1
    const from = event.at ?? openedAt // What opens an activation brings no instant of its own here.
    const wantedUntil = endOf(terms.term, later(from, patience(context, attempt)))
    enqueue.assign({ attempt, wantedUntil })
    enqueue.emit(WantOption.make({ vin, activationId, option: terms.option, attempt, until: wantedUntil, terms }))
  })
export const tryNext = want((context, attempt) => patienceOf(context) + backoffAfter(context, attempt))
/** Until the car wakes up, told anew each day. */
export const wantGift = want((context) => day + patienceOf(context))
/** The car has it and drives: the same try, but its term begins when it parks. What has no term stays as it was told. */
export const prolongTry = activation.enqueueActions(({ context, event, enqueue }) => {
  const { vin, activationId, terms, attempt } = context
  const wantedUntil = endOf(terms.term, later(event.at, longestPatience + backoffAfter(context, attempt)))
  if (wantedUntil === null) return
  enqueue.assign({ wantedUntil })
  enqueue.emit(WantOption.make({ vin, activationId, option: terms.option, attempt, until: wantedUntil, terms }))
})

export const drop = activation.emit(({ context: { vin, activationId, terms } }) =>
  DropOption.make({ vin, activationId, option: terms.option })
)

/** What a try met, and whose fault it was (CO-14): silence is the network's, a no is the car's, a parked command is ours. */
const failedTry = ({ event }: Hearing): FailedTry => {
  const { at } = event
  if (event.type === "OptionRejected") return { at, outcome: event.reason, attribution: "car" }
  if (event.type === "CommandParked") return { at, outcome: "CommandParked", attribution: "caas" }
  return (event.type as string).includes("parkingPatience")
    ? { at, outcome: "NotParked", attribution: "car" }
    : { at, outcome: "NoAnswer", attribution: "iot" }
}
export const keepFailedTry = activation.enqueueActions(({ context: { tries }, event, enqueue }) => {
  enqueue.assign({ tries: [...tries, failedTry({ event } as Hearing)] })
  if (tries.length === 0) enqueue(notify("ServiceDelayed"))
})
/** The last try never left the house: its silence was ours, not the network's. */
export const blameOurselves = activation.assign(({ context: { tries } }) => ({
  tries: tries.map((one, n) => (n === tries.length - 1 ? { ...one, outcome: "CommandParked", attribution: "caas" as const } : one))
}))
export const keepLastTry = activation.assign((hearing) => ({ tries: [...hearing.context.tries, failedTry(hearing)] }))

export const keepConfirmation = activation.assign(({ context, event }) => {
  if (event.type !== "OptionConfirmed") return {}
  return {
    receiptId: context.receiptId ?? event.receiptId,
    activeSince: context.activeSince ?? event.at,
    until: event.until ?? context.wantedUntil
  }
})

// Support, and the end.

const caseIdOf = ({ activationId }: ActivationContext) => `case_${activationId.slice("act_".length)}`
export const openCase = activation.enqueueActions(({ context, enqueue }) => {
  const { activationId, vin, customerId: subjectId, terms, tries } = context
  const reason = tries.at(-1)?.outcome ?? "NoAnswer"
  enqueue.emit(SupportCase.make({ caseId: caseIdOf(context), activationId, vin, subjectId, option: terms.option, reason, tries }))
  enqueue.assign({ supportCase: "open" })
})
export const closeCase = activation.enqueueActions(({ context, event, enqueue }) => {
  if (event.type !== "ResolveSupportCase") return
  const { resolution, reason, by } = event
  enqueue.emit(SupportCaseResolution.make({ caseId: caseIdOf(context), resolution, reason, by }))
  enqueue.assign({ supportCase: resolution })
})
export const keepWithdrawal = activation.enqueueActions(({ context, event, enqueue }) => {
  if (event.type !== "RequestWithdrawal") return
  enqueue.assign({ withdrawal: { submittedAt: event.submittedAt, at: event.at } })
  if (context.supportCase !== "open") return
  const withdrawn = { resolution: "withdrawn", reason: "WithdrawnByCustomer", by: null } as const
  enqueue.emit(SupportCaseResolution.make({ caseId: caseIdOf(context), ...withdrawn }))
  enqueue.assign({ supportCase: "withdrawn" })
})
export const close = (reason: ServiceClosing) => activation.assign({ closedBecause: reason })

// ── Answers that several states share ─────────────────────────────────────────────────────────────────────────────

export const toTheCustomer = (reason: ActivationRefusal) =>
  [{ guard: "askedByAStranger", actions: refuse("NotYourService") }, { actions: refuse(reason) }] as const
export const known = { actions: record("AlreadyKnown") } as const
export const unbelievedPayment = [
  { guard: "paymentUnknown", actions: record("UnknownPayment") },
  { guard: "amountDiffers", actions: record("AmountMismatch") }
] as const
export const withdrawal = [
  { guard: "askedByAStranger", actions: refuse("NotYourService") },
  { guard: "submittedTooLate", actions: refuse("WithdrawalPeriodExpired") },
  { target: "#activation.service.withdrawn", actions: [keepWithdrawal, close("Withdrawn")] }
] as const
const cancelled = (reason: ServiceClosing) => ({ target: "#activation.service.cancelled", actions: close(reason) }) as const
export const becomesActive = {
  guard: "confirms",
  target: "#activation.service.active",
  actions: [keepConfirmation, notify("ServiceActive")]
} as const
/** While nothing is delivered yet, everything can still be undone without money. */
export const underWay = {
  RequestWithdrawal: withdrawal,
  CancelService: [
    { guard: "askedByAStranger", actions: refuse("NotYourService") },
    { guard: "isRecurring", ...cancelled("CancelledByCustomer") },
    { actions: refuse("NotRecurring") }
  ],
  VehicleStolen: cancelled("VehicleStolen"),
  OwnershipChanged: cancelled("VehicleSold"),
  OptionConfirmed: becomesActive
} as const
/** What was held, or could have been charged, is not there any more: nothing is delivered for nothing. */
export const moneyGone = {
  guard: "moneyIsGone",
  target: "#activation.service.declined",
  actions: close("PaymentDeclined")
} as const
const failedLast = { target: "#activation.service.escalated", actions: keepLastTry } as const
const failed = { target: "#activation.service.retry", actions: keepFailedTry } as const
export const tryFails = [{ guard: "lastTry", ...failedLast }, failed] as const
export const tryUnderWay = {
  OptionRejected: [
    { guard: "lastTryRefused", ...failedLast },
    { guard: "ofThisOption", ...failed }
  ],
  CommandParked: [
    { guard: "lastWantParked", ...failedLast },
    { guard: "wantParked", ...failed }
  ]
} as const
/** Of a hold that is asked for, or that the customer has to confirm first. */
export const bankAnswers = {
  PaymentAuthorised: { guard: "currentHeld", target: "#activation.money.authorised", actions: markHeld },
  PaymentDeclined: { guard: "currentRefused", target: "#activation.money.declined", actions: markDeclined },
  PaymentVoided: { guard: "currentAnswered", target: "#activation.money.declined", actions: markVoided },
  PaymentCannotBeHeld: { guard: "currentRefused", target: "#activation.money.mandating", actions: markDeclined }
} as const
/** Taken before the car confirmed, or after nobody wanted it: it goes back. */
export const goesBack = { guard: "currentMoneyArrived", target: "#activation.money.refunding", actions: giveBack } as const
/** A bank that takes what it should hold: ours where the car has confirmed. */
export const takenAtOnce = [
  { guard: "arrivedWhileServed", target: "#activation.money.captured", actions: receive },
  goesBack
] as const
export const arrives = { guard: "currentMoneyArrived", target: "#activation.money.captured", actions: receive } as const
