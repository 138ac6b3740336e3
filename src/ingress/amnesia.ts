/** Notices that NATS forgot (wiped, rolled back, or deaf), and reminds it of everything. See docs/failures.md, and reliability findings 1 to 3. */
import { Effect, Metric } from "effect"
import { Nats } from "#integrations/nats/nats.ts"
import type { StreamHealth } from "#integrations/nats/work-queue.ts"

const everyLook = "5 seconds"
const afterFailure = "500 millis" // JetStream may need a moment after the connection stands.

/** How often NATS was found to have forgotten. */
export const amnesias = Metric.counter("nats_amnesia_total", { incremental: true })

export interface Watched<E, F, R, S> {
  /** For the log. */
  readonly queue: string
  readonly heal: Effect.Effect<StreamHealth, E, R>
  /** Says again what is not answered yet; how much that was. */
  readonly remind: Effect.Effect<number, F, S>
}

/** Runs for ever: looks at once on each new connection, and every 5 s. */
export const watchForAmnesia = <E, F, R, S>({ queue, heal, remind }: Watched<E, F, R, S>) =>
  Effect.gen(function* () {
    const nats = yield* Nats
    let seen = 0
    let stoodBefore = false // Whether this process has seen the stream whole; the first one of all has to make it.

    const look = Effect.gen(function* () {
      const health = yield* heal
      if (health === "well") {
        stoodBefore = true
        return
      }
      const forgotten = stoodBefore || health === "consumerAhead"
      stoodBefore = true
      const about = { queue, health }
      if (forgotten) {
        yield* Metric.update(amnesias, 1)
        yield* Effect.logWarning("NATS forgot; what waits is published again").pipe(Effect.annotateLogs(about))
      } else yield* Effect.logInfo("A stream was made").pipe(Effect.annotateLogs(about))
      const again = yield* remind
      if (again > 0) yield* Effect.logInfo("Published again").pipe(Effect.annotateLogs({ ...about, again }))
    })

    let failing = false
    for (;;) {
      const looked = yield* Effect.result(look)
      if (looked._tag === "Failure" && !failing)
        // Said once: no connection, or no room for another stream.
        yield* Effect.logWarning("A stream could not be looked after", looked.failure).pipe(Effect.annotateLogs({ queue }))
      failing = looked._tag === "Failure"
      const wait = looked._tag === "Success" ? everyLook : afterFailure
      seen = yield* Effect.raceFirst(nats.connectedSince(seen), Effect.as(Effect.sleep(wait), seen))
    }
  })
