/** One message to one actor, on paper only: what it answers, and what its draft for the commit becomes. Pure but for the draft it fills. */
import type { AnyStateNode, StateValue } from "xstate"
import type { Promised, RecordRow, Reply, Stored, Timer, Turn } from "./actor-store.ts"
import type { Tagged } from "./actor-type.ts"
import type { AnyBehavior, Facets } from "./behavior.ts"
import { decide, type State } from "./decide.ts"
import {
  ActorNotFound,
  ActorQuarantined,
  ActorsUnavailable,
  type Answer,
  afterHearing,
  type Letter,
  MessageRefused,
  type Standing
} from "./letter.ts"
import { Migrated, type Migration, migrated } from "./migration.ts"
import { partitionOf } from "./partition.ts"

const repliesKept = 32 // Message ids an actor in memory remembers. While these are all it ever heard, nobody has to ask the journal.

/** An actor in memory: as stored, or as the batch at hand has left it. */
export interface Resident {
  readonly path: string
  readonly partition: number
  readonly behavior: AnyBehavior
  readonly version: number
  readonly state: State | null // null: nobody lives here yet.
  readonly statePath: string
  readonly stateSince: number
  readonly heardFrom: Readonly<Record<string, number>>
  readonly timers: ReadonlyMap<string, Timer>
  readonly quarantined: boolean
  /** As an older version of its machine left it; null where the journal knows of its migration, or none was needed. */
  readonly left: Pick<Stored, "machineVersion" | "timers"> | null
  readonly replies: ReadonlyMap<string, Reply>
  readonly bytes: number // About how much it weighs.
}

/** Throws where an older version of its machine left the actor, and there is no way from there to this one. */
export const resident = (behavior: AnyBehavior, path: string, stored: Stored | undefined, at: number): Resident => {
  const home = { path, partition: partitionOf(path), behavior, left: null, replies: new Map() }
  if (stored === undefined)
    return {
      ...home,
      version: 0,
      state: null,
      statePath: "",
      stateSince: 0,
      heardFrom: {},
      timers: new Map(),
      quarantined: false,
      bytes: 256
    }
  if (stored.machineVersion < behavior.machineVersion) {
    const { machineVersion, timers } = stored
    const now = migrated(behavior, stored, { version: stored.version + 1, at })
    return { ...home, ...stored, ...standingAt(now.state), timers: now.timers, left: { machineVersion, timers } }
  }
  return { ...home, ...stored, ...standingAt({ ...stored.state, value: inChartOrder(behavior.machine.root, stored.state.value) }) }
}

const standingAt = (state: State) => ({
  state,
  statePath: statePathOf(state.value),
  bytes: weightOf(JSON.stringify(state).length, 0)
})

/** Postgres keeps the keys of a jsonb in an order of its own. In which order regions act, and are named, is the chart's to say. */
export const inChartOrder = (node: AnyStateNode, value: StateValue): StateValue =>
  typeof value === "string"
    ? value
    : Object.fromEntries(
        Object.entries(node.states).flatMap(([name, inner]) => {
          const within = value[name]
          return within === undefined ? [] : [[name, inChartOrder(inner, within)]]
        })
      )

/** About how many bytes: the state twice (ours and XState's form of it), and a reply per message remembered. */
export const weightOf = (stateLength: number, replies: number) => 1024 + 4 * stateLength + 160 * replies

/** Whether the replies in memory are all this actor ever gave. */
export const remembersAll = ({ replies, version }: Resident) => replies.size === version

/** What an actor has become in this batch, and all that its commit must hold. */
export class DraftOf {
  now: Resident
  /** Of the last turn; null while there is none. */
  facets: Facets | null = null
  readonly turns: Array<Turn> = []
  /** Letters among the turns: a migration is a turn of its own. */
  letters = 0
  readonly promised: Array<Promised> = []
  readonly records: Array<RecordRow> = []
  readonly timersSet = new Map<string, Timer>()
  readonly timersGone = new Set<string>()

  readonly #replies = new Map<string, Reply>()

