/** One actor with all it heard and what came of it: what is rehearsed, and a line of a golden journal. */
import type { Timer } from "#actors/system/actor-store.ts"
import type { State } from "#actors/system/decide.ts"
import type { HeardRow, ReplayedCommand, ReplayedRecord } from "#actors/system/replay.ts"

export interface Life {
  readonly path: string
  readonly version: number
  readonly machineVersion: number
  readonly state: State & { readonly heardFrom: Readonly<Record<string, number>> }
  readonly stateSince: number
  readonly facets: object
  readonly timers: Readonly<Record<string, Timer>>
  readonly heard: ReadonlyArray<HeardRow>
  readonly commands: ReadonlyArray<ReplayedCommand & { readonly version: number }>
  readonly records: ReadonlyArray<ReplayedRecord & { readonly version: number }>
}
