/** Every message in every state has an answer: handled, refused with a reason, or recorded with a reason. No cell is empty. */
import { describe, expect, test } from "bun:test"
import type { StateNode } from "xstate"
import { wordsOf } from "#actors/system/behavior.ts"
import { OrderMessage, orderMachine } from "#machines/order.ts"
import { VehicleMessage, vehicleMachine } from "#machines/vehicle.ts"
import { orderTable } from "./order-table.ts"
import { mayHear, openings, vocabulary, waysFrom } from "./paths.ts"
import { after, pathOf, type Said, say } from "./scenario.ts"
import { sayings, situations } from "./situations.ts"
import * as w from "./words.ts"

const outcome = (machine: typeof orderMachine | typeof vehicleMachine, history: ReadonlyArray<Said>, message: Said) => {
  const decision = say(machine, after(machine, history), message, history.length)
  return decision._tag === "Accepted"
    ? `handled → ${pathOf(decision.state.value)}`
    : `${decision._tag.toLowerCase()} ${decision.reason}`
}
const leavesOf = (node: StateNode<any, any>): ReadonlyArray<string> =>
  node.type === "atomic" ? [node.path.join(".")] : Object.values(node.states).flatMap(leavesOf)

describe("the table of the order", () => {
  for (const [name, message] of Object.entries(sayings))
    test(name, () => {
      const lines: Record<string, string> = {}
      for (const [where, history] of Object.entries(situations)) {
        const line = outcome(orderMachine, history, message)
        lines[line] = lines[line] === undefined ? where : `${lines[line]} ${where}`
      }
      expect(lines).toEqual(orderTable[name]!)
    })
  test("has a row for every message and a column for every state", () => {
    const said = new Set(Object.values(sayings).map(({ type }) => type))
    expect([...wordsOf(OrderMessage)].filter((type) => !said.has(type as never))).toEqual([])
    const stood = new Set(Object.values(situations).map((history) => pathOf(after(orderMachine, history).value)))
    expect([...stood].sort()).toEqual([...leavesOf(orderMachine.root)].sort())
  })
  test("has no empty cell wherever the walk through the chart comes", () => {
    let asked = 0
    for (const opening of openings)
      for (const { history, snapshot } of waysFrom(opening)) {
        const { value, context, status } = snapshot as any
        for (const message of vocabulary)
          if (mayHear(snapshot, message)) {
            const decision = say(orderMachine, { value, context, status }, message, history.length)
            if (decision._tag !== "Accepted" && decision.reason === "NotExpectedNow")
              throw new Error(`${message.type} meets silence in ${pathOf(value)}`)
            asked++
          }
      }
    expect(asked).toBeGreaterThan(100_000)
  })
})

describe("the table of the vehicle", () => {
  const sold = [w.built, w.stocked(), w.assigned]
  const places = {
    factory: [],
    carrier: [w.moved("carrier")],
    dealership: [w.moved("carrier"), w.moved("dealership")]
  }
  const columns = Object.fromEntries([
    ...Object.entries(places).map(([place, way]) => [`assigned, ${place}`, [w.built, ...way]]),
    ...Object.entries(places).map(([place, way]) => [`unassigned, ${place}`, [w.built, ...way, w.stocked()]]),
    ["owned", [w.built, w.moved("customer")]]
  ]) as Readonly<Record<string, ReadonlyArray<Said>>>
  const row = (message: Said) =>
    Object.fromEntries(Object.entries(columns).map(([name, past]) => [name, outcome(vehicleMachine, past, message)]))
  const stands = (assignment: string, custody: string) => `handled → assignment.${assignment} custody.${custody}`
  const everywhere = (answer: string) => Object.fromEntries(Object.keys(columns).map((name) => [name, answer]))
  const unassigned = (answer: string) => Object.fromEntries(Object.keys(places).map((place) => [`unassigned, ${place}`, answer]))

  test("AssignVehicle", () =>
    expect(row(w.assigned)).toEqual({
      ...everywhere("refused AlreadyAssigned"),
      "unassigned, factory": stands("assigned", "atFactory"),
      "unassigned, carrier": stands("assigned", "withCarrier"),
      "unassigned, dealership": stands("assigned", "atDealership")
    }))
  test("VehicleBuilt", () => expect(row(w.built)).toEqual(everywhere("recorded AlreadyBuilt")))
  test("VehicleStocked", () =>
    expect(row(w.stocked())).toEqual({
      "assigned, factory": stands("unassigned", "atFactory"),
      "assigned, carrier": stands("unassigned", "withCarrier"),
      "assigned, dealership": stands("unassigned", "atDealership"),
      ...unassigned("recorded AlreadyStock"),
      owned: "recorded AlreadyWithCustomer"
    }))
  test("VehicleMoved to a carrier", () =>
    expect(row(w.moved("carrier"))).toEqual({
      "assigned, factory": stands("assigned", "withCarrier"),
      "assigned, carrier": "recorded AlreadyKnown",
      "assigned, dealership": stands("assigned", "withCarrier"),
      ...unassigned("recorded NotTheCurrentOrder"),
      owned: "recorded AlreadyWithCustomer"
    }))
  test("VehicleMoved to the dealership", () =>
    expect(row(w.moved("dealership"))).toEqual({
      "assigned, factory": stands("assigned", "atDealership"),
      "assigned, carrier": stands("assigned", "atDealership"),
      "assigned, dealership": "recorded AlreadyKnown",
      ...unassigned("recorded NotTheCurrentOrder"),
      owned: "recorded AlreadyWithCustomer"
    }))
  test("VehicleMoved to the customer", () =>
    expect(row(w.moved("customer"))).toEqual({
      "assigned, factory": stands("owned", "withCustomer"),
      "assigned, carrier": stands("owned", "withCustomer"),
      "assigned, dealership": stands("owned", "withCustomer"),
      ...unassigned("recorded NotTheCurrentOrder"),
      owned: "recorded AlreadyKnown"
    }))
  test("CommandParked", () => expect(row(w.parked("OpenStockSale"))).toEqual(everywhere("recorded WaitsForAnOperator")))
  test("has a row for every message", () => {
    const rows = [w.assigned, w.built, w.stocked(), w.moved("carrier"), w.parked("OpenStockSale")].map(({ type }) => type)
    expect(new Set<string>(rows)).toEqual(new Set(wordsOf(VehicleMessage)))
    expect(after(vehicleMachine, sold).context.orderId).toBe(w.nextOrderId)
  })
})
