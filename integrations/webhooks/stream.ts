/**
 * `webhooks.factory`, `webhooks.payments`, `webhooks.transport`: the road from the door to the order. A message names a webhook
 * and nothing else; the webhook lies in Postgres. Whoever publishes here by force can only remind us of what we have.
 */
import { type Option, Schema } from "effect"
import type { JsMsg } from "nats"
import { drop, fetchFrom, heal, lagOf, request, requestTimeoutMs, type WorkQueue } from "../nats/work-queue.ts"
import { WebhookKey } from "./webhooks.ts"

const reminders: WorkQueue = {
  name: "WEBHOOKS",
  subjects: ["webhooks.>"],
  reader: "webhook-ingress",
  maxBytes: 256 * 1024 * 1024, // About a million reminders; beyond that publishing fails and the sweeper tries later.
  maxMessageBytes: 4 * 1024,
  answerWithin: 30_000,
  maxUnanswered: 16_384 // Sixteen gateways with all their hands full, and as many that wait out a pause.
}

/** Reminds the ingress of a kept webhook. `tries` makes a second reminder another message: JetStream may drop repeats only of the same one. */
export const publishReminder = (key: WebhookKey, tries: number) =>
  request(({ connection, space }) =>
    connection
      .jetstream({ timeout: requestTimeoutMs })
      .publish(`${space}webhooks.${key.source}`, JSON.stringify({ source: key.source, webhookId: key.webhookId }), {
        msgID: `${key.source}/${key.webhookId}/${tries}`
      })
  )

/** The webhook a reminder is about; none where it is not one of ours. */
export const readReminder = (reminder: JsMsg): Option.Option<WebhookKey> => decodeReminder(reminder.string())
const decodeReminder = Schema.decodeUnknownOption(Schema.fromJsonString(WebhookKey))

export const healStream = heal(reminders)
export const reminderLag = lagOf(reminders)

export const fetchReminders = (limit: number, hear: (reminder: JsMsg) => void) => fetchFrom(reminders, limit, hear)

/** For worlds that end: a demo, a test. What it held is only reminders. */
export const dropStream = drop(reminders)
