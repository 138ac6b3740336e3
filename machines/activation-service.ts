/** What an activation does about its car and its customer: tries, support, the end, and the answers that several states share. */
import { type ActivationContext, type FailedTry, lawOf, type ServiceClosing } from "./activation-context.ts"
import {
  AcknowledgeWithdrawal,
  DropOption,
  SupportCase,
  SupportCaseResolution,
  WantOption,
  Withdrawal
} from "./activation-messages.ts"
import { activation, backoffAfter, type Hearing, later, longestPatience, notify, patienceOf, refuse } from "./activation-rules.ts"
import { endOf } from "./option-terms.ts"
import { broughtBy } from "./withdrawal-outcome.ts"

const day = 86_400_000

// The car.

/** The next try. A confirmation that comes up to `patience` from now leaves the customer at least the whole term. */
const want = (patience: (context: ActivationContext, attempt: number) => number) =>
  activation.enqueueActions(({ context, event, enqueue }) => {
    const { vin, activationId, terms, openedAt } = context
    const attempt = context.attempt + 1
    const from = event.at ?? openedAt // What opens an activation brings no instant of its own here.
    const wantedUntil = endOf(terms.term, later(from, patience(context, attempt)))
    enqueue.assign({ attempt, wantedUntil })
    if (attempt === 1 && context.channel === "online") enqueue(notify("PurchaseConfirmed"))
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
  enqueue(notify(tries.length === 0 ? "ServiceDelayed" : "ServiceRetrying"))
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
/** By the car's own word of when it stops, or now. */
export const markEnded = activation.assign(({ context: { until }, event }) => ({
  endedAt: until !== null && until < event.at ? until : event.at
}))
/** The acknowledgement, and what the law would have required at least beside what the seed's table gives (S17). */
export const acknowledge = activation.enqueueActions(({ context, enqueue }) => {
  const { activationId, customerId, country, vin, terms, purchasedAt, withdrawal, withdrawalEndsAt } = context
  if (withdrawal === null) return
  const law = lawOf(context)
  const { submittedAt } = withdrawal
  const { comesBack, released, legalMinimum } = broughtBy(context, submittedAt)
  enqueue.emit(
    Withdrawal.make({
      activationId,
      subjectId: customerId,
      vin,
      purchasedAt,
      submittedAt,
      endsAt: withdrawalEndsAt,
      lawEdition: law.edition,
      comesBackMinor: comesBack.amountMinor,
      releasedMinor: released.amountMinor,
      legalMinimumMinor: legalMinimum.amountMinor,
      legalRule: legalMinimum.rule,
      currency: terms.price.currency
    })
  )
  const contract = { customerId, country, vin, activationId, option: terms.option, purchasedAt }
  enqueue.emit(AcknowledgeWithdrawal.make({ ...contract, submittedAt, timeZone: law.timeZone, comesBack, released }))
})
export const keepWithdrawal = activation.enqueueActions(({ context, event, enqueue }) => {
  if (event.type !== "RequestWithdrawal") return
  enqueue.assign({ withdrawal: { submittedAt: event.submittedAt, at: event.at }, refundSince: event.submittedAt })
  if (context.supportCase !== "open") return
  const withdrawn = { resolution: "withdrawn", reason: "WithdrawnByCustomer", by: null } as const
  enqueue.emit(SupportCaseResolution.make({ caseId: caseIdOf(context), ...withdrawn }))
  enqueue.assign({ supportCase: "withdrawn" })
})
export const close = (reason: ServiceClosing) => activation.assign({ closedBecause: reason })

// ── Answers that several states share ─────────────────────────────────────────────────────────────────────────────

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
