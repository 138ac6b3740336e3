/** Hears the reminders of `webhooks.>` and applies what they name. A reminder is answered after the row is closed, never before. */
import { Effect, Option, Queue } from "effect"
import type { JsMsg } from "nats"
import { Nats } from "#integrations/nats/nats.ts"
import { fetchReminders, readReminder } from "#integrations/webhooks/stream.ts"
import { type StoredWebhook, type WebhookKey, Webhooks } from "#integrations/webhooks/webhooks.ts"
import { applyWebhook } from "./application.ts"
import { translate } from "./translation.ts"

const batch = 256 // Reminders fetched, and rows loaded, at once.
const waiting = 1_024 // Reminders heard and not yet looked at; as many as the consumer may have on its way.
const ordersAtOnce = 32
const pause = "500 millis" // After a fetch that failed.
const unreachableMs = 5_000 // Postgres is away: come again then.
const fullMs = 1_000

/** Runs for ever. The fetching fiber begins anew with each connection, so a consumer that fell silent with the old one is not waited for. */
export const hearReminders = Effect.gen(function* () {
  const nats = yield* Nats
  const heard = yield* Queue.bounded<JsMsg>(waiting)
  const hear = (reminder: JsMsg) => {
    if (!Queue.offerUnsafe(heard, reminder)) reminder.nak(fullMs)
  }
  const fetching = Effect.gen(function* () {
    const seen = yield* nats.connectedSince(-1)
    yield* Effect.raceFirst(fetchReminders(batch, hear), nats.connectedSince(seen))
  }).pipe(Effect.catchTag("NatsUnreachable", () => Effect.sleep(pause)))
  const applying = Effect.flatMap(Queue.takeBetween(heard, 1, batch), applyAll)
  yield* Effect.raceFirst(Effect.forever(fetching), Effect.forever(applying))
})

/** Orders side by side; of one order, one after the other in the order they came. */
const applyAll = Effect.fnUntraced(function* (reminders: ReadonlyArray<JsMsg>) {
  const memory = yield* Webhooks
  const named = new Map<string, { readonly key: WebhookKey; readonly reminders: Array<JsMsg> }>()
  for (const reminder of reminders) {
    const key = Option.getOrNull(readReminder(reminder))
    if (key === null)
      reminder.term() // Nothing of ours: never again, please.
    else {
      const known = named.get(nameOf(key))
      if (known === undefined) named.set(nameOf(key), { key, reminders: [reminder] })
      else known.reminders.push(reminder)
    }
  }
  if (named.size === 0) return
  const rows = yield* memory.load([...named.values()].map(({ key }) => key)).pipe(
    Effect.catchTag("WebhooksUnreachable", (error) => {
      for (const { reminders } of named.values()) for (const reminder of reminders) reminder.nak(unreachableMs)
      return Effect.as(Effect.logWarning("Webhooks could not be looked up", error), null)
    })
  )
  if (rows === null) return
  const kept = new Map(rows.map((row) => [nameOf(row), row]))
  const orders = new Map<string, Array<StoredWebhook>>()
  for (const [name, { key, reminders }] of named) {
    const row = kept.get(name)
    if (row === undefined) {
      for (const reminder of reminders) reminder.term() // It was kept before it was published: this one is another database's.
      yield* Effect.logWarning("A reminder of a webhook we do not have").pipe(Effect.annotateLogs({ ...key }))
    } else if (row.state !== "received") for (const reminder of reminders) reminder.ack()
    else {
      const order = yield* orderOf(row)
      const queue = orders.get(order)
      if (queue === undefined) orders.set(order, [row])
      else queue.push(row)
    }
  }
  const apply = Effect.fnUntraced(function* (webhook: StoredWebhook) {
    const application = yield* applyWebhook(webhook)
    for (const reminder of named.get(nameOf(webhook))!.reminders)
      if (application === "done") reminder.ack()
      else reminder.nak(application.laterSeconds * 1_000)
  })
  yield* Effect.forEach(orders.values(), (queue) => Effect.forEach(queue, apply, { discard: true }), {
    concurrency: ordersAtOnce,
    discard: true
  })
})

const nameOf = ({ source, webhookId }: WebhookKey) => `${source}/${webhookId}`
/** What belongs together; a webhook that names no order stands alone. */
const orderOf = (webhook: StoredWebhook) =>
  translate(webhook.source, webhook.body).pipe(
    Effect.map(({ orderId }) => orderId as string),
    Effect.catchTag("Untranslatable", () => Effect.succeed(nameOf(webhook)))
  )
