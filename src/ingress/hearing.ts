/** Reads a work queue of NATS for ever, beside other gateways: takes no more than it has hands for, and less while the actors are busy. */
import { Effect, Fiber, Queue } from "effect"
import type { JsMsg } from "nats"
import { Nats, type NatsUnreachable } from "#integrations/nats/nats.ts"
import { Pace } from "./pace.ts"

const pause = "500 millis" // After a fetch that failed.
const farewell = "1 second" // For the broker to hear the last of what we say.
const gathering = "50 millis" // The next batch gathers while the last one is written, but waits no longer for whom nobody answers.
const defectMs = 5_000
const longestPauseMs = 60_000 // Of a message that comes again and again.

/** How a message ends; each ends once. */
export interface Settle {
  /** It was heard. */
  readonly done: (message: JsMsg) => void
  /** Nobody can ever hear it. */
  readonly never: (message: JsMsg) => void
  /** It comes again after so many milliseconds, and each time after twice as many, up to a minute. `busy`: whoever should hear it cannot just now. */
  readonly later: (message: JsMsg, millis: number, how: { readonly busy: boolean }) => void
}

export interface Hearing<R, S, T> {
  readonly fetch: (limit: number, hear: (message: JsMsg) => void) => Effect.Effect<void, NatsUnreachable, R>
  /** What is done for all of them together; it answers what each of them waits for, and meanwhile the next ones are looked at. */
  readonly answer: (messages: ReadonlyArray<JsMsg>, settle: Settle) => Effect.Effect<Effect.Effect<void, never, T>, never, S>
}

/** Runs for ever. The fetching fiber begins anew with each connection, so a consumer that fell silent with the old one is not waited for. */
export const hearAlways = <R, S, T>({ fetch, answer }: Hearing<R, S, T>) =>
  Effect.gen(function* () {
    const nats = yield* Nats
    const heard = yield* Queue.unbounded<JsMsg>() // No fetch asks for more than there are hands.
    const room = yield* Queue.dropping<void>(1) // Somebody's hands became free.
    const pace = new Pace()
    const held = new Map<JsMsg, number>() // Since when, by this process's clock.
    const settled = (message: JsMsg, well: boolean) => {
      const since = held.get(message)
      if (since === undefined) return
      held.delete(message)
      pace.went(well, performance.now() - since)
      Queue.offerUnsafe(room, undefined)
    }
    /** What we hold is for another gateway, at once. First the broker has to know that we fetch no more: it would give it to us again. */
    const handOver = Effect.gen(function* () {
      const connection = yield* nats.connection
      const told = Effect.timeoutOption(
        Effect.promise(() => connection.flush()),
        farewell
      )
      yield* told
      for (const message of held.keys()) message.nak()
      yield* told
    })
    yield* Effect.addFinalizer(() => Effect.ignore(handOver))
    const settle: Settle = {
      done: (message) => {
        message.ack()
        settled(message, true)
      },
      never: (message) => {
        message.term()
        settled(message, true)
      },
      later: (message, millis, { busy }) => {
        message.nak(Math.min(longestPauseMs, millis * 2 ** (message.info.deliveryCount - 1)))
        settled(message, !busy)
      }
    }
    const hear = (message: JsMsg) => {
      held.set(message, performance.now())
      Queue.offerUnsafe(heard, message)
    }

    const fetching = Effect.gen(function* () {
      pace.adapt()
      if (pace.rest > 0) yield* Effect.sleep(pace.rest)
      while (held.size + pace.limit > pace.hands) yield* Queue.take(room)
      const seen = yield* nats.connectedSince(-1)
      yield* Effect.raceFirst(fetch(pace.limit, hear), nats.connectedSince(seen))
    }).pipe(Effect.catchTag("NatsUnreachable", () => Effect.sleep(pause)))

    /** A bug of ours: they come again, and others may be without it. */
    const again = (messages: ReadonlyArray<JsMsg>) => (defect: unknown) =>
      Effect.map(Effect.logError("Messages met a defect", defect), () => {
        for (const message of messages) if (held.has(message)) settle.later(message, defectMs, { busy: false })
        return Effect.void
      })
    const answering = Effect.gen(function* () {
      const messages = yield* Queue.takeBetween(heard, 1, pace.batch)
      const rest = yield* Effect.catchDefect(answer(messages, settle), again(messages))
      const answered = yield* Effect.forkScoped(Effect.catchDefect(rest, again(messages)))
      if (Queue.sizeUnsafe(heard) < pace.batch) yield* Effect.timeoutOption(Fiber.await(answered), gathering)
    })
    yield* Effect.raceFirst(Effect.forever(fetching), Effect.forever(answering))
  }).pipe(Effect.scoped)
