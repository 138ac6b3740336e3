/** Every message in every state of an order has an answer: handled, refused with a reason, or recorded with a reason. No cell is empty. */
import { describe, expect, test } from "bun:test"
import type { StateNode } from "xstate"
import { wordsOf } from "#actors/system/behavior.ts"
import { OrderMessage, orderMachine } from "#machines/order.ts"
import { orderTable } from "./order-table.ts"
import { mayHear, openings, vocabulary, waysFrom } from "./paths.ts"
import { after, pathOf, type Said, say } from "./scenario.ts"
import { sayings, situations } from "./situations.ts"

const outcome = (history: ReadonlyArray<Said>, message: Said) => {
  const decision = say(orderMachine, after(orderMachine, history), message, history.length)
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
        const line = outcome(history, message)
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
