/** Every way through an order, found by walking its chart: the shortest history to each state, and from there each transition. */
import type { SnapshotFrom, StateNode } from "xstate"
import { getShortestPaths } from "xstate/graph"
import { orderMachine } from "#machines/order.ts"
import { after, heard, pathOf, type Said, say } from "./scenario.ts"
import * as w from "./words.ts"

export const openings = [w.sold, w.soldPenitential, w.soldForPickup, w.soldFromStock, w.soldAtDealership] as const

const outOfTime = { at: "2026-06-01T09:00:00.000Z" }

/** What may be said to an order, each message in the variants that its guards tell apart. */
export const vocabulary: ReadonlyArray<Said> = [
  w.sold,
  w.payReservation,
  w.but(w.payReservation, { customerId: w.stranger }),
  w.but(w.payReservation, outOfTime),
  w.payFinalAmount,
  w.but(w.payFinalAmount, { customerId: w.stranger }),
  w.but(w.payFinalAmount, outOfTime),
  w.cancelled,
  w.suppliedPapers,
  w.handover(),
  w.handover("000000"),
  w.saidAbsent,
  ...([1, 2] as const).flatMap((attempt) => [w.succeeded("reservation", attempt), w.declined("reservation", attempt)]),
  ...([1, 2, 3] as const).flatMap((attempt) => [w.succeeded("final", attempt), w.declined("final", attempt)]),
  ...(["reservation", "final"] as const).flatMap((kind) => [
    w.but(w.succeeded(kind), { amount: w.price }),
    w.settled(kind),
    w.but(w.settled(kind), { amount: w.price }),
    w.settlementFailed(kind),
    w.but(w.settlementFailed(kind), { amount: w.price }),
    w.returned(kind),
    w.but(w.returned(kind), { amount: w.price }),
    w.disputed(kind),
    w.but(w.disputed(kind), { amount: w.price }),
    w.disputeClosed(kind),
    w.disputeClosed(kind, "lost"),
    w.but(w.disputeClosed(kind), { amount: w.price }),
    w.refundFailed(kind),
    w.but(w.refundFailed(kind), { amount: w.price })
  ]),
  ...([1, 2] as const).flatMap((n) =>
    (["paid", "writtenOff", "paidOut", "dismissed"] as const).map((resolution) => w.riskResolved(resolution, n))
  ),
  w.accepted,
  w.but(w.accepted, { factoryOrderId: "fac_2" }),
  w.refusedByFactory,
  w.inProgress,
  w.but(w.inProgress, { factoryOrderId: "fac_2" }),
  w.ready,
  w.but(w.ready, { factoryOrderId: "fac_2" }),
  w.but(w.ready, { vin: w.anotherVin }),
  w.shipped,
  w.but(w.shipped, { factoryOrderId: "fac_2" }),
  w.cancelledByFactory,
  w.but(w.cancelledByFactory, { factoryOrderId: "fac_2" }),
  w.factoryKnowsNothing,
  w.registered,
  w.but(w.registered, { registrationId: "reg_2" }),
  w.registrationRefused,
  w.papersRequested,
  ...[w.booked, w.departed, w.delivered, w.absent, w.atDealership].flatMap((fact) => [fact, w.but(fact, { transportId: "tra_2" })]),
  ...["PlaceFactoryOrder", "ChargePayment", "RegisterVehicle", "Notify"].map(w.parked),
  w.depositWindow,
  w.factoryInquiry,
  w.factorySilence,
  w.finalPaymentReminder,
  w.but(w.finalPaymentReminder, outOfTime),
  w.finalPaymentWindow,
  w.portalPause,
  w.pickupReminder
]

export type OrderSnapshot = SnapshotFrom<typeof orderMachine>
type OrderEvent = Parameters<typeof orderMachine.transition>[1]

export const asHeard = (message: Said) => heard(message, 1) as OrderEvent

/** A timer fires only where it was set; any other message may come at any time. */
export const mayHear = (snapshot: OrderSnapshot, message: Said) =>
  !message.type.startsWith("xstate.after.") || orderMachine.getTransitionData(snapshot, asHeard(message)).length > 0

/** Two orders of one digest are walked on as one. Money matters until it is paid, papers while registering, the carrier after that. */
const digest = ({ value, context: { charges, riskCases, factory, missing, registration, transport } }: OrderSnapshot) => {
  const path = pathOf(value)
  if (path.startsWith("paid")) return JSON.stringify([path, missing, registration.newPapers])
  if (path.startsWith("registered") || path === "delivered")
    return JSON.stringify([path, transport?.id, transport?.departedAt !== null])
  const money = Object.entries(charges).map(([id, { status, settlement, dispute }]) => `${id} ${status} ${settlement} ${dispute}`)
  return JSON.stringify([path, money.sort(), riskCases.map(({ open }) => open), factory.stage, factory.shippedAt !== null])
}

