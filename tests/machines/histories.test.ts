/** Random histories: whatever is said to an order, in whatever order, the money adds up and the car is never early. */
import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import type { State } from "#actors/system/decide.ts"
import { orderMachine, type Transfer } from "#machines/order.ts"
import { openings, vocabulary } from "./paths.ts"
import { pathOf, type Said, say } from "./scenario.ts"
import * as w from "./words.ts"

type Posting = typeof Transfer.Type
const messages = vocabulary.filter(({ type }) => !type.startsWith("xstate.after."))

/** Everything that came of a history, and the timers as Postgres would keep them. */
interface World {
  state: State
  n: number
  readonly said: Array<any>
  readonly timers: Set<string>
}

const hear = (world: World | null, message: Said): World => {
  const decision = say(orderMachine, world?.state ?? null, message, world?.n ?? 0)
  const next = world ?? { state: null as unknown as State, n: 0, said: [], timers: new Set<string>() }
  next.n += 1
  next.timers.delete(message.type)
  if (decision._tag !== "Accepted") {
    expect(decision.reason).not.toBe("NotExpectedNow")
    return next
  }
  next.state = decision.state
  next.said.push(...decision.emitted)
  for (const { _tag, timerId } of decision.timers) {
    if (_tag === "Set") next.timers.add(timerId)
    else next.timers.delete(timerId)
  }
  return next
}
const wouldMove = (world: World, message: Said) => say(orderMachine, world.state, message, world.n)._tag === "Accepted"

/** Half of what is said leads on, the other half is anything at all. */
const histories = fc.tuple(
  fc.constantFrom(...openings),
  fc.array(fc.tuple(fc.boolean(), fc.nat()), { minLength: 5, maxLength: 40 })
)

const live = ([opening, choices]: [Said, ReadonlyArray<readonly [boolean, number]>], watch: (world: World) => void) => {
  const world = hear(null, opening)
  watch(world)
  for (const [leadsOn, choice] of choices) {
    const sayable = [...messages, ...[...world.timers].map((type) => ({ type }))]
    const leading = leadsOn ? sayable.filter((message) => wouldMove(world, message)) : []
    const chosen = leading.length > 0 ? leading : sayable
    hear(world, chosen[choice % chosen.length]!)
    watch(world)
  }
}

const countOf = (said: ReadonlyArray<any>, type: string, more: object = {}) =>
  said.filter((one) => one.type === type && Object.entries(more).every(([key, value]) => one[key] === value)).length
const balanceOf = (said: ReadonlyArray<any>, account: Posting["debit"]) =>
  said
    .filter((one): one is Posting => one.type === "Transfer")
    .reduce(
      (sum, { debit, credit, amountMinor }) => sum + (debit === account ? amountMinor : 0) - (credit === account ? amountMinor : 0),
      0
    )