  constructor(readonly before: Resident) {
    this.now = before
  }

  /** The actor as the commit has left it; `stateLength` is that of its JSON. Its memory of replies is the one it had, longer by these turns. */
  kept(stateLength: number): Resident {
    const replies = this.before.replies as Map<string, Reply>
    for (const [id, reply] of this.#replies) replies.set(id, reply)
    for (const id of replies.keys()) {
      if (replies.size <= repliesKept) break
      replies.delete(id)
    }
    return { ...this.now, bytes: weightOf(stateLength, replies.size) }
  }

  /** Throws where the machine does; the draft is then as it was. `body` is the message as the journal keeps it. */
  hear(letter: Letter, body: string, at: number, heard: Reply | undefined): Answer {
    const { now } = this
    const { path, behavior } = now
    const known = this.#replies.get(letter.id) ?? now.replies.get(letter.id) ?? heard
    if (known !== undefined && now.version > 0) return { _tag: "Standing", ...known, duplicate: true }
    if (now.quarantined) return new ActorQuarantined({ path })
    // Whoever says a word that this program does not know is newer than it: a newer runner will hear it.
    if (letter.timer === null && !behavior.type.words.has(letter.message.type))
      return new ActorsUnavailable({ reason: "NewerProgram" })
    if (now.state === null && letter.message.type !== behavior.opensWith) return new ActorNotFound({ path })
    if (letter.timer !== null && now.timers.get(letter.timer.timerId)?.setVersion !== letter.timer.setVersion) {
      const { timerId, setVersion } = letter.timer
      const isOfOldMachine = now.left?.timers.get(timerId)?.setVersion === setVersion
      // It left the state it was waiting in: nothing to wake, nothing to keep. Where only its machine changed, nobody else may ever come
      // to begin the new wait: with its old timer it migrates, and hears nothing.
      if (isOfOldMachine) this.#migrateAlone(now.left!, letter, at)
      return standing(this.now, "recorded: TimerGone", !isOfOldMachine)
    }

    const stale = letter.sender !== null && (now.heardFrom[letter.sender.path] ?? 0) > letter.sender.version
    const decision = stale
      ? ({ _tag: "Recorded", reason: "Stale" } as const)
      : decide(behavior.machine, now.state, heardAt(letter, at), behavior.requests.has(letter.message.type))
    if (decision._tag === "Refused") return new MessageRefused({ path, message: letter.message.type, reason: decision.reason })

    // Whatever can throw comes first: a draft is only touched by a turn that stands.
    const version = now.version + (now.left === null ? 1 : 2)
    const accepted = decision._tag === "Accepted" ? decision : null
    const state = accepted?.state ?? now.state!
    const statePath = accepted === null ? now.statePath : statePathOf(state.value)
    const outcome = decision._tag === "Recorded" ? `recorded: ${decision.reason}` : "handled"
    const facets = behavior.facets(state)
    const { promised, records } = this.#sort(accepted?.emitted ?? [], version, at, letter)

    if (now.left !== null) this.#migrate(now.left, letter, at)
    let { timers } = now
    if (letter.timer !== null || (accepted !== null && accepted.timers.length > 0)) {
      const changed = new Map(timers)
      if (letter.timer !== null) this.#forget(changed, letter.timer.timerId)
      for (const change of accepted?.timers ?? [])
        if (change._tag === "Cancel") this.#forget(changed, change.timerId)
        else this.#set(changed, change.timerId, { setVersion: version, due: at + change.afterMillis })
      timers = changed
    }
    this.facets = facets
    this.letters++
    this.promised.push(...promised)
    this.records.push(...records)
    this.turns.push({
      version,
      messageId: letter.id,
      at,
      type: letter.message.type,
      body,
      reply: JSON.stringify(state.value),
      outcome,
      cause: letter.cause,
      correlation: letter.correlation,
      traceId: letter.traceId
    })
    this.#replies.set(letter.id, { version, state: state.value, outcome })
    this.now = {
      ...now,
      version,
      state,
      statePath,
      stateSince: statePath === now.statePath ? now.stateSince : at,
      heardFrom: letter.sender === null || stale ? now.heardFrom : afterHearing(now.heardFrom, letter.sender),
      timers,
      left: null
    }
    return standing(this.now, outcome, false)
  }

  #migrateAlone(left: NonNullable<Resident["left"]>, letter: Letter, at: number) {
    this.facets = this.now.behavior.facets(this.now.state!)
    this.#migrate(left, letter, at)
    this.letters++
    this.now = { ...this.now, version: this.now.version + 1, left: null }
  }