/**
 * Where the walk goes on. Each of these multiplies the states without opening a new one, so it is followed in one place
 * only; everywhere it is still said (the table and the random histories do), and must be answered.
 */
const isFollowed = ({ value, context }: OrderSnapshot, message: Said) => {
  const path = pathOf(value)
  if (context.riskCases.length > 0 && message.type !== "DisputeClosed" && message.type !== "ResolveRiskCase") return false
  const charge = "paymentId" in message ? context.charges[message.paymentId as keyof typeof context.charges] : undefined
  switch (message.type) {
    case "PayReservation":
      return Object.keys(context.charges).length < 2 // A second attempt stands for all further ones.
    case "PaymentSucceeded":
      return charge?.status !== "declined" || path === "reserved.awaitingDeposit"
    case "PaymentSettled":
    case "PaymentSettlementFailed":
      return path === "reserved.ordering" || path === "cancelled"
    case "PaymentDisputed":
    case "DisputeClosed":
    case "RefundFailed":
    case "ResolveRiskCase":
      // Everywhere the same, a root's answers: one car of which nothing was built stands for all.
      return path === "cancelled" && context.factory.stage === "none" && Object.keys(context.charges).length === 1
    case "SupplyPapers":
      return path.startsWith("paid")
    case "FactoryReportedShipped":
      return path.startsWith("reserved")
    case "CommandParked":
      return !("command" in message) || message.command !== "ChargePayment" || path === "reserved.awaitingDeposit"
    default:
      return true
  }
}

export interface Way {
  readonly history: ReadonlyArray<Said>
  readonly snapshot: OrderSnapshot
}

/** The shortest history to everything an order can be. Walked once per opening. */
export const waysFrom = (opening: (typeof openings)[number]): ReadonlyArray<Way> => {
  if (!walked.has(opening)) walked.set(opening, walk(opening))
  return walked.get(opening)!
}
const walked = new Map<Said, ReadonlyArray<Way>>()

const walk = (opening: (typeof openings)[number]): ReadonlyArray<Way> =>
  getShortestPaths(orderMachine as any, {
    input: heard(opening, 0),
    events: (snapshot: any) =>
      vocabulary.filter((message) => mayHear(snapshot, message) && isFollowed(snapshot, message)).map(asHeard),
    serializeState: digest as any,
    serializeEvent: (event) => JSON.stringify(event)
  }).map(({ steps }) => {
    const history = [opening, ...steps.slice(1).map(({ event }) => event as unknown as Said)]
    return { history, snapshot: orderMachine.resolveState(after(orderMachine, history) as any) as OrderSnapshot }
  })

/** The transitions of the chart by their place in it: "order.paid.registering PapersRequested 0". */
export const transitionsOf = (node: StateNode<any, any>): Map<AnyTransition, string> => {
  const found = new Map<AnyTransition, string>()
  for (const [type, transitions] of node.transitions)
    transitions.forEach((transition, position) => {
      found.set(transition, `${node.id} ${type} ${position}`)
    })
  for (const child of Object.values(node.states)) for (const [transition, name] of transitionsOf(child)) found.set(transition, name)
  return found
}
type AnyTransition = ReturnType<OrderSnapshot["machine"]["getTransitionData"]>[number]

/** A history that ends by taking one transition of the chart. */
export interface Route {
  readonly transition: string
  readonly history: ReadonlyArray<Said>
}

/** One history for each transition that can be taken, the shortest we know. */
export const routes = (): ReadonlyArray<Route> => {
  const names = transitionsOf(orderMachine.root)
  const taken = new Map<string, ReadonlyArray<Said>>()
  for (const opening of openings)
    for (const { history, snapshot } of waysFrom(opening))
      for (const message of vocabulary.filter((one) => mayHear(snapshot, one)))
        for (const transition of orderMachine.getTransitionData(snapshot, asHeard(message))) {
          const name = names.get(transition as any)!
          if ((taken.get(name)?.length ?? Number.POSITIVE_INFINITY) > history.length + 1) taken.set(name, [...history, message])
        }
  return [...taken].map(([transition, history]) => ({ transition, history }))
}

/**
 * Histories of plain messages to replay against a real actor: together they take every transition of the chart that is
 * not a refusal. The first message opens the order; `{ type: "xstate.after.…" }` is the timer of that id, fired.
 * Messages bring no `at`: whoever replays them stamps it. Every step is accepted or recorded, none refused.
 */
export const orderPaths = (): Array<Array<Said>> => {
  const unrefused = routes().filter(
    ({ history }) => history.every((message) => !("at" in message) || message.at === asHeard(w.sold).at) && !isRefused(history)
  )
  return unrefused.map(({ history }) => history.map(({ at: _, ...message }: Said & { readonly at?: unknown }) => message))
}

const isRefused = (history: ReadonlyArray<Said>) => {
  const last = history.at(-1)!
  return say(orderMachine, after(orderMachine, history.slice(0, -1)), last, history.length - 1)._tag === "Refused"
}
