/** The one place that runs a machine. Pure: same state, same message, same decision. */
import { type ActorScope, type AnyMachineSnapshot, type AnyStateMachine, createActor, type StateValue } from "xstate"
import type { Tagged } from "./actor-type.ts"

/** An actor's state as Postgres keeps it. */
export interface State {
  readonly value: StateValue
  readonly context: any
  readonly status: "active" | "done" | "error" | "stopped"
}

export type TimerChange =
  | { readonly _tag: "Set"; readonly timerId: string; readonly afterMillis: number }
  | { readonly _tag: "Cancel"; readonly timerId: string }

export type Decision =
  | {
      readonly _tag: "Accepted"
      readonly state: State
      readonly emitted: ReadonlyArray<Tagged> // Commands and records, in the machine's order.
      readonly timers: ReadonlyArray<TimerChange> // In the machine's order: re-entering a state cancels, then sets.
    }
  /** A fact that changed nothing, and why. */
  | { readonly _tag: "Recorded"; readonly reason: string }
  /** A request that may not be. */
  | { readonly _tag: "Refused"; readonly reason: string }

/**
 * `message` carries `at`. `isRequest` says what silence means: a request nobody expected is refused, a fact is recorded.
 * Throws where the machine does, or where it tries what a machine may not (invoke, spawn, sendTo, side effects, an end, an error).
 */
export const decide = (machine: AnyStateMachine, before: State | null, message: Tagged, isRequest: boolean): Decision => {
  const effects: Array<Effect> = []
  const scope = { ...bystander(machine), actionExecutor: (effect: Effect) => effects.push(effect) }
  const snapshot = before === null ? null : (snapshots.get(before) ?? machine.resolveState(before as any))
  const after = snapshot === null ? machine.getInitialSnapshot(scope, message) : machine.transition(snapshot, message, scope)
  if (after === snapshot && effects.length === 0) return { _tag: isRequest ? "Refused" : "Recorded", reason: "NotExpectedNow" }

  const emitted: Array<Tagged> = []
  const timers: Array<TimerChange> = []
  let remark: string | null = null
  for (const { type, params } of effects) {
    if (type === "xstate.emit") {
      if (params.event.type === "Refused") {
        if (!isRequest) throw new Error(`${machine.id} refused the fact ${message.type}; facts are recorded, never refused`)
        return { _tag: "Refused", reason: params.event.reason }
      }
      if (params.event.type === "Recorded") remark = params.event.reason
      else emitted.push(params.event)
    } else if (type === "xstate.raise" && params.delay !== undefined) {
      // A delay is computed from stored instants; one that has already passed means now.
      timers.push({ _tag: "Set", timerId: params.id, afterMillis: Math.max(0, params.delay) })
    } else if (type === "xstate.cancel") timers.push({ _tag: "Cancel", timerId: params.sendId })
    else throw new Error(`${machine.id} tried ${type}; a machine may only emit, wait and stop waiting`)
  }
  if (after.status !== "active")
    throw new Error(`${machine.id} became ${after.status} on ${message.type}: ${String(after.error ?? "")}`)
  if (remark !== null && after === snapshot && emitted.length === 0 && timers.length === 0)
    return { _tag: "Recorded", reason: remark }
  const { value, context, status } = after
  const state: State = { value, context, status }
  snapshots.set(state, after)
  return { _tag: "Accepted", state, emitted, timers }
}

/** XState's own form of states it gave us, so that the next decision need not build it again. Nothing depends on it being there. */
const snapshots = new WeakMap<State, AnyMachineSnapshot>()

interface Effect {
  readonly type: string
  readonly params: any
}

/**
 * Stands in for the live actor XState would like to have. Its `transition()` builds one on every call, initial state and
 * all, and swallows whatever that throws: three quarters of a turn. One per machine will do, for it never acts.
 */
const bystander = (machine: AnyStateMachine): ActorScope<any, any> => {
  const known = bystanders.get(machine)
  if (known !== undefined) return known
  const self = createActor(machine)
  const nothing = () => {}
  const scope = {
    self,
    system: self.system,
    id: "",
    sessionId: "",
    logger: nothing,
    defer: nothing,
    emit: nothing,
    stopChild: nothing,
    actionExecutor: nothing
  }
  bystanders.set(machine, scope)
  return scope
}
const bystanders = new WeakMap<AnyStateMachine, ActorScope<any, any>>()
