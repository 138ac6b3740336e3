/** The rules of a sale: what an order remembers, its guards and delays, and what it says on the way. The chart in machines/order.ts puts them together. */
import { setup } from "xstate"
import {
  type Account,
  AskFactory,
  BookTransport,
  ChargePayment,
  IntroduceVehicle,
  IssueInvoice,
  MoveVehicle,
  Notify,
  type OrderCommand,
  type OrderMessage,
  type OrderRecord,
  type PaymentKind,
  Payout,
  PlaceFactoryOrder,
  type PlanTerms,
  type RegisterSale,
  RegisterVehicle,
  ReturnPayment,
  RiskCase,
  RiskCaseResolution,
  StockVehicle,
  Transfer
} from "./order-messages.ts"
import { type Heard, type Instant, type Money, type Paper, PaymentId, type Refusal, type Remark, vatWithin } from "./vocabulary.ts"

// ── What an order remembers: what the lawyer would ask about later ───────────────────────────────────────────────

/** One try to take money. At most one of a kind is `asked` or `unknown` at a time, and at most one is ever `received`. */
export interface Charge {
  readonly kind: PaymentKind
  readonly status: "asked" | "unknown" | "declined" | "received" | "returning" | "returned" | "returnFailed" | "paidOut"
  /** Our risk until settled (S14). `failed` stays failed: nothing handed over is undone. */
  readonly settlement: "pending" | "settled" | "failed"
  readonly dispute: "none" | "open" | "won" | "lost"
}

export interface OpenedCase {
  readonly caseId: string
  readonly kind: (typeof RiskCase.Type)["kind"]
  readonly paymentId: PaymentId
  readonly open: boolean
}

const stages = ["none", "asked", "accepted", "inProgress", "cancelled", "ready"] as const
type Stage = (typeof stages)[number]

export interface OrderContext extends Omit<typeof RegisterSale.Type, "type" | "vehicleAt"> {
  readonly fromStock: boolean
  readonly vehicleAt: "factory" | "dealership"
  readonly soldAt: Instant
  readonly depositDueAt: Instant
  readonly finalPaymentDueAt: Instant | null
  readonly charges: Readonly<Record<PaymentId, Charge>>
  readonly riskCases: ReadonlyArray<OpenedCase>
  readonly factory: {
    readonly stage: Stage
    readonly orderId: string | null
    readonly expectedAt: Instant | null
    readonly shippedAt: Instant | null
    readonly attempts: number
    readonly questions: number
  }
  readonly papers: ReadonlyArray<Paper>
  readonly missing: ReadonlyArray<string>
  readonly registration: {
    readonly attempts: number
    readonly id: string | null
    readonly plate: string | null
    readonly newPapers: boolean // Supplied since the authority was last asked.
  }
  readonly transport: {
    readonly id: string | null
    readonly to: "customer" | "dealership"
    readonly departedAt: Instant | null
  } | null
  readonly handover: { readonly at: Instant; readonly proof: string } | null // The proof: "pin", or the carrier's.
  readonly closedBecause: ClosingReason | null
}

export type ClosingReason =
  | "DepositNotPaid"
  | "CancelledByCustomer"
  | "FactoryRefused"
  | "FactoryCancelled"
  | "FinalPaymentDeclined"
  | "FinalPaymentOverdue"

export type OrderRefusal =
  | "AlreadyAtDealership"
  | "AlreadyDelivered"
  | "AlreadyPaid"
  | "AlreadyRegistered"
  | "AlreadyReturning"
  | "NoRiskCase"
  | "NotAtDealershipYet"
  | "NotDeliveredHome"
  | "NotReadyYet"
  | "NotRegisteredYet"
  | "NotThisKindOfCase"
  | "NotYourOrder"
  | "OrderClosed"
  | "OrderExists"
  | "PaymentInProgress"
  | "PaymentOutcomeUnknown"
  | "PaymentWindowClosed"
  | "PlanDoesNotFitPrice"
  | "RiskCaseClosed"
  | "WrongPin"

export type OrderRemark =
  | "AlreadyAtDealership"
  | "AlreadyBuilt"
  | "AlreadyDelivered"
  | "AlreadyKnown"
  | "AlreadyOrdering"
  | "AmountMismatch"
  | "AnotherFactoryOrder"
  | "AnotherRegistration"
  | "AnotherTransport"
  | "AnotherVehicle"
  | "FactoryContradictsItself"
  | "NeverTaken"
  | "NoFactoryOrder"
  | "NoTransport"
  | "NotAskedToRegister"
  | "NotForTheCustomer"
  | "NotOrderedBack"
  | "OlderThanKnown"
  | "PaymentWindowClosed"
  | "UnknownPayment"
  | "WaitsForAnOperator"

