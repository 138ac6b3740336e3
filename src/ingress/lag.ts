/** How far the ingress of all gateways together is behind: for `./caas status`, and as a gauge. */
import { Effect, Metric } from "effect"
import type { Lag } from "#integrations/nats/work-queue.ts"
import { reportLag } from "#integrations/vehicle-link/reports.ts"
import { reminderLag } from "#integrations/webhooks/stream.ts"

/** Of each queue: what nobody has taken yet, and what somebody has taken and not answered. */
export const waitingMessages = Metric.gauge("ingress_waiting")
export const unansweredMessages = Metric.gauge("ingress_unanswered")
const everyLook = "5 seconds"

/** Of the queues that are there. */
export const ingressLag = Effect.map(
  Effect.all([reportLag, reminderLag], { concurrency: 2 }),
  (lags): ReadonlyArray<Lag> => lags.filter((lag) => lag !== null)
)

/** Runs for ever. Without NATS the gauges stay as they were. */
export const watchLag = Effect.gen(function* () {
  for (const { queue, waiting, unanswered } of yield* ingressLag) {
    yield* Metric.update(Metric.withAttributes(waitingMessages, { queue }), waiting)
    yield* Metric.update(Metric.withAttributes(unansweredMessages, { queue }), unanswered)
  }
}).pipe(
  Effect.catchTag("NatsUnreachable", () => Effect.void), // Said already by whoever holds the connection.
  Effect.andThen(Effect.sleep(everyLook)),
  Effect.forever
)
