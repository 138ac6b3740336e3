/** Everything that may be said to a purchased service, and a walk through all that it can be: the shortest history to each. */
import { wordsOf } from "#actors/system/behavior.ts"
import { decide, type State } from "#actors/system/decide.ts"
import { type ActivationContext, ActivationRequest, activationMachine } from "#machines/activation.ts"
import * as a from "./activation-words.ts"
import { heard, type Said } from "./scenario.ts"
import * as w from "./words.ts"

const stranger = { customerId: w.stranger }
const anotherAmount = { amount: a.anotherPrice }
const onlyTry = { ...a.permanent, retries: 0 }
/** Enough for no try. */
const shortHold = "2026-03-02T09:05:00.000Z"

export const openings = [
  a.purchased(),
  a.purchased(onlyTry),
  a.purchased(a.monthly),
  a.purchased(a.trial),
  a.bundled,
  a.withoutMethod
] as const

/** Each message in the variants that its guards tell apart. */
export const vocabulary: ReadonlyArray<Said> = [
  a.purchased(),
  a.withdrawn(),
  a.withdrawn("2026-03-17T00:00:00.000Z"),
  w.but(a.withdrawn(), stranger),
  a.cancelled,
  w.but(a.cancelled, stranger),
  a.payDebt,
  w.but(a.payDebt, stranger),
  ...([1, 2] as const).flatMap((n) => [
    a.riskResolved("writtenOff", n),
    a.riskResolved("paidOut", n),
    a.riskResolved("dismissed", n)
  ]),
  a.resolved("uncharged"),
  a.resolved("gift"),
  ...([1, 2, 3] as const).flatMap((n) => [
    a.authorised(n),
    a.actionRequired(n),
    a.declined(n),
    a.cannotBeHeld(n),
    a.granted(n),
    a.captured(n),
    a.captureFailed(n),
    a.voided(n),
    a.returned(n),
    a.settled(n),
    a.settlementFailed(n)
  ]),
  a.authorised(2, shortHold),
  ...[
    a.authorised(),
    a.captured(),
    a.returned(),
    a.settled(),
    a.settlementFailed(),
    a.disputed(),
    a.disputeClosed("won"),
    a.refundFailed()
  ].map((said) => w.but(said, anotherAmount)),
  a.disputed(),
  a.disputeClosed("won"),
  a.disputeClosed("lost"),
  a.refundFailed(),
  a.confirmed(),
  a.confirmed(null),
  a.confirmed("2026-03-09T11:00:00.000Z"),
  a.confirmed(null, a.anotherOption),
  a.rejected(),
  a.rejected(a.anotherOption),
  a.delayed(),
  a.delayed(a.anotherOption),
  a.stolen,
  a.sold,
  ...["WantOption", "AuthorisePayment", "CapturePayment", "NotifyCustomer"].map(a.parked),
  a.paymentWindow,
  a.paymentQuestion,
  a.acknowledgement,
  a.parkingPatience,
  a.backoff,
  a.serviceEnd(),
  a.serviceEnd("2026-03-09T09:59:00.000Z"),
  a.giftRenewal,
  a.monthEnd(),
  a.dunningPause,
  a.confirmationPatience,
  a.refundReminder,
  a.refundWarning,
  a.refundDeadline
]

/** Of the payments after the third, and of those that are of another amount: a month's. */
const ofOtherPayments = ({ context }: State): ReadonlyArray<Said> =>
  Object.entries((context as ActivationContext).payments).flatMap(([id, { amountMinor, purpose }], position) => {
    const n = position + 1
    const amount = { ...a.price, amountMinor }
    if (purpose === "mandate" || (n <= 3 && amountMinor === a.price.amountMinor && n !== 2)) return []
    return [
      a.actionRequired(n),
      a.declined(n),
      a.voided(n),
      a.captured(n, amount),
      a.settled(n, amount),
      a.settlementFailed(n, amount),
      a.returned(n, amount),
      a.refundFailed(n, amount),
      a.disputed(n, amount),
      a.disputeClosed("won", n, amount),
      a.disputeClosed("lost", n, amount)
    ].map((said) => w.but(said, { paymentId: id }))
  })