const minute = 60_000
const day = 24 * 60 * minute
export const daysAfter = (at: Instant, days: number): Instant => new Date(Date.parse(at) + days * day).toISOString()

/** A deposit is part of the price: more than nothing, less than all of it. A plan that says otherwise opens no order. */
export const planFitsPrice = ({ plan, price }: { readonly plan: PlanTerms; readonly price: Money }) =>
  plan.deposit.currency === price.currency &&
  plan.deposit.amountMinor > 0 &&
  plan.deposit.amountMinor < price.amountMinor &&
  plan.finalPaymentAttempts > 0

export const amountOf = ({ plan, price }: OrderContext, kind: PaymentKind): Money =>
  kind === "reservation" ? plan.deposit : { amountMinor: price.amountMinor - plan.deposit.amountMinor, currency: price.currency }

const chargesOf = ({ charges }: OrderContext, kind: PaymentKind, status: Charge["status"]) =>
  (Object.keys(charges) as Array<PaymentId>).filter((id) => charges[id]!.kind === kind && charges[id]!.status === status)

// ── Guards and delays ─────────────────────────────────────────────────────────────────────────────────────────────

export type Hearing = { readonly context: OrderContext; readonly event: Heard<OrderMessage> }

/** The charge a payment's message is about; undefined where we never asked for it. */
export const chargeOf = ({ context, event }: Hearing) => {
  const charge = "paymentId" in event ? context.charges[event.paymentId] : undefined
  return charge !== undefined && "kind" in event && charge.kind === event.kind ? charge : undefined
}
const amountDiffers = ({ context, event }: Hearing) => {
  if (!("amount" in event)) return false
  const asked = amountOf(context, event.kind)
  return event.amount.amountMinor !== asked.amountMinor || event.amount.currency !== asked.currency
}
const isOpen = (charge: Charge | undefined) => charge?.status === "asked" || charge?.status === "unknown"
/** Money we have not counted yet. A settlement says so too, should it overtake the gateway's answer. */
const moneyArrived = (hearing: Hearing) => {
  const charge = chargeOf(hearing)
  if (charge === undefined || amountDiffers(hearing)) return false
  if (hearing.event.type === "PaymentSettled" && charge.settlement === "failed") return false
  return isOpen(charge) || charge.status === "declined"
}
/** What has reached us, whatever became of it later. */
export const wasTaken = (charge: Charge | undefined) =>
  ["received", "returning", "returned", "returnFailed", "paidOut"].includes(charge?.status ?? "")
export const settlementSaid = ({ event }: Hearing): Partial<Charge> =>
  event.type === "PaymentSettled"
    ? { settlement: "settled" }
    : event.type === "PaymentSettlementFailed"
      ? { settlement: "failed" }
      : {}

const caseOf = ({ context, event }: Hearing) =>
  event.type === "ResolveRiskCase" ? context.riskCases.find(({ caseId }) => caseId === event.caseId) : undefined
const resolves = (hearing: Hearing, kind: OpenedCase["kind"], ...resolutions: ReadonlyArray<string>) =>
  hearing.event.type === "ResolveRiskCase" && resolutions.includes(hearing.event.resolution) && caseOf(hearing)?.kind === kind

const stageSaid = (event: Heard<OrderMessage>): Stage => {
  if (event.type === "FactoryAccepted" || event.type === "FactoryReportedShipped") return "accepted"
  if (event.type === "FactoryReportedInProgress") return "inProgress"
  return event.type === "FactoryReportedReady" ? "ready" : "cancelled"
}
const anotherFactoryOrder = ({ context: { factory }, event }: Hearing) =>
  "factoryOrderId" in event && factory.orderId !== null && event.factoryOrderId !== factory.orderId
const factoryNews = (hearing: Hearing) => {
  const { factory } = hearing.context
  if (factory.stage === "none" || anotherFactoryOrder(hearing)) return false
  if (hearing.event.type === "FactoryRefused") return factory.stage === "asked" // What was accepted is not refused any more.
  return stages.indexOf(stageSaid(hearing.event)) > stages.indexOf(factory.stage)
}
const anotherTransport = ({ context: { transport }, event }: Hearing) =>
  "transportId" in event && transport !== null && transport.id !== null && event.transportId !== transport.id
