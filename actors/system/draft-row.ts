/** A draft as the store writes it. */
import type { Draft } from "./actor-store.ts"
import type { DraftOf } from "./turn.ts"

export const draftRow = ({ before, now, facets, turns, promised, records, timersSet, timersGone }: DraftOf): Draft => {
  let nextTimer: number | null = null
  for (const { due } of now.timers.values()) if (nextTimer === null || due < nextTimer) nextTimer = due
  return {
    path: now.path,
    partition: now.partition,
    was: before.version,
    version: now.version,
    machineVersion: now.behavior.machineVersion,
    state: JSON.stringify({ ...now.state, heardFrom: now.heardFrom }),
    statePath: now.statePath,
    stateSince: now.stateSince,
    nextTimer,
    facets: facets!,
    turns,
    promised,
    timersSet,
    timersGone,
    records
  }
}
