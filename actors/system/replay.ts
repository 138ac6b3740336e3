/** What an actor must have become, said and set, by what it heard: its journal through `decide` again. Pure. */
import type { StateValue } from "xstate"
import type { Timer } from "./actor-store.ts"
import type { Tagged } from "./actor-type.ts"
import type { AnyBehavior, RecordTable } from "./behavior.ts"
import { decide, type State } from "./decide.ts"
import { afterHearing } from "./letter.ts"
import { Migrated, type Migration } from "./migration.ts"
import { inChartOrder, statePathOf } from "./turn.ts"

/** A row of the journal. */
export interface HeardRow {
  readonly version: number
  readonly messageId: string
  readonly type: string
  readonly at: number // Milliseconds since 1970, platform time.
  readonly body: Readonly<Record<string, unknown>>
  readonly outcome: string
  readonly reply: StateValue
}

export interface ReplayedCommand {
  readonly position: number
  readonly lane: string
  readonly type: string
  readonly body: object
}

export interface ReplayedRecord {
  readonly position: number
  readonly table: string
  readonly columns: Readonly<Record<string, unknown>>
}

export interface ReplayedTurn {
  readonly version: number
  readonly at: number
  readonly outcome: string
  readonly reply: StateValue
  readonly commands: ReadonlyArray<ReplayedCommand>
  readonly records: ReadonlyArray<ReplayedRecord>
  /** Where a timer was heard: which, when it claimed to be due, and the timer that was set by then. */
  readonly fired: { readonly timerId: string; readonly due: string; readonly set: Timer | null } | null
}

export interface Replayed {
  /** The first version that was lived again: 1, or that of the last migration. */
  readonly from: number
  readonly state: State | null
  /** Since when it has been where it is. */
  readonly stateSince: number
  readonly heardFrom: Readonly<Record<string, number>>
  /** What is left to wait for. */
  readonly timers: ReadonlyMap<string, Timer>
  readonly turns: ReadonlyArray<ReplayedTurn>
  /** Set where the machine would not hear a row at all (it threw, or refused): the replay ends there. */
  readonly broken: string | null
}

/**
 * `rows` of one actor, oldest first. The same rows give the same answer, on any machine and any day. What an older version of the machine
 * heard is not heard again by this one: where there was a migration, the replay begins with what it left.
 */
export const replay = (behavior: AnyBehavior, path: string, rows: Iterable<HeardRow>): Replayed => {
  const all = [...rows]
  const last = all.findLastIndex(({ type }) => type === Migrated)
  let { state, stateSince, heardFrom, timers } = last < 0 ? nobodyYet() : leftBy(behavior, all[last]!)
  const turns: Array<ReplayedTurn> = []
  let broken: string | null = null

  for (const row of all.slice(last + 1)) {
    const { version, type, body, at } = row
    const fired = isTimer(path, row) ? { timerId: type, due: String(body.due), set: timers.get(type) ?? null } : null
    const stale = row.outcome === "recorded: Stale" // The sender's newer word had been heard: the machine never saw this one.
    const sender = senderOf(path, row.messageId)
    let commands: Array<ReplayedCommand> = []
    let records: Array<ReplayedRecord> = []
    let outcome = row.outcome
    if (!stale) {
      try {
        const decision = decide(behavior.machine, state, messageOf(row), behavior.requests.has(type))
        if (decision._tag === "Refused") throw new Error(`refused as ${decision.reason}`)
        outcome = decision._tag === "Recorded" ? `recorded: ${decision.reason}` : "handled"
        if (fired !== null) timers.delete(type)
        if (decision._tag === "Accepted") {
          if (state === null || statePathOf(state.value) !== statePathOf(decision.state.value)) stateSince = at
          state = decision.state
          for (const change of decision.timers)
            if (change._tag === "Cancel") timers.delete(change.timerId)
            else timers.set(change.timerId, { setVersion: version, due: at + change.afterMillis })
          ;({ commands, records } = sorted(behavior, decision.emitted))
        }
      } catch (no) {
        broken = `version ${version}, ${type}: ${no instanceof Error ? no.message : String(no)}`
        break
      }
      if (sender !== null) heardFrom = afterHearing(heardFrom, sender)
    }
    turns.push({ version, at, outcome, reply: state?.value ?? "", commands, records, fired })
  }
  return { from: last < 0 ? 1 : all[last]!.version + 1, state, stateSince, heardFrom, timers, turns, broken }
}

type Beginning = Pick<Replayed, "state" | "stateSince" | "heardFrom"> & { timers: Map<string, Timer> }
const nobodyYet = (): Beginning => ({ state: null, stateSince: 0, heardFrom: {}, timers: new Map() })
const leftBy = (behavior: AnyBehavior, { body }: HeardRow): Beginning => {
  const { snapshot, timers, stateSince } = body as unknown as Migration
  const { heardFrom, ...left } = snapshot
  return {
    state: { ...left, value: inChartOrder(behavior.machine.root, left.value) },
    stateSince,
    heardFrom,
    timers: new Map(Object.entries(timers))
  }
}

/** The id of a timer's letter names the timer and the version that set it. */
const isTimer = (path: string, { messageId, type }: HeardRow) =>
  messageId.startsWith(`${path}#`) && messageId.endsWith(`/${type}`) && type.startsWith("xstate.after.")

const messageOf = ({ type, body, at }: HeardRow): Tagged & { readonly at: string } => ({
  ...body,
  type,
  at: new Date(at).toISOString()
})

/** An actor that speaks to another does so by a command, under the command's id, which names it and its version. */
const senderOf = (path: string, messageId: string) => {
  const [, sender, version] = /^([a-z]+\/[^#]+)#(\d+)\.\d+$/.exec(messageId) ?? []
  return sender === undefined || sender === path ? null : { path: sender, version: Number(version) }
}

const sorted = (behavior: AnyBehavior, emitted: ReadonlyArray<Tagged>) => {
  const commands: Array<ReplayedCommand> = []
  const records: Array<ReplayedRecord> = []
  emitted.forEach(({ type, ...fields }, position) => {
    const table: RecordTable | undefined = behavior.records[type]
    if (table === undefined) commands.push({ position, lane: behavior.lane(emitted[position]), type, body: fields })
    else
      records.push({
        position,
        table: table.table,
        columns: Object.fromEntries(
          Object.entries(table.columns).map(([column, { field }]) => [column, valueAt(fields, field.split("."))])
        )
      })
  })
  return { commands, records }
}

const valueAt = (from: unknown, path: ReadonlyArray<string>): unknown =>
  path.reduce<any>((value, name) => value?.[name], from) ?? null