const ourTransport = (hearing: Hearing) => hearing.context.transport !== null && !anotherTransport(hearing)

export const order = setup({
  types: {
    input: {} as Heard<typeof RegisterSale.Type>,
    context: {} as OrderContext,
    events: {} as Heard<OrderMessage>,
    emitted: {} as OrderCommand | OrderRecord | Refusal<OrderRefusal> | Remark<OrderRemark>,
    tags: {} as "closed"
  },
  guards: {
    askedByAStranger: ({ context, event }) => "customerId" in event && event.customerId !== context.customerId,
    paymentOutcomeUnknown: ({ context }) => Object.values(context.charges).some(({ status }) => status === "unknown"),
    paymentInProgress: ({ context }) => Object.values(context.charges).some(({ status }) => status === "asked"),
    depositOverdue: ({ context, event }) => event.at >= context.depositDueAt,
    finalPaymentOverdue: ({ context, event }) => context.finalPaymentDueAt !== null && event.at >= context.finalPaymentDueAt,
    paymentUnknown: (hearing) => chargeOf(hearing) === undefined,
    amountDiffers,
    arrivedToGoBack: (hearing) => moneyArrived(hearing) && chargeOf(hearing)?.settlement !== "failed",
    depositArrived: (hearing) => moneyArrived(hearing) && chargeOf(hearing)?.kind === "reservation",
    depositArrivedForStock: (hearing) =>
      moneyArrived(hearing) && chargeOf(hearing)?.kind === "reservation" && hearing.context.fromStock,
    finalPaymentArrived: (hearing) => moneyArrived(hearing) && chargeOf(hearing)?.kind === "final",
    declineIsNews: (hearing) => isOpen(chargeOf(hearing)),
    finalPaymentDeclined: (hearing) => isOpen(chargeOf(hearing)) && chargeOf(hearing)?.kind === "final",
    lastAttemptDeclined: (hearing) =>
      isOpen(chargeOf(hearing)) &&
      chargeOf(hearing)?.kind === "final" &&
      chargesOf(hearing.context, "final", "declined").length + 1 >= hearing.context.plan.finalPaymentAttempts,
    settlementIsNews: (hearing) => {
      const known = chargeOf(hearing)?.settlement
      return known !== undefined && known !== "failed" && known !== settlementSaid(hearing).settlement
    },
    orderedBack: (hearing) => chargeOf(hearing)?.status === "returning",
    alreadyReturned: (hearing) => ["returned", "returnFailed", "paidOut"].includes(chargeOf(hearing)?.status ?? ""),
    returnFails: (hearing) => ["returning", "returned"].includes(chargeOf(hearing)?.status ?? ""),
    disputable: (hearing) =>
      wasTaken(chargeOf(hearing)) && chargeOf(hearing)?.dispute === "none" && chargeOf(hearing)?.settlement !== "failed",
    neverTaken: (hearing) => !wasTaken(chargeOf(hearing)) || chargeOf(hearing)?.settlement === "failed",
    disputeIsOpen: (hearing) => chargeOf(hearing)?.dispute === "open",
    riskCaseUnknown: (hearing) => caseOf(hearing) === undefined,
    riskCaseClosed: (hearing) => caseOf(hearing)?.open === false,
    endsDebt: (hearing) => resolves(hearing, "settlementFailed", "paid", "writtenOff"),
    paidOut: (hearing) => resolves(hearing, "refundFailed", "paidOut"),
    /** What is owed, or was not given back, is not dismissed: it is in the books. */
    dismisses: (hearing) => resolves(hearing, "chargeback", "dismissed"),
    notOrdered: ({ context }) => context.factory.stage === "none",
    anotherFactoryOrder,
    factoryNews,
    sameFactoryNews: ({ context, event }) => context.factory.stage === stageSaid(event),
    shippingIsNews: (hearing) =>
      hearing.context.factory.stage !== "none" && !anotherFactoryOrder(hearing) && hearing.context.factory.shippedAt === null,
    alreadyBuilt: ({ context }) => context.factory.stage === "ready",
    anotherVehicle: ({ context, event }) =>
      event.type === "FactoryReportedReady" && context.vin !== null && event.vin !== context.vin,
    factoryOrderParked: ({ event }) => event.type === "CommandParked" && event.command === "PlaceFactoryOrder",
    registrationParked: ({ event }) => event.type === "CommandParked" && event.command === "RegisterVehicle",
    chargeParked: ({ context, event }) =>
      event.type === "CommandParked" &&
      event.command === "ChargePayment" &&
      Object.values(context.charges).some(({ status }) => status === "asked"),
    papersSinceAsked: ({ context }) => context.registration.newPapers,
    sameMissingPapers: ({ context: { missing }, event }) => missing.join("\n") === missingSaid(event).join("\n"),
    sameRegistration: ({ context, event }) =>
      event.type === "VehicleRegistered" && event.registrationId === context.registration.id,
    isRegistered: ({ context }) => context.registration.id !== null,
    waitsAtDealership: ({ context }) => context.delivery.kind === "dealership" && context.vehicleAt === "dealership",
    noTransport: ({ context }) => context.transport === null,
    anotherTransport,
    ourTransport,
    bookingIsNews: (hearing) => ourTransport(hearing) && hearing.context.transport?.id === null,
    departureIsNews: (hearing) => ourTransport(hearing) && hearing.context.transport?.departedAt === null,
    boundForCustomer: (hearing) => ourTransport(hearing) && hearing.context.delivery.kind === "home",
    notDeliveredHome: ({ context }) => context.delivery.kind !== "home",
    pinIsWrong: ({ context, event }) => event.type === "ConfirmHandover" && event.pin !== context.handoverPin
  },
  delays: {
    depositWindow: ({ context }) => context.plan.depositWindowDays * day,
    factoryInquiry: 15 * minute,
    factorySilence: day,
    finalPaymentWindow: ({ context }) => context.plan.finalPaymentWindowDays * day,
    finalPaymentReminder: ({ context }) => (context.plan.finalPaymentWindowDays * day) / 2,
    portalPause: 60 * minute,
    pickupReminder: 7 * day
  }
})

