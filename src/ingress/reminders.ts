/** Hears the reminders of `webhooks.>` and applies what they name. A reminder is answered after the row is closed, never before. */
import { Cause, Effect, Option } from "effect"
import type { JsMsg } from "nats"
import { stumbling } from "#integrations/log/log.ts"
import { fetchReminders, readReminder } from "#integrations/webhooks/stream.ts"
import { type StoredWebhook, type WebhookKey, Webhooks } from "#integrations/webhooks/webhooks.ts"
import { applyWebhook } from "./application.ts"
import { hearAlways, type Settle } from "./hearing.ts"
import { translate } from "./translation.ts"

const actorsAtOnce = 32
const unreachableMs = 5_000 // Postgres is away: come again then.
const unreachable = stumbling("Webhooks could not be looked up")

/** Actors side by side; to one actor, one after the other in the order they came, which is why the next batch waits for this one. */
const applyAll = Effect.fnUntraced(function* (reminders: ReadonlyArray<JsMsg>, settle: Settle) {
  const memory = yield* Webhooks
  const named = new Map<string, { readonly key: WebhookKey; readonly reminders: Array<JsMsg> }>()
  for (const reminder of reminders) {
    const key = Option.getOrNull(readReminder(reminder))
    if (key === null)
      settle.never(reminder) // Nothing of ours: never again, please.
    else {
      const known = named.get(nameOf(key))
      if (known === undefined) named.set(nameOf(key), { key, reminders: [reminder] })
      else known.reminders.push(reminder)
    }
  }
  if (named.size === 0) return Effect.void
  const rows = yield* memory.load([...named.values()].map(({ key }) => key)).pipe(
    Effect.catchTag("WebhooksUnreachable", (error) => {
      for (const { reminders } of named.values())
        for (const reminder of reminders) settle.later(reminder, unreachableMs, { busy: true })
      return Effect.as(unreachable(Cause.fail(error)), null)
    })
  )
  if (rows === null) return Effect.void
  const kept = new Map(rows.map((row) => [nameOf(row), row]))
  const actors = new Map<string, Array<StoredWebhook>>()
  for (const [name, { key, reminders }] of named) {
    const row = kept.get(name)
    if (row === undefined) {
      for (const reminder of reminders) settle.never(reminder) // It was kept before it was published: this one is another database's.
      yield* Effect.logWarning("A reminder of a webhook we do not have").pipe(Effect.annotateLogs({ ...key }))
    } else if (row.state !== "received") for (const reminder of reminders) settle.done(reminder)
    else {
      const actor = yield* hearerOf(row)
      const queue = actors.get(actor)
      if (queue === undefined) actors.set(actor, [row])
      else queue.push(row)
    }
  }
  const apply = Effect.fnUntraced(function* (webhook: StoredWebhook) {
    const application = yield* applyWebhook(webhook)
    for (const reminder of named.get(nameOf(webhook))!.reminders)
      if (application === "done") settle.done(reminder)
      else settle.later(reminder, application.laterSeconds * 1_000, { busy: application.busy })
  })
  yield* Effect.forEach(actors.values(), (queue) => Effect.forEach(queue, apply, { discard: true }), {
    concurrency: actorsAtOnce,
    discard: true
  })
  return Effect.void
})

/** Runs for ever. */
export const hearReminders = hearAlways({ fetch: fetchReminders, answer: applyAll })

const nameOf = ({ source, webhookId }: WebhookKey) => `${source}/${webhookId}`
/** What belongs together; a webhook that names nobody stands alone. */
const hearerOf = (webhook: StoredWebhook) =>
  translate(webhook.source, webhook.body).pipe(
    Effect.map(({ to }) => to.path),
    Effect.catchTag("Untranslatable", () => Effect.succeed(nameOf(webhook)))
  )