  /** A row of its own, before the turn at hand if there is one: whoever replays what comes after begins with it. */
  #migrate(left: NonNullable<Resident["left"]>, { id, correlation, traceId }: Letter, at: number) {
    const { path, behavior, version, state, heardFrom, timers, stateSince } = this.now
    const body: Migration = {
      from: left.machineVersion,
      to: behavior.machineVersion,
      snapshot: { ...state!, heardFrom },
      timers: Object.fromEntries(timers),
      stateSince
    }
    this.turns.push({
      version: version + 1,
      messageId: `${path}#${version}/${Migrated}`,
      at,
      type: Migrated,
      body: JSON.stringify(body),
      reply: JSON.stringify(state!.value),
      outcome: `recorded: ${Migrated}`, // It decided nothing, and no customer is told of it.
      cause: id,
      correlation,
      traceId
    })
    for (const timerId of left.timers.keys()) if (!timers.has(timerId)) this.timersGone.add(timerId)
    for (const [timerId, timer] of timers) if (left.timers.get(timerId) !== timer) this.timersSet.set(timerId, timer)
  }

  #set(timers: Map<string, Timer>, timerId: string, timer: Timer) {
    timers.set(timerId, timer)
    this.timersSet.set(timerId, timer)
    this.timersGone.delete(timerId)
  }

  #forget(timers: Map<string, Timer>, timerId: string) {
    timers.delete(timerId)
    this.timersSet.delete(timerId)
    if (this.before.timers.has(timerId)) this.timersGone.add(timerId)
  }

  #sort(emitted: ReadonlyArray<Tagged>, version: number, at: number, { correlation, traceId }: Letter) {
    const { behavior } = this.now
    const promised: Array<Promised> = []
    const records: Array<RecordRow> = []
    for (let position = 0; position < emitted.length; position++) {
      const { type, ...fields } = emitted[position]!
      const record = behavior.records[type]
      if (record !== undefined) records.push({ table: record.table, version, position, at, fields })
      else if (behavior.perform[type] !== undefined)
        promised.push({
          version,
          position,
          lane: behavior.lane(emitted[position]),
          type,
          body: JSON.stringify(fields),
          at,
          correlation,
          traceId
        })
      else throw new Error(`${behavior.type.name} emitted ${type}, which nobody performs and no table records`)
    }
    return { promised, records }
  }
}

/** The message as the machine hears it, and as replay hears it again. */
const heardAt = ({ message, timer }: Letter, at: number): Tagged =>
  timer === null ? ({ ...message, at: isoOf(at) } as Tagged) : ({ type: message.type, due: timer.due, at: isoOf(at) } as Tagged)

const standing = ({ version, state }: Resident, outcome: string, duplicate: boolean): Standing => ({
  _tag: "Standing",
  version,
  state: state?.value,
  outcome,
  duplicate
})

let lastMillis = -1
let lastIso = ""
/** One batch shares its instant: the text is made once. */
const isoOf = (millis: number) => {
  if (millis !== lastMillis) {
    lastMillis = millis
    lastIso = new Date(millis).toISOString()
  }
  return lastIso
}

/** { manufacturing: "building" } → "manufacturing.building"; parallel regions joined by "+". */
export const statePathOf = (value: StateValue): string =>
  typeof value === "string"
    ? value
    : Object.entries(value)
        .map(([name, inner]) =>
          typeof inner === "object" && Object.keys(inner!).length === 0 ? name : `${name}.${statePathOf(inner!)}`
        )
        .join("+")