const missingSaid = (event: Heard<OrderMessage>): ReadonlyArray<string> =>
  event.type === "PapersRequested" ? event.missing : event.type === "RegistrationRefused" ? [event.reason] : []

// ── What is said and remembered on the way ────────────────────────────────────────────────────────────────────────

export const refuse = (reason: OrderRefusal) => order.emit({ type: "Refused", reason })
export const record = (reason: OrderRemark) => order.emit({ type: "Recorded", reason })
/** The notices that carry the PIN, and for which delivery. */
const pinGoesWith: Readonly<Record<string, string>> = { OnItsWay: "home", ReadyForPickup: "any", PickupReminder: "any" }
export const notify = (notice: (typeof Notify.Type)["notice"]) =>
  order.emit(({ context: { customerId: subjectId, orderId, handoverPin, delivery } }) =>
    pinGoesWith[notice] === "any" || pinGoesWith[notice] === delivery.kind
      ? Notify.make({ subjectId, orderId, notice, handoverPin })
      : Notify.make({ subjectId, orderId, notice })
  )

export type Entry = readonly [kind: (typeof Transfer.Type)["kind"], debit: typeof Account.Type, credit: typeof Account.Type]
export const transfer = (
  { orderId, customerId, country, model }: OrderContext,
  [kind, debit, credit]: Entry,
  paymentId: PaymentId,
  { amountMinor, currency }: Money,
  vatMinor = 0
) =>
  Transfer.make({
    orderId,
    kind,
    phase: "posted",
    paymentId,
    debit,
    credit,
    amountMinor,
    vatMinor,
    currency,
    customerId,
    country,
    stream: "vehicle",
    item: model
  })

const received = {
  reservation: ["depositReceived", "gateway", "customerDeposits"],
  final: ["finalPaymentReceived", "gateway", "customerPayments"]
} as const satisfies Record<PaymentKind, Entry>

const settled: Entry = ["paymentSettled", "bank", "gateway"]
const neverSettled: Entry = ["paymentSettlementFailed", "receivables", "gateway"]

export const opensCase = (context: OrderContext, kind: OpenedCase["kind"], paymentId: PaymentId, reason: string) => {
  const { orderId, vin, customerId: subjectId, riskCases, charges } = context
  const caseId = `risk_${orderId.slice("ord_".length)}-${riskCases.length + 1}`
  const { amountMinor, currency } = amountOf(context, charges[paymentId]!.kind)
  return {
    record: RiskCase.make({ caseId, kind, orderId, vin, subjectId, paymentId, amountMinor, currency, reason }),
    riskCases: [...riskCases, { caseId, kind, paymentId, open: true }]
  }
}

