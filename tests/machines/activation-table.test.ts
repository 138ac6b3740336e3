/** Every message in every state of a purchased service has an answer, every state is reached, and every transition is taken. */
import { describe, expect, test } from "bun:test"
import type { StateNode } from "xstate"
import { wordsOf } from "#actors/system/behavior.ts"
import { ActivationMessage, activationMachine } from "#machines/activation.ts"
import { sayings, situations } from "./activation-situations.ts"
import { activationTable } from "./activation-table.ts"
import { openings, saidTo, sayableTo, waysFrom } from "./activation-walk.ts"
import * as a from "./activation-words.ts"
import { transitionsOf } from "./paths.ts"
import { after, heard, pathOf, say } from "./scenario.ts"

const leavesOf = (node: StateNode<any, any>): ReadonlyArray<string> =>
  node.type === "atomic" ? [node.path.join(".")] : Object.values(node.states).flatMap(leavesOf)
const leaves = leavesOf(activationMachine.root as any)
const regions = (value: any) => pathOf(value).split(" ")

describe("the table of the activation", () => {
  test.each(Object.entries(sayings))("%s", (name, message) => {
    const lines: Record<string, string> = {}
    for (const [where, history] of Object.entries(situations)) {
      const before = after(activationMachine, history)
      const decision = say(activationMachine, before, message, history.length)
      const now = decision._tag === "Accepted" ? pathOf(decision.state.value) : ""
      const stays = now === pathOf(before.value)
      const line =
        decision._tag === "Accepted"
          ? stays
            ? "handled"
            : `handled → ${now}`
          : `${decision._tag.toLowerCase()} ${decision.reason}`
      lines[line] = lines[line] === undefined ? where : `${lines[line]} ${where}`
    }
    expect(lines).toEqual(activationTable[name]!)
  })
  test("has a row for every message, and a column for every state of both regions", () => {
    const said = new Set<string>(Object.values(sayings).map(({ type }) => type))
    expect([...wordsOf(ActivationMessage)].filter((type) => !said.has(type))).toEqual([])
    const stood = new Set(Object.values(situations).flatMap((history) => regions(after(activationMachine, history).value)))
    expect([...stood].sort()).toEqual([...leaves].sort())
  })
})

describe("the walk through the chart of the activation", () => {
  test("meets no silence, reaches every state and takes every transition: nothing in the chart is dead", () => {
    const stood = new Set<string>()
    const taken = new Set<unknown>()
    const silent = new Set<string>()
    let asked = 0
    const look = (state: Parameters<typeof saidTo>[0] & object, message: Parameters<typeof saidTo>[1]) => {
      const snapshot = activationMachine.resolveState(state as any)
      for (const transition of activationMachine.getTransitionData(snapshot, heard(message, 1) as any)) taken.add(transition)
      const decision = saidTo(state, message)
      if (decision._tag !== "Accepted" && decision.reason === "NotExpectedNow")
        silent.add(`${message.type} in ${pathOf(state.value)}`)
      asked++
      return decision
    }
    for (const opening of openings)
      for (const { state } of waysFrom(opening)) {
        for (const region of regions(state.value)) stood.add(region)
        for (const message of sayableTo(state)) look(state, message)
      }
    const followed = new Set([
      "PaymentDisputed",
      "DisputeClosed",
      "PaymentSettlementFailed",
      "RefundFailed",
      "ResolveRiskCase",
      "PayDebt"
    ])
    const months = [
      [a.purchased({ ...a.monthly, price: a.nothing }), a.granted(), a.confirmed(null)],
      [...a.toMonthUncollected(), a.cancelled]
    ]
    for (const history of [...Object.values(situations), ...months]) {
      const state = after(activationMachine, history)
      for (const region of regions(state.value)) stood.add(region)
      for (const message of sayableTo(state)) {
        const once = look(state, message)
        if (once._tag === "Accepted" && followed.has(message.type)) for (const next of sayableTo(once.state)) look(once.state, next)
      }
    }
    for (const fact of [a.settled(), a.settlementFailed()]) {
      const once = look(after(activationMachine, a.toActive()), fact)
      if (once._tag === "Accepted") look(once.state, fact) // Said twice: the second time it is known.
    }
    expect([...silent]).toEqual([])
    expect([...stood].sort()).toEqual([...leaves].sort())
    const dead = [...transitionsOf(activationMachine.root as any)].filter(([transition]) => !taken.has(transition))
    expect(dead.map(([, name]) => name)).toEqual([])
    expect(asked).toBeGreaterThan(100_000)
  }, 120_000)

  test("never takes money for a service that its car has not confirmed, and opens no more than one case", () => {
    for (const opening of openings)
      for (const { state } of waysFrom(opening)) {
        const money = (state.value as { readonly money: string }).money
        if (["capturing", "charging", "captured", "owed"].includes(money)) expect(state.context.receiptId).not.toBeNull()
        if (state.context.supportCase !== "none") expect(state.context.tries.length).toBe(state.context.terms.retries + 1)
      }
  }, 120_000)
})
