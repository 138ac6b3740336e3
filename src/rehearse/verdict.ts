/** What the code at hand would make of a life that another program led. */
import type { AnyBehavior } from "#actors/system/behavior.ts"
import { migrated, restored } from "#actors/system/migration.ts"
import { type Replayed, type ReplayedRecord, replay } from "#actors/system/replay.ts"
import type { Life } from "./life.ts"

export type Verdict =
  | { readonly _tag: "identical" }
  /** An older machine left it, and there is a way from there. */
  | { readonly _tag: "migrates"; readonly from: number }
  /** From this event on, this code would have done otherwise; `orBefore`: it would stand otherwise now, and no journal keeps how it stood in between. */
  | ({ readonly _tag: "diverged"; readonly version: number; readonly type: string; readonly orBefore: boolean } & Difference)
  /** Its next message would be a defect. */
  | { readonly _tag: "unrestorable"; readonly why: string }

export interface Difference {
  /** "commands[0].body.ownerId": the first that differs. */
  readonly field: string
  readonly was: unknown
  readonly wouldBe: unknown
}

/** `at`: when a timer would be set that an older machine did not wait for. */
export const judge = (behavior: AnyBehavior, life: Life, at: number): Verdict => {
  const { machineVersion } = life
  if (machineVersion > behavior.machineVersion)
    return {
      _tag: "unrestorable",
      why: `version ${machineVersion} of its machine left it; this code knows ${behavior.machineVersion}`
    }
  try {
    if (machineVersion < behavior.machineVersion) {
      const left = { machineVersion, state: life.state, timers: new Map(Object.entries(life.timers)) }
      behavior.facets(migrated(behavior, left, { version: life.version + 1, at }).state)
      return { _tag: "migrates", from: machineVersion }
    }
    restored(behavior.machine, life.state)
  } catch (no) {
    return { _tag: "unrestorable", why: no instanceof Error ? no.message : String(no) }
  }
  return relived(behavior, life)
}

const relived = (behavior: AnyBehavior, life: Life): Verdict => {
  const lived = replay(behavior, life.path, life.heard)
  const heard = life.heard.filter(({ version }) => version >= lived.from)
  const commands = Map.groupBy(life.commands, ({ version }) => version)
  const records = Map.groupBy(life.records, ({ version }) => version)
  for (const [n, { version, type, outcome, reply }] of heard.entries()) {
    const was = { outcome, reply, commands: placed(commands.get(version)), records: placed(records.get(version)) }
    const turn = lived.turns[n]
    const wouldBe =
      turn === undefined
        ? { ...was, outcome: lived.broken }
        : {
            outcome: turn.outcome,
            reply: turn.reply,
            commands: placed(turn.commands),
            records: placed(withKnownColumns(turn.records, records.get(version)))
          }
    const difference = firstDifference(was, wouldBe)
    if (difference !== null) return { _tag: "diverged", version, type, orBefore: false, ...difference }
  }
  const { version, state, stateSince, timers, facets } = life
  const was = { version, snapshot: state, stateSince, timers, facets }
  const difference = firstDifference(was, standing(behavior, lived))
  return difference === null
    ? { _tag: "identical" }
    : { _tag: "diverged", version, type: heard.at(-1)?.type ?? "nothing heard", orBefore: true, ...difference }
}

const standing = (behavior: AnyBehavior, { from, state, heardFrom, stateSince, timers, turns }: Replayed) => ({
  version: from - 1 + turns.length,
  snapshot: { ...state, heardFrom },
  stateSince,
  timers: Object.fromEntries(timers),
  facets: state === null ? null : behavior.facets(state)
})

/** A column that the database does not have yet is no difference. */
const withKnownColumns = (said: ReadonlyArray<ReplayedRecord>, kept: ReadonlyArray<ReplayedRecord> = []) =>
  said.map((record) => {
    const known = kept.find(({ position, table }) => position === record.position && table === record.table)
    const columns = Object.entries(record.columns).filter(([name]) => known === undefined || Object.hasOwn(known.columns, name))
    return { ...record, columns: Object.fromEntries(columns) }
  })

/** What a turn said, by the place it was said at; without the turn's own number. */
const placed = (said: ReadonlyArray<{ readonly position: number; readonly version?: number }> = []) =>
  Object.fromEntries(said.map(({ position, version: _, ...what }) => [position, what]))

/** Of two values as JSON has them, the first field that differs; in lists and objects alike, by name. */
export const firstDifference = (was: unknown, wouldBe: unknown, field = ""): Difference | null => {
  if (isNested(was) && isNested(wouldBe) && Array.isArray(was) === Array.isArray(wouldBe)) {
    for (const name of Object.keys({ ...was, ...wouldBe }).sort()) {
      const difference = firstDifference((was as any)[name], (wouldBe as any)[name], within(field, name))
      if (difference !== null) return difference
    }
    return null
  }
  return was === wouldBe ? null : { field, was, wouldBe }
}

const isNested = (value: unknown): value is object => typeof value === "object" && value !== null
const within = (field: string, name: string) =>
  /^\d+$/.test(name) ? `${field}[${name}]` : field === "" ? name : `${field}.${name}`