/** The one charge a payment's message is about, changed. */
export const withCharge = (hearing: Hearing, change: Partial<Charge>) => {
  const { charges } = hearing.context
  if (!("paymentId" in hearing.event)) return { charges }
  const { paymentId } = hearing.event
  return { charges: { ...charges, [paymentId]: { ...charges[paymentId]!, ...settlementSaid(hearing), ...change } } }
}
export const markDeclined = order.assign((hearing) => withCharge(hearing, { status: "declined" }))
export const markUnknown = order.assign(({ context: { charges } }) => ({
  charges: Object.fromEntries(
    Object.entries(charges).map(([id, charge]) => [
      id,
      charge.status === "asked" ? { ...charge, status: "unknown" as const } : charge
    ])
  )
}))
const charge = (kind: PaymentKind) =>
  order.enqueueActions(({ context, event, enqueue }) => {
    if (!("paymentMethod" in event)) return
    const { orderId, customerId, charges } = context
    const attempt = Object.values(charges).filter((one) => one.kind === kind).length + 1
    const paymentId = PaymentId.make(`pay_${orderId.slice("ord_".length)}-${kind}-${attempt}`)
    enqueue.assign({ charges: { ...charges, [paymentId]: { kind, status: "asked", settlement: "pending", dispute: "none" } } })
    const { paymentMethod } = event
    enqueue.emit(ChargePayment.make({ paymentId, kind, amount: amountOf(context, kind), orderId, customerId, paymentMethod }))
  })
const receive = (kind: PaymentKind) =>
  order.enqueueActions(({ context, event, enqueue }) => {
    if (!("paymentId" in event)) return
    enqueue.emit(transfer(context, received[kind], event.paymentId, amountOf(context, kind)))
    if (event.type === "PaymentSettled" || context.charges[event.paymentId]!.settlement === "settled")
      enqueue.emit(transfer(context, settled, event.paymentId, amountOf(context, kind)))
    enqueue.assign((hearing) => withCharge(hearing, { status: "received" }))
    if (context.charges[event.paymentId]!.settlement !== "failed") return
    // That it would not come was said before we knew that it was taken.
    enqueue.emit(transfer(context, neverSettled, event.paymentId, amountOf(context, kind)))
    const opens = opensCase(context, "settlementFailed", event.paymentId, "SettlementFailed")
    enqueue.emit(opens.record)
    enqueue.assign({ riskCases: opens.riskCases })
    enqueue(notify("SettlementFailed"))
  })
/** Money nobody waits for any more goes back in full. */
export const giveBack = order.enqueueActions(({ context, event, enqueue }) => {
  if (!("paymentId" in event)) return
  const { paymentId, kind } = event
  const amount = amountOf(context, kind)
  enqueue.emit(transfer(context, ["latePaymentReceived", "gateway", "refundsDue"], paymentId, amount))
  if (event.type === "PaymentSettled" || context.charges[paymentId]!.settlement === "settled")
    enqueue.emit(transfer(context, settled, paymentId, amount))
  enqueue.emit(ReturnPayment.make({ paymentId, kind, amount, orderId: context.orderId }))
  enqueue.assign((hearing) => withCharge(hearing, { status: "returning" }))
})
export const confirmReturn = order.enqueueActions(({ context, event, enqueue }) => {
  if (!("paymentId" in event)) return
  enqueue.emit(transfer(context, ["paymentReturned", "refundsDue", "gateway"], event.paymentId, amountOf(context, event.kind)))
  enqueue.assign((hearing) => withCharge(hearing, { status: "returned" }))
  enqueue(event.kind === "reservation" ? notify("DepositReturned") : notify("PaymentReturned"))
})

const closeCasesOf = (paymentId: PaymentId) =>
  order.enqueueActions(({ context: { riskCases }, enqueue }) => {
    const over = riskCases.filter((one) => one.open && one.kind === "settlementFailed" && one.paymentId === paymentId)
    for (const { caseId } of over)
      enqueue.emit(RiskCaseResolution.make({ caseId, resolution: "dismissed", reason: "NothingIsOwed", by: null }))
    enqueue.assign({ riskCases: riskCases.map((one) => (over.includes(one) ? { ...one, open: false } : one)) })
  })

