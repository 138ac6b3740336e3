/** From a kept webhook to an order that has heard it. */
import { Effect, Layer } from "effect"
import { healStream } from "#integrations/webhooks/stream.ts"
import { watchForAmnesia } from "./amnesia.ts"
import { forEver } from "./loop.ts"
import { hearReminders } from "./reminders.ts"
import { remindOfAll, sweepAlways } from "./sweeper.ts"

const watch = watchForAmnesia({ queue: "webhooks", heal: healStream, remind: remindOfAll })

/** Hears, sweeps and watches until its scope closes. Needs neither NATS nor Postgres to be there at the start. */
export const WebhookIngress = Layer.effectDiscard(
  Effect.all([forEver("amnesia", watch), forEver("reminders", hearReminders), forEver("sweeper", sweepAlways)])
)
