/** Everything that may be said to a car, and a walk through all that a car can be: the shortest history to each. */

import { wordsOf } from "#actors/system/behavior.ts"
import { decide, type State } from "#actors/system/decide.ts"
import { VehicleRequest, vehicleMachine } from "#machines/vehicle.ts"
import { heard, type Said } from "./scenario.ts"
import * as v from "./vehicle-words.ts"
import * as w from "./words.ts"

const stranger = { customerId: w.stranger }
const expired = { at: "2026-03-02T12:00:00.000Z" }
const running = v.running([v.sport])

/** Each message in the variants that its guards tell apart. */
export const vocabulary: ReadonlyArray<Said> = [
  w.assigned,
  w.but(w.assigned, { dealershipId: w.anotherDealership }),
  w.but(w.assigned, { orderId: w.orderId }),
  w.but(w.assigned, { plan: { ...w.plan, deposit: w.price } }),
  ...[w.orderId, w.nextOrderId].flatMap((of) => [
    w.stocked(of),
    ...(["carrier", "dealership", "customer"] as const).map((to) => ({
      ...w.moved(to, of),
      ownerId: w.customerId,
      bundle: [v.seats]
    }))
  ]),
  v.builtWithKey,
  v.purchased(v.sport),
  v.purchased(v.snow),
  w.but(v.purchased(v.sport), stranger),
  v.paired(3, 300),
  v.linked,
  w.but(v.linked, stranger),
  w.but(v.linked, expired),
  w.but(v.linked, { codeHash: "d".repeat(64) }),
  v.unlinked,
  w.but(v.unlinked, stranger),
  v.commanded(),
  w.but(v.commanded(), stranger),
  v.stolen,
  w.but(v.stolen, stranger),
  v.stolenBySupport,
  v.theftEnded,
  w.but(v.theftEnded, stranger),
  v.transferred,
  w.but(v.transferred, { sellerId: w.stranger }),
  w.but(v.transferred, { buyerId: w.customerId }),
  v.wanted(v.sport),
  v.wanted(v.sport, { n: 2 }),
  v.wanted(v.snow),
  v.dropped(v.sport),
  v.dropped(v.sport, 2),
  v.reported(1, 0),
  v.reported(2, 0, [], { waitingVersion: 1 }),
  v.reported(4, 1, running),
  v.reported(5, 1, []),
  v.reported(6, 1, [], v.refusedBy(v.sport)),
  v.reported(7, 0),
  v.reported(8, 9, running),
  v.reported(9, 2_000_000_000),
  v.checked("current"),
  v.checked("overdue", v.pilot),
  v.checked("unavailable", null, "2026-03-02T08:00:00.000Z"),
  w.parked("ConfigureVehicle"),
  v.nextTry()
]
export const openings = [v.builtWithKey, v.builtBehindApi, w.built, w.but(v.builtWithKey, { assigned: false })] as const

const requests = wordsOf(VehicleRequest)
/** One minute after the opening, whatever it is: what time does is told in sentences. */
export const saidTo = (state: State, message: Said) => decide(vehicleMachine, state, heard(message, 1), requests.has(message.type))

/** A timer fires only where it was set. */
export const mayHear = ({ value }: State, { type }: Said) =>
  !type.startsWith("xstate.after.") || (value as { configuration: string }).configuration === "waiting"

/** Two cars of one digest are walked on as one: numbers, instants and the past do not multiply what a car can be. */
const digest = ({ value, context: c }: State) =>
  JSON.stringify([
    value,
    c.orderId,
    c.owner,
    c.purchases.map(({ option }: { option: string }) => option),
    c.desired.map(({ option, confirmed, rejected }: any) => [option, confirmed !== null, rejected !== null]),
    c.reported === null ? null : [Math.sign(c.reported.cfgVersion - c.cfgVersion), c.reported.waitingVersion !== null],
    c.pairing?.used ?? null,
    c.remote.length > 0
  ])

/**
 * Where the walk goes on. The sale, the phone, theft and maintenance neither open nor close anything for services and reports: they are
 * followed alone; everywhere all of it is said, and must be answered.
 */
const strands: ReadonlyArray<(message: Said) => boolean> = [
  ({ type }) => /^(VehicleMoved|VehicleStocked|AssignVehicle|PurchaseOption)$/.test(type),
  ({ type }) => /^(PurchaseOption|OptionWanted|OptionDropped|VehicleReported|xstate)/.test(type),
  (message) =>
    /^(LinkApp|UnlinkApp|ReportTheft|EndTheft|TransferOwnership|MaintenanceChecked|SendRemote)/.test(message.type) ||
    "done" in message
]

export interface Place {
  readonly state: State
  readonly history: ReadonlyArray<Said>
}

const walk = (opening: Said, isFollowed: (message: Said) => boolean, start: ReadonlyArray<Said>): ReadonlyArray<Place> => {
  const first = start.reduce<State | null>((state, message) => {
    const decision = state === null ? decide(vehicleMachine, null, heard(opening, 0), false) : saidTo(state, message)
    return decision._tag === "Accepted" ? decision.state : state
  }, null)
  const found = new Map<string, Place>([[digest(first!), { state: first!, history: start }]])
  for (const place of found.values()) // Grows while it is walked.
    for (const message of vocabulary) {
      if (!isFollowed(message) || !mayHear(place.state, message)) continue
      const decision = saidTo(place.state, message)
      if (decision._tag !== "Accepted") continue
      const key = digest(decision.state)
      if (!found.has(key)) found.set(key, { state: decision.state, history: [...place.history, message] })
    }
  return [...found.values()]
}

/** Walked once. */
export const places = (): ReadonlyArray<Place> => {
  known ??= openings.flatMap((opening) =>
    strands.flatMap((isFollowed, strand) => walk(opening, isFollowed, strand === 0 ? [opening] : [opening, v.handedOver()]))
  )
  return known
}
let known: ReadonlyArray<Place> | undefined