/** What came is ordered back from the gateway. */
const orderDepositBack = (paymentId: PaymentId) =>
  order.enqueueActions(({ context, enqueue }) => {
    const { orderId, charges, plan } = context
    enqueue.emit(transfer(context, ["depositReturnOrdered", "customerDeposits", "refundsDue"], paymentId, plan.deposit))
    enqueue.emit(ReturnPayment.make({ paymentId, kind: "reservation", amount: plan.deposit, orderId }))
    enqueue.assign({ charges: { ...charges, [paymentId]: { ...charges[paymentId]!, status: "returning" } } })
  })
/** The customer has it back from their own bank: what we lost there is what we would have returned. */
const depositWentBack = (paymentId: PaymentId) =>
  order.enqueueActions(({ context, enqueue }) =>
    enqueue.emit(transfer(context, ["depositWaived", "customerDeposits", "badDebts"], paymentId, context.plan.deposit))
  )
/** A disputed deposit of an order that we could not deliver has waited for the bank to decide. */
export const endDisputedDeposit = order.enqueueActions(({ context, event, enqueue }) => {
  if (event.type !== "DisputeClosed" || event.kind !== "reservation" || !isReturned(context)) return
  const { status, settlement } = context.charges[event.paymentId]!
  if (status !== "received") return
  if (settlement === "failed") return enqueue(waiveDeposit(event.paymentId))
  enqueue(event.outcome === "won" ? orderDepositBack(event.paymentId) : depositWentBack(event.paymentId))
})
const isReturned = ({ closedBecause }: OrderContext) => closedBecause === "FactoryRefused" || closedBecause === "FactoryCancelled"

/** It never came, so nothing of it goes back, and nothing of it is owed any more. */
const waiveDeposit = (paymentId: PaymentId) =>
  order.enqueueActions(({ context, enqueue }) => {
    enqueue.emit(transfer(context, ["depositWaived", "customerDeposits", "receivables"], paymentId, context.plan.deposit))
    enqueue(closeCasesOf(paymentId))
  })

/** We cannot deliver: the deposit goes back, and as much again where the plan says penitential (Código Civil 1454, D-9). */
const returnDeposit = order.enqueueActions(({ context, enqueue }) => {
  const { orderId, customerId, charges, plan } = context
  for (const paymentId of chargesOf(context, "reservation", "received")) {
    const { settlement, dispute } = charges[paymentId]!
    if (settlement === "failed" && dispute !== "open") {
      enqueue(waiveDeposit(paymentId))
      continue
    }
    // While the bank has it there is nothing to return: `endDisputedDeposit`.
    if (dispute === "lost") enqueue(depositWentBack(paymentId))
    else if (dispute !== "open") enqueue(orderDepositBack(paymentId))
    if (plan.depositKind === "confirmatory") continue
    enqueue.emit(transfer(context, ["depositPenaltyOrdered", "depositPenalties", "refundsDue"], paymentId, plan.deposit))
    enqueue.emit(Payout.make({ orderId, customerId, amount: plan.deposit, reason: "DoubleReturn" }))
  }
})
export const close = (reason: ClosingReason) =>
  order.enqueueActions(({ context: { vin, orderId, dealershipId }, enqueue }) => {
    enqueue.assign({ closedBecause: reason })
    if (vin !== null) enqueue.emit(StockVehicle.make({ vin, orderId, dealershipId, reason }))
  })
const forfeitDeposit = order.enqueueActions(({ context, enqueue }) => {
  for (const paymentId of chargesOf(context, "reservation", "received"))
    enqueue.emit(transfer(context, ["depositForfeited", "customerDeposits", "forfeitedDeposits"], paymentId, context.plan.deposit))
})
/** The customer does not go through with it: the deposit is ours and the car is stock, in one turn (S18, SO-10). */
export const forfeit = (reason: ClosingReason) => [forfeitDeposit, close(reason)] as const

