/** What travels to an actor, and what may come back. The same words in one process and across machines. */
import { Effect, Schema } from "effect"
import type { Tagged } from "./actor-type.ts"

export interface Letter {
  readonly path: string
  /** Begins with who is speaking: `sub_7/pay/ord_9`, `order/ord_9#3.0`, `factory/msg_77`. Heard once per actor. */
  readonly id: string
  readonly message: Tagged
  /** The id of what led to this message; the id itself where it begins here. */
  readonly cause: string
  /** The id at the very beginning of the chain. */
  readonly correlation: string
  readonly traceId: string | null
  /** The actor that speaks, at the version it spoke at. Of one sender, an older version than the last heard is stale. */
  readonly sender: Sender | null
  /** Set when this is a timer that came due. Without its row the turn does not happen. */
  readonly timer: DueTimer | null
}

export interface Sender {
  readonly path: string
  readonly version: number
}

const sendersKept = 64 // Of a car, every service it ever had is one: without a number its snapshot grows for life.

/**
 * Who spoke to an actor, at which version at last, this one included. Who spoke at the lowest is forgotten first, which asks for no order
 * of the keys: Postgres keeps none. The commands of one sender come in order by their lane; this is the second lock.
 */
export const afterHearing = (heardFrom: Readonly<Record<string, number>>, { path, version }: Sender) => {
  const all = { ...heardFrom, [path]: version }
  const others = Object.keys(all).filter((name) => name !== path)
  if (others.length < sendersKept) return all
  const isLower = (one: string, other: string) => all[one]! < all[other]! || (all[one] === all[other] && one < other)
  delete all[others.reduce((lowest, name) => (isLower(name, lowest) ? name : lowest))]
  return all
}

export interface DueTimer {
  readonly timerId: string
  readonly setVersion: number
  readonly due: string // ISO 8601, UTC.
}

/** Where an actor stands after hearing a message. A message heard before is answered with what was answered then. */
export const Standing = Schema.TaggedStruct("Standing", {
  version: Schema.Natural,
  state: Schema.Any, // XState's StateValue: "delivered" or { manufacturing: "building" }.
  outcome: Schema.String, // "handled", or "recorded: <reason>" for a fact that changed nothing.
  duplicate: Schema.Boolean
})
export type Standing = typeof Standing.Type

/** The actor heard, and the business said no. Nothing was stored. */
export class MessageRefused extends Schema.TaggedError<MessageRefused>()("MessageRefused", {
  path: Schema.String,
  message: Schema.String,
  reason: Schema.String
}) {}

/** Nobody lives at this address, and this message is not how one moves in. */
export class ActorNotFound extends Schema.TaggedError<ActorNotFound>()("ActorNotFound", { path: Schema.String }) {}

/** The machine threw five times on one message: the actor waits for an operator, the others go on. See docs/runbook.md. */
export class ActorQuarantined extends Schema.TaggedError<ActorQuarantined>()("ActorQuarantined", { path: Schema.String }) {}

/** A mailbox is full. Nothing was stored; come back. */
export class Overloaded extends Schema.TaggedError<Overloaded>()("Overloaded", {
  path: Schema.String,
  retryAfterSeconds: Schema.Natural
}) {}

/** Nobody can say whether the message was heard. Tell it again, with the same id. `NewerProgram`: a newer runner than this one will hear it. */
export class ActorsUnavailable extends Schema.TaggedError<ActorsUnavailable>()("ActorsUnavailable", {
  reason: Schema.Literals(["PartitionLost", "StoreUnreachable", "RunnerUnreachable", "Stopping", "NewerProgram"]),
  cause: Schema.optional(Schema.Defect())
}) {}

/** The machine itself threw. A bug, kept to the one message that met it. */
export const Broken = Schema.TaggedStruct("Broken", { cause: Schema.String })

export type NotHeard = MessageRefused | ActorNotFound | ActorQuarantined | Overloaded | ActorsUnavailable
export type Answer = Standing | NotHeard | typeof Broken.Type

/** An answer, said the way Effect says it. */
export const spoken = (answer: Answer): Effect.Effect<Standing, NotHeard> => {
  switch (answer._tag) {
    case "Standing":
      return Effect.succeed(answer)
    case "Broken":
      return Effect.die(new Error(answer.cause))
    default:
      return Effect.fail(answer)
  }
}
