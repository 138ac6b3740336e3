/** What an operator may do to an actor. Each act keeps who did it and why, in the same transaction. */
import { Context, type Effect, Schema } from "effect"
import type { SubjectId } from "#machines/vocabulary.ts"

export class Operations extends Context.Service<
  Operations,
  {
    /** A parked command waits again, from its first attempt; its lane goes on. */
    readonly retry: (commandId: string, by: SubjectId, reason: string) => Effect.Effect<void, NoSuchCommand | NotParked>
    /** A parked command is given up; its lane goes on without it. */
    readonly discard: (commandId: string, by: SubjectId, reason: string) => Effect.Effect<void, NoSuchCommand | NotParked>
    /** A quarantined actor hears again; what broke it may be told again. */
    readonly release: (path: string, by: SubjectId, reason: string) => Effect.Effect<void, NotQuarantined>
  }
>()("actors/Operations") {}

/** No command was ever promised under this id. */
export class NoSuchCommand extends Schema.TaggedError<NoSuchCommand>()("NoSuchCommand", { commandId: Schema.String }) {}
/** The command is waiting, done or discarded already: there is nothing to decide. */
export class NotParked extends Schema.TaggedError<NotParked>()("NotParked", { commandId: Schema.String, state: Schema.String }) {}
/** Nothing keeps this actor from hearing. */
export class NotQuarantined extends Schema.TaggedError<NotQuarantined>()("NotQuarantined", { path: Schema.String }) {}
