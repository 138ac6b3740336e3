/** Brings an actor that an older version of its machine left to the machine of today. Pure. */
import type { AnyMachineSnapshot, AnyStateMachine, StateValue } from "xstate"
import type { Stored, Timer } from "./actor-store.ts"
import type { AnyBehavior } from "./behavior.ts"
import type { State } from "./decide.ts"

/** The type of a journal row that no machine hears: what a replay of the rows after it begins with. */
export const Migrated = "Migrated"

/** The body of that row. */
export interface Migration {
  readonly from: number
  readonly to: number
  readonly snapshot: State & { readonly heardFrom: Readonly<Record<string, number>> }
  readonly timers: Readonly<Record<string, Timer>>
  readonly stateSince: number
}

/**
 * State and timers as today's chart would have them. A timer whose state is still active stays as it was; one that today's chart waits
 * for and yesterday's did not is set, as of `at`, by version `version`; the others are gone. Throws where there is no way.
 */
export const migrated = (
  { type, machineVersion, machine, migrations }: AnyBehavior,
  left: Pick<Stored, "machineVersion" | "state" | "timers">,
  { version, at }: { readonly version: number; readonly at: number }
): Pick<Stored, "state" | "timers"> => {
  let { state } = left
  for (let from = left.machineVersion; from < machineVersion; from++) {
    const step = migrations?.[from]
    if (step === undefined) throw new Error(`${type.name} has no migration from version ${from} of its machine`)
    state = step(state)
  }
  const snapshot = restored(machine, state)
  const timers = new Map<string, Timer>()
  for (const [timerId, afterMillis] of waitsOf(machine, snapshot, new Date(at).toISOString()))
    timers.set(timerId, left.timers.get(timerId) ?? { setVersion: version, due: at + Math.max(0, afterMillis()) })
  return { state: { ...state, value: snapshot.value }, timers }
}

/** Throws where this chart has no such state, and where a region is left out, which XState would put where it began. */
export const restored = (machine: AnyStateMachine, state: State): AnyMachineSnapshot => {
  const snapshot: AnyMachineSnapshot = machine.resolveState(state)
  if (leaves(state.value) !== leaves(snapshot.value))
    throw new Error(`${machine.id} cannot stand at ${JSON.stringify(state.value)}; it would be ${JSON.stringify(snapshot.value)}`)
  return snapshot
}

const leaves = (value: StateValue, path = ""): string =>
  typeof value === "string"
    ? `${path}.${value}`
    : Object.keys(value)
        .sort()
        .map((name) => leaves(value[name]!, `${path}.${name}`))
        .join(" ")

/** What the active states wait for, and how long it lasts from `at` on. */
const waitsOf = (machine: AnyStateMachine, { _nodes, context }: AnyMachineSnapshot, at: string) => {
  const delays = machine.implementations.delays
  const millisOf = (delay: unknown): number => {
    const named = typeof delay === "string" ? delays[delay] : delay
    return typeof named === "function" ? named({ context, event: { type: Migrated, at } }, undefined) : Number(named)
  }
  return new Map(_nodes.flatMap(({ after }) => after.map(({ eventType, delay }) => [eventType, () => millisOf(delay)] as const)))
}
