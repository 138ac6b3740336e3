/** Reads a work queue of NATS for ever: fetches, keeps so many at hand, and lets them be answered in batches. */
import { Effect, Queue } from "effect"
import type { JsMsg } from "nats"
import { Nats, type NatsUnreachable } from "#integrations/nats/nats.ts"

const batch = 256 // Messages fetched, and answered, at once.
const waiting = 1_024 // Messages heard and not yet looked at; as many as a consumer may have on its way.
const pause = "500 millis" // After a fetch that failed.
const fullMs = 1_000

export interface Hearing<R, S> {
  readonly fetch: (limit: number, hear: (message: JsMsg) => void) => Effect.Effect<void, NatsUnreachable, R>
  /** Answers each of them. */
  readonly answer: (messages: ReadonlyArray<JsMsg>) => Effect.Effect<void, never, S>
}

/** Runs for ever. The fetching fiber begins anew with each connection, so a consumer that fell silent with the old one is not waited for. */
export const hearAlways = <R, S>({ fetch, answer }: Hearing<R, S>) =>
  Effect.gen(function* () {
    const nats = yield* Nats
    const heard = yield* Queue.bounded<JsMsg>(waiting)
    const hear = (message: JsMsg) => {
      if (!Queue.offerUnsafe(heard, message)) message.nak(fullMs)
    }
    const fetching = Effect.gen(function* () {
      const seen = yield* nats.connectedSince(-1)
      yield* Effect.raceFirst(fetch(batch, hear), nats.connectedSince(seen))
    }).pipe(Effect.catchTag("NatsUnreachable", () => Effect.sleep(pause)))
    const answering = Effect.flatMap(Queue.takeBetween(heard, 1, batch), answer)
    yield* Effect.raceFirst(Effect.forever(fetching), Effect.forever(answering))
  })
