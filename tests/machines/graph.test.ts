/** The walk through the charts: every state is reached, every transition is taken. */
import { describe, expect, test } from "bun:test"
import { getShortestPaths } from "xstate/graph"
import { orderMachine } from "#machines/order.ts"
import { vehicleMachine } from "#machines/vehicle.ts"
import { openings, orderPaths, routes, transitionsOf, waysFrom } from "./paths.ts"
import { after, heard, pathOf } from "./scenario.ts"
import { situations } from "./situations.ts"
import * as w from "./words.ts"

describe("the walk through the chart of the order", () => {
  test("reaches every state", () => {
    const reached = new Set(openings.flatMap((opening) => waysFrom(opening).map(({ snapshot }) => pathOf(snapshot.value))))
    const named = new Set(Object.values(situations).map((history) => pathOf(after(orderMachine, history).value)))
    expect(reached).toEqual(named)
  })
  test("takes every transition: nothing in the chart is dead", () => {
    const taken = new Set(routes().map(({ transition }) => transition))
    expect([...transitionsOf(orderMachine.root).values()].filter((name) => !taken.has(name))).toEqual([])
  })
  test("gives histories to replay elsewhere, of plain messages, none of them refused", () => {
    const paths = orderPaths()
    expect(paths.length).toBeGreaterThan(100)
    for (const path of paths) {
      expect(path[0]!.type).toBe("RegisterSale")
      expect(path.some((message) => "at" in message)).toBe(false)
      expect(after(orderMachine, path).status).toBe("active")
    }
  })
  test("takes a sale home, to the dealership, and to nothing", () => {
    const ends = new Set(orderPaths().map((path) => pathOf(after(orderMachine, path).value)))
    for (const end of ["delivered", "cancelled", "forfeited"]) expect(ends).toContain(end)
  })
})

describe("the walk through the chart of the vehicle", () => {
  const events = [
    w.built,
    w.assigned,
    w.but(w.assigned, { dealershipId: w.anotherDealership }),
    w.but(w.assigned, { orderId: w.orderId }),
    w.but(w.assigned, { plan: { ...w.plan, deposit: w.price } }),
    ...[w.orderId, w.nextOrderId].flatMap((of) => [
      w.stocked(of),
      w.moved("carrier", of),
      w.moved("dealership", of),
      w.moved("customer", of)
    ]),
    w.parked("OpenStockSale")
  ].map((message) => heard(message, 1)) as any

  test("takes every transition, and somebody always holds the car", () => {
    const taken = new Set<unknown>()
    const stood = new Set<string>()
    for (const opening of [w.built, w.builtForNobody])
      for (const { state } of getShortestPaths(vehicleMachine, {
        input: heard(opening, 0) as any,
        events,
        serializeState: ({ value, context }) => JSON.stringify([value, context.orderId, context.lineage]) as any
      })) {
        stood.add(pathOf(state.value))
        for (const event of events) for (const transition of vehicleMachine.getTransitionData(state, event)) taken.add(transition)
      }
    const dead = [...transitionsOf(vehicleMachine.root as any)].filter(([transition]) => !taken.has(transition))
    expect(dead.map(([, name]) => name)).toEqual([])
    const custodies = ["atFactory", "withCarrier", "atDealership"].flatMap((custody) => [
      `assignment.assigned custody.${custody}`,
      `assignment.unassigned custody.${custody}`
    ])
    expect(stood).toEqual(new Set([...custodies, "assignment.owned custody.withCustomer"]))
  })
})
