/** What the actor system remembers, and the single moment it is allowed to remember it. */
import { Context, type Effect, Schema } from "effect"
import type { StateValue } from "xstate"
import type { Facets } from "./behavior.ts"
import type { State } from "./decide.ts"

/** So often may a machine throw on one message; then its actor waits for an operator. */
export const triesBeforeQuarantine = 5

/** An actor as it lies in the store. */
export interface Stored {
  readonly version: number
  readonly machineVersion: number
  readonly state: State
  /** The last version heard of each actor that spoke to this one. */
  readonly heardFrom: Readonly<Record<string, number>>
  readonly stateSince: number
  readonly timers: ReadonlyMap<string, Timer>
  readonly quarantined: boolean
}

export interface Timer {
  readonly setVersion: number
  readonly due: number // Milliseconds since 1970, platform time.
}

/** What was answered when a message was heard. */
export interface Reply {
  readonly version: number
  readonly state: StateValue
  readonly outcome: string
}

/** One message, heard by one actor: a row of the journal. */
export interface Turn {
  readonly version: number // After the turn.
  readonly messageId: string
  readonly at: number
  readonly type: string
  readonly body: string // JSON: the message without its type and at.
  readonly reply: string // JSON: the state value.
  readonly outcome: string
  readonly cause: string
  readonly correlation: string
  readonly traceId: string | null
}

export interface Promised {
  readonly version: number
  readonly position: number
  readonly lane: string
  readonly type: string
  readonly body: string // JSON: the command without its type.
  readonly at: number
  readonly correlation: string
  readonly traceId: string | null
}

export interface RecordRow {
  readonly table: string
  readonly version: number
  readonly position: number
  readonly at: number
  readonly fields: Readonly<Record<string, unknown>>
}

/** Everything one actor wants remembered from one batch: one or more turns, together or not at all. */
export interface Draft {
  readonly path: string
  readonly partition: number
  readonly was: number // The version it started from; 0 for a new actor.
  readonly version: number
  readonly machineVersion: number
  readonly state: string // JSON { value, context, status, heardFrom }.
  readonly statePath: string
  readonly stateSince: number
  readonly nextTimer: number | null
  readonly facets: Facets
  readonly turns: ReadonlyArray<Turn>
  readonly promised: ReadonlyArray<Promised>
  readonly timersSet: ReadonlyMap<string, Timer>
  readonly timersGone: ReadonlySet<string>
  readonly records: ReadonlyArray<RecordRow>
}

/** What a commit confirmed: partitions that are still ours, and actors that were where we thought. */
export interface Committed {
  readonly owned: ReadonlySet<number>
  readonly kept: ReadonlySet<string>
}

export class ActorStore extends Context.Service<
  ActorStore,
  {
    /** Takes partitions over: every commit with an older epoch is refused from now on, and leases of the last owner end. */
    readonly claim: (
      partitions: ReadonlyArray<number>,
      owner: string // The address of a runner, or the name of a process: for whoever looks.
    ) => Effect.Effect<ReadonlyMap<number, number>, StoreUnreachable>
    readonly load: (paths: ReadonlyArray<string>) => Effect.Effect<ReadonlyMap<string, Stored>, StoreUnreachable>
    /** The replies to those of these messages that were heard before, by `path message-id`. */
    readonly heard: (
      letters: ReadonlyArray<{ readonly path: string; readonly id: string }>
    ) => Effect.Effect<ReadonlyMap<string, Reply>, StoreUnreachable>
    /**
     * One transaction. Actors of a partition with another epoch, and actors at another version, are left out and reported; all
     * others are durable. With no drafts it only confirms the epochs.
     */
    readonly commit: (
      epochs: ReadonlyMap<number, number>,
      drafts: ReadonlyArray<Draft>
    ) => Effect.Effect<Committed, StoreUnreachable | ConstraintBroken>
    /** A machine threw on this message. Answers how often it has by now. */
    readonly defect: (defect: {
      readonly path: string
      readonly messageId: string
      readonly type: string
      readonly cause: string
      readonly at: number
    }) => Effect.Effect<number, StoreUnreachable>
  }
>()("actors/ActorStore") {}

/** Nobody knows whether it happened. The same message, told again, finds out. */
export class StoreUnreachable extends Schema.TaggedError<StoreUnreachable>()("StoreUnreachable", { cause: Schema.Defect() }) {}

/** A table said no to one of the drafts; nothing of the batch was stored. */
export class ConstraintBroken extends Schema.TaggedError<ConstraintBroken>()("ConstraintBroken", { cause: Schema.String }) {}