const requests = wordsOf(ActivationRequest)
/** One minute after the opening, whatever it is: what time does is told in sentences. */
export const saidTo = (state: State | null, message: Said) =>
  decide(activationMachine, state, heard(message, 1), requests.has(message.type))

/** What may be said to it now: a timer fires only where it was set. */
export const sayableTo = (state: State): ReadonlyArray<Said> => {
  const set = new Set<string>(
    activationMachine.resolveState(state as never)._nodes.flatMap((node) => node.after.map(({ eventType }) => eventType))
  )
  return [...vocabulary, ...ofOtherPayments(state)].filter(({ type }) => !type.startsWith("xstate.after.") || set.has(type))
}

/** Two services of one digest are walked on as one: instants and the past do not multiply what a service can be. */
const digest = ({ value, context }: State) => {
  const { payments, paymentId, renewed, attempt, supportCase, until, terms, debt } = context as ActivationContext
  const money = Object.entries(payments).map(([id, { status, captureBefore }]) => [
    id,
    status,
    captureBefore !== null && captureBefore <= shortHold
  ])
  const tried = Math.min(attempt, terms.retries + 1)
  return JSON.stringify([value, money, paymentId, renewed, tried, supportCase, until !== null, debt?.tries])
}
const paymentsAtMost = 3 // A fourth would be asked for as the third was.

/**
 * Where the walk goes on. Each of these multiplies the services without opening a new state, so it is followed in one place
 * only; everywhere it is still said, and must be answered.
 */
const isFollowed = ({ value, context }: State, message: Said) => {
  const { payments } = context as ActivationContext
  const status = "paymentId" in message ? payments[message.paymentId as keyof typeof payments]?.status : undefined
  const { service, money } = value as { readonly service: unknown; readonly money: string }
  switch (message.type) {
    case "PaymentSettled": // As a capture that is told of.
    case "CommandParked": // As a refusal of the car's.
      return false
    case "PaymentCaptured":
      return money === "capturing" || money === "charging" || money === "owed" || status === "asked" || service === "withdrawn"
    case "PaymentAuthorised":
      return status === "asked" || service === "withdrawn"
    case "PaymentVoided":
      return money === "voiding" || money === "authorised"
    case "PaymentDisputed": // What follows from these is looked at from the situations of the table.
    case "PaymentSettlementFailed":
    case "DisputeClosed":
    case "RefundFailed":
    case "ResolveRiskCase":
    case "PayDebt":
      return false
    default:
      return true
  }
}

export interface Way {
  readonly history: ReadonlyArray<Said>
  readonly state: State
}
/** Walked once per opening. */
export const waysFrom = (opening: (typeof openings)[number]): ReadonlyArray<Way> => {
  if (!walked.has(opening)) walked.set(opening, walk(opening))
  return walked.get(opening)!
}
const walked = new Map<Said, ReadonlyArray<Way>>()

const walk = (opening: Said): ReadonlyArray<Way> => {
  const first = saidTo(null, w.but(opening, { at: a.purchasedAt }))
  if (first._tag !== "Accepted") throw new Error("nobody opens")
  const ways: Array<Way> = [{ history: [opening], state: first.state }]
  const known = new Set([digest(first.state)])
  for (const { history, state } of ways)
    for (const message of sayableTo(state)) {
      if (!isFollowed(state, message)) continue
      const decision = saidTo(state, message)
      if (decision._tag !== "Accepted" || Object.keys(decision.state.context.payments).length > paymentsAtMost) continue
      const there = digest(decision.state)
      if (known.has(there)) continue
      known.add(there)
      ways.push({ history: [...history, message], state: decision.state })
    }
  return ways
}
