/** What an actor is made of: a machine that decides, hands that perform its commands, and tables for its records. */
import type { Effect, Schema } from "effect"
import type { AnyStateMachine } from "xstate"
import type { ActorType, Tagged } from "./actor-type.ts"
import type { State } from "./decide.ts"

/** What a performer may know about the command at hand. */
export interface CommandOrder {
  /** "order/ord_42#3.0": actor, version, position. The idempotency key of every message and provider request it causes. */
  readonly id: string
  readonly path: string
  readonly version: number
  readonly attempt: number // 1 for the first.
  readonly correlation: string
  readonly traceId: string | null
  /** When the actor decided it, ISO 8601. */
  readonly at: string
}

/**
 * Performs one committed command. What it answers is told back to the actor; what it fails with is tried again.
 * Safe to run twice. Everything it needs is in the command, personal data aside.
 */
export type Performer<Message, Command> = (command: Command, order: CommandOrder) => Effect.Effect<Message | void, any, any>

export type Performers<Message, Command extends Tagged> = {
  readonly [Type in Command["type"]]: Performer<Message, Extract<Command, { readonly type: Type }>>
}

/** A table that turns insert into. Every row also gets `partition, path, version, position, at` from the committer. */
export interface RecordTable {
  readonly table: string
  /** Column → Postgres type and the record's field it is taken from. */
  readonly columns: Readonly<Record<string, { readonly type: string; readonly field: string }>>
}

/** What lists and dashboards ask about an actor: the only projection written in the turn itself. */
export interface Facets {
  readonly closed: boolean
  readonly country: string | null
  readonly dealershipId: string | null
  readonly subjectId: string | null
  readonly vin: string | null
}

export interface Behavior<Message extends Tagged, Command extends Tagged, Perform extends Performers<Message, Command>> {
  readonly type: ActorType<Message>
  readonly opensWith: Message["type"]
  /** Grows by one when an older snapshot would not fit the chart, or an older journal would be answered otherwise. */
  readonly machineVersion: number
  /** From each older version to the next: the state as the next chart would have it. Names of timers follow by themselves. Pure. */
  readonly migrations?: Readonly<Record<number, (left: State) => State>>
  readonly machine: AnyStateMachine
  /** Messages that may be refused. All others are facts: never refused, always journalled. */
  readonly requests: ReadonlySet<string>
  readonly Command: Schema.Codec<Command, any>
  readonly perform: Perform
  /** The lane a command waits in: commands of one lane go out in order, lanes in parallel. The outside party, and a payment id where there is one. */
  readonly lane: (command: Command) => string
  readonly records: Readonly<Record<string, RecordTable>>
  readonly facets: (state: State) => Facets
}

export const behavior = <Message extends Tagged, Command extends Tagged, const Perform extends Performers<Message, Command>>(
  definition: Behavior<Message, Command, Perform>
) => definition

export type AnyBehavior = Behavior<any, any, any>

/** Everything a behavior's performers need from the world. The compiler writes the list by itself. */
export type Needs<B extends AnyBehavior> = B extends AnyBehavior
  ? Effect.Services<ReturnType<B["perform"][keyof B["perform"]]>>
  : never

/** The `type` words of a union of messages. */
export const wordsOf = (union: Schema.Union<ReadonlyArray<Schema.Top>>): ReadonlySet<string> =>
  new Set(union.members.map((member) => (member as any).fields.type.schema.literal as string))
