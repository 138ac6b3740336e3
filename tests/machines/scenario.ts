/** Reads a machine's behaviour as a sentence: given these messages, when this one, then. Time passes one minute per message. */
import { expect } from "bun:test"
import type { AnyStateMachine, StateValue } from "xstate"
import { wordsOf } from "#actors/system/behavior.ts"
import { type Decision, decide, type State } from "#actors/system/decide.ts"
import { ActivationRequest } from "#machines/activation.ts"
import { OrderRequest } from "#machines/order.ts"
import { VehicleRequest } from "#machines/vehicle.ts"

export interface Said {
  readonly type: string
}

const requests = new Set([OrderRequest, VehicleRequest, ActivationRequest].flatMap((union) => [...wordsOf(union)]))
const morning = Date.parse("2026-03-02T09:00:00.000Z")

/** The message as the machine hears the n-th of a history; one that brings its own `at` keeps it. */
export const heard = (message: Said, n: number) => ({ at: new Date(morning + n * 60_000).toISOString(), ...message })

export const say = (machine: AnyStateMachine, before: State | null, message: Said, n: number): Decision =>
  decide(machine, before, heard(message, n), requests.has(message.type))

/** A delay that has passed, as the machine hears it. */
export const passed = (delay: string, where: string, at?: string): Said => ({
  type: `xstate.after.${delay}.${where}`,
  ...(at === undefined ? {} : { at })
})

/** `{ manufacturing: "building" }` → "manufacturing.building"; of parallel regions, the sorted paths. */
export const pathOf = (value: StateValue): string =>
  typeof value === "string"
    ? value
    : Object.entries(value as Record<string, StateValue>)
        .map(([key, inner]) => `${key}.${pathOf(inner)}`)
        .sort()
        .join(" ")

/** The state after a history. A request that is refused on the way, or a message nobody expected, breaks the sentence. */
export const after = (machine: AnyStateMachine, past: ReadonlyArray<Said>): State => {
  let state: State | null = null
  past.forEach((message, n) => {
    const decision = say(machine, state, message, n)
    if (decision._tag === "Refused") throw new Error(`given: ${message.type} was refused: ${decision.reason}`)
    if (decision._tag === "Recorded" && decision.reason === "NotExpectedNow")
      throw new Error(`given: nobody expected ${message.type}`)
    if (decision._tag === "Accepted") state = decision.state
  })
  if (state === null) throw new Error("given: an empty history")
  return state
}

export const given = (machine: AnyStateMachine, ...past: ReadonlyArray<Said>) => {
  const before = past.length === 0 ? null : after(machine, past)
  return {
    context: before?.context,
    when: (message: Said) => {
      const decision = say(machine, before, message, past.length)
      const reading = decision._tag === "Accepted" ? decision : null
      const sentence = {
        /** Where it stands (of parallel regions, in those that are named), and the commands and records by their first word, in order. */
        thenStands: (path: string, ...emitted: ReadonlyArray<string>) => {
          expect(decision).toMatchObject({ _tag: "Accepted" })
          expect(pathOf(reading!.state.value).split(" ")).toEqual(expect.arrayContaining(path.split(" ")))
          expect(reading!.emitted.map(wordOf)).toEqual([...emitted])
          return sentence
        },
        /** Among what it said there is this, field by field. */
        thenSays: (...emitted: ReadonlyArray<object>) => {
          for (const one of emitted) expect(reading?.emitted ?? []).toContainEqual(expect.objectContaining(one))
          return sentence
        },
        thenKnows: (context: object) => {
          expect(reading?.state.context).toMatchObject(context)
          return sentence
        },
        /** The timers it has set, by the delay's name, in milliseconds. */
        thenWaits: (timers: Readonly<Record<string, number>>) => {
          const set = (reading?.timers ?? []).flatMap((timer) =>
            timer._tag === "Set" ? [[delayOf(timer.timerId), timer.afterMillis]] : []
          )
          expect(Object.fromEntries(set)).toEqual(timers)
          return sentence
        },
        thenRefused: (reason: string) => expect(decision).toEqual({ _tag: "Refused", reason }),
        thenRecorded: (reason: string) => expect(decision).toEqual({ _tag: "Recorded", reason })
      }
      return sentence
    }
  }
}

/** "Notify VehicleReady", "Transfer depositReceived", "PlaceFactoryOrder"; of a service, too: "Notify ServiceActive", "Transfer serviceCaptured". */
const wordOf = (one: object): string => {
  const { type, notice, kind } = one as { type: string; notice?: string; kind?: string }
  if (type === "Notify" || type === "NotifyCustomer") return `Notify ${notice}`
  return type === "Transfer" || type === "ServiceTransfer" ? `Transfer ${kind}` : type
}
const delayOf = (timerId: string) => timerId.split(".")[2]!
