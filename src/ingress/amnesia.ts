/** Notices that NATS forgot (wiped, rolled back, or deaf), and reminds it of everything. See docs/failures.md, and reliability findings 1 to 3. */
import { Effect, Metric } from "effect"
import { Nats } from "#integrations/nats/nats.ts"
import { healStream, type StreamHealth } from "#integrations/webhooks/stream.ts"
import { Webhooks } from "#integrations/webhooks/webhooks.ts"
import { sweepWebhooks } from "./sweeper.ts"

const everyLook = "5 seconds"
const afterFailure = "500 millis" // JetStream may need a moment after the connection stands.

/** How often NATS was found to have forgotten. */
export const amnesias = Metric.counter("nats_amnesia_total", { incremental: true })

/** Runs for ever: looks at once on each new connection, and every 5 s. */
export const watchForAmnesia = Effect.gen(function* () {
  const nats = yield* Nats
  const memory = yield* Webhooks
  let seen = 0
  let stoodBefore = false // Whether this process has seen the stream whole; the first one of all has to make it.

  const look = Effect.gen(function* () {
    const health: StreamHealth = yield* healStream
    if (health === "well") {
      stoodBefore = true
      return
    }
    const forgotten = stoodBefore || health === "consumerAhead"
    stoodBefore = true
    const due = yield* memory.makeAllDue
    if (forgotten) {
      yield* Metric.update(amnesias, 1)
      yield* Effect.logWarning("NATS forgot; the webhooks that wait are published again").pipe(Effect.annotateLogs({ health, due }))
    } else yield* Effect.logInfo("The stream of webhooks was made").pipe(Effect.annotateLogs({ health, due }))
    yield* sweepWebhooks
  })

  for (;;) {
    const looked = yield* Effect.result(look)
    const wait = looked._tag === "Success" ? everyLook : afterFailure
    seen = yield* Effect.raceFirst(nats.connectedSince(seen), Effect.as(Effect.sleep(wait), seen))
  }
})
