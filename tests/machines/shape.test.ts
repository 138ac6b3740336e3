/** What a chart may be made of: states, waits and words. No end, no memory of its own, no hands. */
import { describe, expect, test } from "bun:test"
import type { StateNode } from "xstate"
import { activationMachine } from "#machines/activation.ts"
import { orderMachine } from "#machines/order.ts"
import { vehicleMachine } from "#machines/vehicle.ts"

const nodesOf = (node: StateNode<any, any>): ReadonlyArray<StateNode<any, any>> => [
  node,
  ...Object.values(node.states).flatMap(nodesOf)
]
const builtIn = /^xstate\.(assign|emit|enqueueActions|cancel|raise)$/ // The last two are how an `after` is written down.

for (const [name, machine] of Object.entries({ order: orderMachine, vehicle: vehicleMachine, activation: activationMachine }))
  describe(`the chart of the ${name}`, () => {
    const nodes = nodesOf(machine.root as any)

    test("has no end and no history, and starts nothing by itself", () => {
      expect(nodes.filter(({ type }) => type === "final" || type === "history").map(({ id }) => id)).toEqual([])
      expect(nodes.filter(({ invoke }) => invoke.length > 0).map(({ id }) => id)).toEqual([])
    })
    test("waits only for delays that have a name, so that a timer's row says what is waited for", () => {
      const named = new Set(Object.keys(machine.implementations.delays))
      for (const node of nodes) for (const { delay } of node.after) expect(named).toContain(String(delay))
    })
    test("does nothing but remember, emit and wait", () => {
      const actions = nodes.flatMap((node) => [
        ...node.entry,
        ...node.exit,
        ...[...node.transitions.values(), ...(node.always ? [node.always] : [])].flatMap((some) =>
          some.flatMap((one) => one.actions)
        )
      ])
      expect(actions.length).toBeGreaterThan(5)
      for (const action of actions) expect((action as any).type).toMatch(builtIn)
    })
    test("asks only for guards that have a name", () => {
      const named = new Set(Object.keys(machine.implementations.guards))
      const guards = nodes.flatMap((node) => [...node.transitions.values()].flatMap((some) => some.map(({ guard }) => guard)))
      for (const guard of guards.filter((one) => typeof one === "string")) expect(named).toContain(guard as string)
    })
    test("uses every guard and every delay it names", () => {
      const text = JSON.stringify(
        nodes.flatMap((node) => [...node.transitions.values(), node.always ?? []].flat().map((one) => one.guard))
      )
      for (const guard of Object.keys(machine.implementations.guards)) expect(text).toContain(`"${guard}"`)
      const waited = nodes.flatMap((node) => node.after.map(({ delay }) => String(delay)))
      expect(new Set(waited)).toEqual(new Set(Object.keys(machine.implementations.delays)))
    })
  })

describe("the states of a vehicle", () => {
  test("bear the names that are stored: renaming one is a migration", () => {
    const atomic = nodesOf(vehicleMachine.root as any).filter(({ type }) => type === "atomic")
    expect(atomic.map(({ path }) => path.join("."))).toEqual([
      "custody.atFactory",
      "custody.withCarrier",
      "custody.atDealership",
      "custody.withCustomer",
      "assignment.assigned",
      "assignment.unassigned",
      "assignment.owned",
      "app.unlinked",
      "app.linked",
      "security.secure",
      "security.stolen",
      "warranty.valid",
      "warranty.lost",
      "configuration.synchronised",
      "configuration.waiting"
    ])
  })
})

describe("the states of an order", () => {
  test("bear the names that are stored: renaming one is a migration", () => {
    const atomic = nodesOf(orderMachine.root as any).filter(({ type }) => type === "atomic")
    expect(atomic.map(({ path }) => path.join("."))).toEqual([
      "reserved.awaitingDeposit",
      "reserved.ordering",
      "reserved.orderUnknown",
      "manufacturing.building",
      "manufacturing.awaitingFinalPayment",
      "paid.registering",
      "paid.papersMissing",
      "paid.portalDown",
      "registered.inTransit",
      "registered.returned",
      "registered.awaitingPickup",
      "delivered",
      "cancelled",
      "forfeited"
    ])
  })
  test("are closed when the sale is over, and know of no car left alone", () => {
    const nodes = nodesOf(orderMachine.root as any)
    expect(nodes.filter(({ tags }) => tags.includes("closed")).map(({ key }) => key)).toEqual([
      "delivered",
      "cancelled",
      "forfeited"
    ])
    expect(nodes.filter(({ key }) => /unattended|street/i.test(key))).toEqual([])
  })
})

describe("the states of an activation", () => {
  test("bear the names that are stored: renaming one is a migration", () => {
    const atomic = nodesOf(activationMachine.root as any).filter(({ type }) => type === "atomic")
    expect(atomic.map(({ path }) => path.join("."))).toEqual([
      "service.pending.paying",
      "service.pending.configuring",
      "service.pending.waitingForParking",
      "service.retry",
      "service.active",
      "service.escalated.open",
      "service.escalated.giving",
      "service.escalated.closed",
      "service.ended",
      "service.withdrawn",
      "service.cancelled",
      "service.declined",
      ...["free", "authorising", "actionRequired", "authorised", "capturing", "mandating", "mandated", "running"].map(
        (name) => `money.${name}`
      ),
      ...["charging", "confirming", "owed", "uncollected", "writtenOff", "captured", "billed"].map((name) => `money.${name}`),
      ...["voiding", "voided", "refunding", "refundFailed", "refunded", "declined"].map((name) => `money.${name}`)
    ])
  })
  test("are closed when nothing of the service is left to come", () => {
    const closed = nodesOf(activationMachine.root as any).filter(({ tags }) => tags.includes("closed"))
    expect(closed.map(({ path }) => path.slice(1).join("."))).toEqual([
      "escalated.closed",
      "ended",
      "withdrawn",
      "cancelled",
      "declined"
    ])
  })
})