export const placeFactoryOrder = order.enqueueActions(({ context: { orderId, model, country, factory }, enqueue }) => {
  const attempt = factory.attempts + 1
  enqueue.assign({ factory: { ...factory, stage: "asked", attempts: attempt } })
  enqueue.emit(PlaceFactoryOrder.make({ orderId, model, country, attempt }))
})
export const askFactory = order.enqueueActions(({ context: { orderId, factory }, enqueue }) => {
  enqueue.assign({ factory: { ...factory, questions: factory.questions + 1 } })
  enqueue.emit(AskFactory.make({ orderId, attempt: factory.questions + 1 }))
})
export const keepFactoryNews = order.assign(({ context: { factory, vin }, event }) => ({
  factory: {
    ...factory,
    stage: stageSaid(event),
    orderId: "factoryOrderId" in event ? event.factoryOrderId : factory.orderId,
    expectedAt: event.type === "FactoryAccepted" ? event.expectedAt : factory.expectedAt
  },
  vin: event.type === "FactoryReportedReady" ? event.vin : vin
}))
export const keepShipping = order.assign(({ context: { factory }, event }) => ({
  factory: {
    ...factory,
    stage: factory.stage === "asked" ? ("accepted" as const) : factory.stage, // What is shipped was accepted.
    orderId: "factoryOrderId" in event ? event.factoryOrderId : factory.orderId,
    shippedAt: event.at
  }
}))
export const introduceVehicle = (assigned: boolean) =>
  order.enqueueActions(({ context: { vin, orderId, model, country, dealershipId }, event, enqueue }) => {
    const key = event.type === "FactoryReportedReady" && event.key !== undefined ? { key: event.key } : {}
    if (vin !== null) enqueue.emit(IntroduceVehicle.make({ vin, orderId, model, country, dealershipId, assigned, ...key }))
  })
const waitForFinalPayment = order.assign(({ context: { plan }, event }) => ({
  finalPaymentDueAt: daysAfter(event.at, plan.finalPaymentWindowDays)
}))

export const keepPapers = order.assign(({ context: { papers, registration }, event }) => {
  const supplied = event.type === "SupplyPapers" ? event.papers : []
  const kept = papers.filter(({ kind }) => !supplied.some((paper) => paper.kind === kind)) // A newer paper replaces the older.
  return { papers: [...kept, ...supplied], registration: { ...registration, newPapers: true } }
})
export const keepMissing = order.assign(({ event }) => ({ missing: missingSaid(event) }))
export const registerVehicle = order.enqueueActions(({ context, enqueue }) => {
  const { orderId, vin, country, customerId, papers, registration } = context
  const attempt = registration.attempts + 1
  enqueue.assign({ missing: [], registration: { ...registration, attempts: attempt, newPapers: false } })
  if (vin !== null) enqueue.emit(RegisterVehicle.make({ orderId, vin, country, customerId, papers, attempt }))
})
export const keepPlate = order.assign(({ context: { registration }, event }) =>
  event.type === "VehicleRegistered" ? { registration: { ...registration, id: event.registrationId, plate: event.plate } } : {}
)

export const bookTransport = order.enqueueActions(({ context: { orderId, vin, customerId, dealershipId, delivery }, enqueue }) => {
  const to = delivery.kind === "home" ? "customer" : "dealership"
  enqueue.assign({ transport: { id: null, to, departedAt: null } })
  if (vin !== null) enqueue.emit(BookTransport.make({ orderId, vin, customerId, dealershipId, to }))
})
export const keepTransport = order.assign(({ context: { transport }, event }) =>
  transport !== null && "transportId" in event ? { transport: { ...transport, id: event.transportId } } : {}
)
export const moveVehicle = (to: (typeof MoveVehicle.Type)["to"]) =>
  order.enqueueActions(({ context: { vin, orderId, customerId: ownerId, plan }, enqueue }) => {
    const owner = to === "customer" ? { ownerId, bundle: plan.bundle ?? [] } : {}
    if (vin !== null) enqueue.emit(MoveVehicle.make({ vin, orderId, to, ...owner }))
  })
