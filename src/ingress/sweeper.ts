/** Publishes again what was kept and not applied, so that it does not matter what NATS forgets. */
import { Cause, Effect } from "effect"
import { stumbling } from "#integrations/log/log.ts"
import { Nats } from "#integrations/nats/nats.ts"
import { publishReminder } from "#integrations/webhooks/stream.ts"
import { Webhooks } from "#integrations/webhooks/webhooks.ts"

const batch = 256
const publishersAtOnce = 16
const everySweep = "2 seconds"
const unreachable = stumbling("The sweeper cannot reach the webhooks")

/** Until nothing is due. A webhook is due 5 s after it came, then 10 s, 20 s … 5 min after its last reminder. Without NATS nothing is touched. */
export const sweepWebhooks = Effect.gen(function* () {
  const nats = yield* Nats
  const memory = yield* Webhooks
  let swept = 0
  for (;;) {
    yield* nats.connection
    const due = yield* memory.claimDue(batch)
    yield* Effect.forEach(due, (webhook) => publishReminder(webhook, webhook.tries), {
      concurrency: publishersAtOnce,
      discard: true
    })
    swept += due.length
    if (due.length < batch) return swept
  }
})

/** After NATS forgot: everything that waits is due at once. */
export const remindOfAll = Effect.andThen(
  Webhooks.use(({ makeAllDue }) => makeAllDue),
  sweepWebhooks
)

/** Runs for ever. */
export const sweepAlways = sweepWebhooks.pipe(
  Effect.catchTags({
    NatsUnreachable: () => Effect.void, // Said already by whoever holds the connection.
    WebhooksUnreachable: (error) => unreachable(Cause.fail(error))
  }),
  Effect.andThen(Effect.sleep(everySweep)),
  Effect.forever
)