describe("an order, whatever happens to it", () => {
  test("posts a transfer once, and owes nobody less than nothing", () => {
    fc.assert(
      fc.property(histories, (history) =>
        live(history as any, ({ said }) => {
          const keys = said.filter(({ type }) => type === "Transfer").map(({ kind, paymentId }) => `${kind} ${paymentId}`)
          expect(new Set(keys).size).toBe(keys.length)
          const assets = ["gateway", "bank", "receivables", "disputes", "badDebts"] as const
          expect(assets.reduce((sum, account) => sum + balanceOf(said, account), 0)).toBeGreaterThanOrEqual(0)
          for (const liability of ["customerDeposits", "customerPayments", "refundsDue"] as const)
            expect(balanceOf(said, liability)).toBeLessThanOrEqual(0) // Credits are negative here.
        })
      ),
      { numRuns: 150, includeErrorInReport: true }
    )
  })
  test("keeps, returns or earns the deposit once, and gives each payment back at most once", () => {
    fc.assert(
      fc.property(histories, (history) =>
        live(history as any, ({ said, state }) => {
          const ends = ["depositForfeited", "depositReturnOrdered", "depositApplied", "depositWaived"].map((kind) =>
            countOf(said, "Transfer", { kind })
          )
          expect(ends.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(1)
          expect(countOf(said, "Transfer", { kind: "depositReceived" })).toBeLessThanOrEqual(1)
          expect(countOf(said, "Payout")).toBeLessThanOrEqual(1)
          const back = said.filter(({ type }) => type === "ReturnPayment").map(({ paymentId }) => paymentId)
          expect(new Set(back).size).toBe(back.length)
          if (typeof state.value === "string") {
            // A closed order holds nobody's money, unless a bank has yet to say whose it is.
            const disputed = Object.values<any>(state.context.charges).some(({ dispute }) => dispute === "open")
            if (!disputed) expect(balanceOf(said, "customerDeposits")).toBe(0)
            expect(balanceOf(said, "customerPayments")).toBe(0)
          }
        })
      ),
      { numRuns: 150, includeErrorInReport: true }
    )
  })
  test("orders after the deposit, registers after the final payment, hands over after the registration", () => {
    fc.assert(
      fc.property(histories, (history) =>
        live(history as any, ({ said, state }) => {
          const first = (type: string, more: object = {}) => {
            const at = said.findIndex(
              (one) => one.type === type && Object.entries(more).every(([key, value]) => one[key] === value)
            )
            return at === -1 ? Number.POSITIVE_INFINITY : at
          }
          const neverBefore = (earlier: number, later: number) =>
            expect(later === Number.POSITIVE_INFINITY || earlier < later).toBe(true)
          neverBefore(first("Transfer", { kind: "depositReceived" }), first("PlaceFactoryOrder"))
          neverBefore(first("Transfer", { kind: "finalPaymentReceived" }), first("RegisterVehicle"))
          neverBefore(first("Notify", { notice: "VehicleRegistered" }), first("MoveVehicle", { to: "customer" }))
          for (const once of ["IntroduceVehicle", "BookTransport", "StockVehicle"])
            expect(countOf(said, once)).toBeLessThanOrEqual(1)
          const handed = countOf(said, "MoveVehicle", { to: "customer" })
          expect(handed).toBe(state.value === "delivered" ? 1 : 0)
        })
      ),
      { numRuns: 150, includeErrorInReport: true }
    )
  })
  test("waits exactly for what its state waits for: no timer is lost, none is left behind", () => {
    fc.assert(
      fc.property(histories, (history) =>
        live(history as any, ({ state, timers }) => {
          const nodes = orderMachine.resolveState(state as any)._nodes
          const waited = nodes.flatMap((node) => node.after.map(({ eventType }) => eventType))
          const halfWay = waited.filter((id) => !timers.has(id))
          expect(halfWay.filter((id) => !id.includes("finalPaymentReminder"))).toEqual([]) // The one that fires without leaving.
          expect([...timers].filter((id) => !waited.includes(id as never))).toEqual([])
        })
      ),
      { numRuns: 100, includeErrorInReport: true }
    )
  })
})

const permutations = <A>(all: ReadonlyArray<A>): ReadonlyArray<ReadonlyArray<A>> =>
  all.length < 2 ? [all] : all.flatMap((one, n) => permutations(all.toSpliced(n, 1)).map((others) => [one, ...others]))

/** What is left when instants are forgotten. */
const standing = ({ state: { value, context }, said }: World) => ({
  path: pathOf(value),
  charges: context.charges,
  stage: context.factory.stage,
  shipped: context.factory.shippedAt !== null,
  transportId: context.transport?.id,
  moves: said.filter(({ type }) => type === "MoveVehicle").map(({ to }) => to),
  // A settlement is booked when it is heard; each payment's own entries are in order.
  transfers: said
    .filter(({ type }) => type === "Transfer")
    .map(({ kind, paymentId }) => `${paymentId} ${kind}`)
    .sort()
})
const ends = (history: ReadonlyArray<Said>, facts: ReadonlyArray<Said>) =>
  new Set(
    permutations(facts).map((order) => {
      const world = [...history, ...order, ...order].reduce<World | null>(hear, null)! // And all of it a second time.
      return JSON.stringify(standing(world))
    })
  )

describe("webhooks in any order, and twice", () => {
  test("bring a factory's car to the same end", () => {
    const facts = [w.accepted, w.inProgress, w.ready, w.shipped, w.settled("reservation")]
    expect(ends(w.toOrdering(), facts).size).toBe(1)
    expect(ends(w.toUnknown(), facts).size).toBe(1)
  })
  test("bring a car whose customer was absent to the dealership", () => {
    const facts = [w.booked, w.departed, w.absent, w.atDealership, w.settled("final"), w.shipped]
    const [end, ...others] = ends([...w.toPaid(), w.registered], facts)
    expect(others).toEqual([])
    expect(JSON.parse(end!)).toMatchObject({ path: "registered.awaitingPickup", moves: ["carrier", "dealership"] })
  })
  test("deliver a car once", () => {
    const facts = [w.booked, w.departed, w.delivered, w.settled("final"), w.settlementFailed("reservation"), w.shipped]
    const [end, ...others] = ends([...w.toPaid(), w.registered], facts)
    expect(others).toEqual([])
    expect(JSON.parse(end!)).toMatchObject({ path: "delivered", moves: ["carrier", "customer"] })
  })
})