/** Whatever a carrier says of a car, it has picked it up: custody has no gap even where the word of it was lost (S18). */
export const departed = order.enqueueActions(({ context: { transport }, event, enqueue }) => {
  if (transport === null || transport.departedAt !== null) return
  enqueue.assign({ transport: { ...transport, departedAt: event.at } })
  enqueue(moveVehicle("carrier"))
})
export const arrived = [keepTransport, departed, moveVehicle("dealership"), notify("ReadyForPickup")] as const
export const keepHandover = order.assign(({ event }) => ({
  handover: { at: event.at, proof: event.type === "TransportDelivered" ? event.proof : "pin" }
}))
/** The price is earned with the handover, its VAT with it, and the invoice is written. */
export const earnPayments = order.enqueueActions(({ context, enqueue }) => {
  const { price, vatPercent, customerId, country, vin, orderId, model } = context
  const vat = vatPercent === undefined ? 0 : vatWithin(price.amountMinor, vatPercent)
  const deposit = amountOf(context, "reservation")
  const ofDeposit = vatPercent === undefined ? 0 : vatWithin(deposit.amountMinor, vatPercent)
  const reservations = chargesOf(context, "reservation", "received")
  const finals = chargesOf(context, "final", "received")
  for (const id of reservations)
    enqueue.emit(transfer(context, ["depositApplied", "customerDeposits", "vehicleSales"], id, deposit, ofDeposit))
  for (const id of finals) {
    const amount = amountOf(context, "final")
    enqueue.emit(transfer(context, ["finalPaymentApplied", "customerPayments", "vehicleSales"], id, amount, vat - ofDeposit))
  }
  const paymentId = finals.at(-1) ?? reservations.at(-1)
  if (paymentId === undefined || vin === null || vatPercent === undefined) return
  enqueue.emit(IssueInvoice.make({ customerId, country, vin, orderId, paymentId, model, amount: price, vatPercent }))
})
export const refuseUnfitPlan = order.enqueueActions(({ context, enqueue }) => {
  if (!planFitsPrice(context)) enqueue(refuse("PlanDoesNotFitPrice"))
})

// ── Answers that several states share ─────────────────────────────────────────────────────────────────────────────

export const toAnyone = (reason: OrderRefusal) => ({ actions: refuse(reason) })
export const toTheCustomer = (reason: OrderRefusal) =>
  [{ guard: "askedByAStranger", actions: refuse("NotYourOrder") }, { actions: refuse(reason) }] as const
export const pay = (kind: PaymentKind) =>
  [
    { guard: "askedByAStranger", actions: refuse("NotYourOrder") },
    { guard: "paymentOutcomeUnknown", actions: refuse("PaymentOutcomeUnknown") },
    { guard: "paymentInProgress", actions: refuse("PaymentInProgress") },
    { guard: kind === "reservation" ? "depositOverdue" : "finalPaymentOverdue", actions: refuse("PaymentWindowClosed") },
    { actions: charge(kind) }
  ] as const
export const unbelievedPayment = [
  { guard: "paymentUnknown", actions: record("UnknownPayment") },
  { guard: "amountDiffers", actions: record("AmountMismatch") }
] as const
export const fromElsewhere = [
  { guard: "notOrdered", actions: record("NoFactoryOrder") },
  { guard: "anotherFactoryOrder", actions: record("AnotherFactoryOrder") }
] as const
export const byAnotherCarrier = [
  { guard: "noTransport", actions: record("NoTransport") },
  { guard: "anotherTransport", actions: record("AnotherTransport") }
] as const
export const factoryReport = [
  ...fromElsewhere,
  { guard: "factoryNews", actions: keepFactoryNews },
  { guard: "sameFactoryNews", actions: record("AlreadyKnown") },
  { actions: record("OlderThanKnown") }
] as const
export const carIsReady = {
  guard: "factoryNews",
  target: "#order.manufacturing.awaitingFinalPayment",
  actions: [keepFactoryNews, introduceVehicle(true), waitForFinalPayment]
} as const
export const weCannotDeliver = (reason: ClosingReason) =>
  ({ guard: "factoryNews", target: "#order.cancelled", actions: [keepFactoryNews, returnDeposit, close(reason)] }) as const
export const accepted = { guard: "factoryNews", target: "#order.manufacturing.building", actions: keepFactoryNews } as const
export const theCustomerLeaves = { target: "#order.forfeited", actions: forfeit("CancelledByCustomer") } as const
export const depositPaid = [
  {
    guard: "depositArrivedForStock",
    target: "#order.manufacturing.awaitingFinalPayment",
    actions: [receive("reservation"), notify("DepositReceived"), waitForFinalPayment]
  },
  { guard: "depositArrived", target: "ordering", actions: [receive("reservation"), notify("DepositReceived")] }
] as const
export const finalAmountPaid = {
  guard: "finalPaymentArrived",
  target: "#order.paid",
  actions: [receive("final"), notify("FinalPaymentReceived")]
} as const
export const closed = {
  PayReservation: toTheCustomer("OrderClosed"),
  PayFinalAmount: toTheCustomer("OrderClosed"),
  CancelOrder: toAnyone("OrderClosed"),
  SupplyPapers: toAnyone("OrderClosed"),
  ConfirmHandover: toAnyone("OrderClosed"),
  ReportCustomerAbsent: toAnyone("OrderClosed")
} as const
