/** The walk through the chart of the order: every state is reached, every transition is taken. */
import { describe, expect, test } from "bun:test"
import { orderMachine } from "#machines/order.ts"
import { openings, orderPaths, routes, transitionsOf, waysFrom } from "./paths.ts"
import { after, pathOf } from "./scenario.ts"
import { situations } from "./situations.ts"

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
