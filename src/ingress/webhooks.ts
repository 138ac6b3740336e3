/** From a kept webhook to an order that has heard it. */
import { Effect, Layer } from "effect"
import { watchForAmnesia } from "./amnesia.ts"
import { hearReminders } from "./reminders.ts"
import { sweepAlways } from "./sweeper.ts"

const pause = "1 second" // Before a loop that broke begins again.

const forEver = <E, R>(name: string, loop: Effect.Effect<unknown, E, R>) =>
  loop.pipe(
    Effect.catchCause((cause) =>
      Effect.logError("A loop of the webhooks broke, and begins again", cause).pipe(Effect.annotateLogs({ loop: name }))
    ),
    Effect.andThen(Effect.sleep(pause)),
    Effect.forever,
    Effect.forkScoped
  )

/** Hears, sweeps and watches until its scope closes. Needs neither NATS nor Postgres to be there at the start. */
export const WebhookIngress = Layer.effectDiscard(
  Effect.all([forEver("amnesia", watchForAmnesia), forEver("reminders", hearReminders), forEver("sweeper", sweepAlways)])
)
