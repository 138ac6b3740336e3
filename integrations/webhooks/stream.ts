/**
 * `webhooks.factory`, `webhooks.payments`, `webhooks.transport`: the road from the door to the order. A message names a webhook
 * and nothing else; the webhook lies in Postgres. Whoever publishes here by force can only remind us of what we have.
 */
import { Effect, type Option, Schema } from "effect"
import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  type JetStreamManager,
  type JsMsg,
  type NatsConnection,
  NatsError,
  nanos,
  RetentionPolicy,
  StorageType
} from "nats"
import { Nats, NatsUnreachable } from "../nats/nats.ts"
import { WebhookKey } from "./webhooks.ts"

const streamOf = (space: string) => `WEBHOOKS${space === "" ? "" : `_${space.slice(0, -1)}`}`
const consumer = "webhook-ingress"
const requestTimeoutMs = 2_000 // For an answer of JetStream.
const streamBytes = 256 * 1024 * 1024 // About a million reminders; beyond that publishing fails and the sweeper tries later.
const ackWaitMs = 30_000 // A reminder not answered by then is delivered again.
const maxAckPending = 1_024 // Delivered and not yet answered.
const fetchExpiresMs = 5_000 // An idle fetch ends by itself, so that a lost one is noticed.

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

/**
 * Makes the stream and its consumer where they are missing, and notices amnesia: a consumer that believes it has read further than
 * the stream reaches never delivers again (reliability finding 2; nats-server issues 5412, 6124, 7693). Answers what was found.
 */
export const healStream = request(async ({ connection, space }): Promise<StreamHealth> => {
  const stream = streamOf(space)
  const manager = await connection.jetstreamManager({ timeout: requestTimeoutMs, checkAPI: false })
  // In this order: a stream only grows, so whatever the consumer had read by then is in it.
  const reader = await unlessMissing(manager.consumers.info(stream, consumer))
  const held = await unlessMissing(manager.streams.info(stream))
  if (held === null) await makeStream(manager, space)
  else if (reader !== null) {
    if (reader.delivered.stream_seq <= held.state.last_seq) return "well"
    await manager.consumers.delete(stream, consumer)
  }
  await makeConsumer(manager, stream)
  return held === null ? "streamMissing" : reader === null ? "consumerMissing" : "consumerAhead"
})

export type StreamHealth = "well" | "streamMissing" | "consumerMissing" | "consumerAhead"

/** Up to `limit` reminders; `hear` is called with each as it comes. Ends when the server has no more for now, at the latest after 5 s. */
export const fetchReminders = (limit: number, hear: (reminder: JsMsg) => void) =>
  request(async ({ connection, space, signal }) => {
    const reader = await connection.jetstream({ timeout: requestTimeoutMs }).consumers.get(streamOf(space), consumer)
    const reminders = await reader.fetch({ max_messages: limit, expires: fetchExpiresMs })
    signal.addEventListener("abort", () => void reminders.close())
    for await (const reminder of reminders) hear(reminder)
  }).pipe(
    Effect.timeoutOrElse({
      duration: fetchExpiresMs * 2,
      orElse: () => Effect.fail(new NatsUnreachable({ cause: new Error("deaf") }))
    })
  )

/** For worlds that end: a demo, a test. What it held is only reminders. */
export const dropStream = request(async ({ connection, space }) => {
  const manager = await connection.jetstreamManager({ timeout: requestTimeoutMs, checkAPI: false })
  await unlessMissing(manager.streams.delete(streamOf(space)))
})

const makeStream = (manager: JetStreamManager, space: string) =>
  manager.streams.add({
    name: streamOf(space),
    subjects: [`${space}webhooks.>`],
    storage: StorageType.File,
    // A reminder answered is a reminder gone; with `limits` the answered ones would fill the stream, and it would refuse new ones.
    retention: RetentionPolicy.Workqueue,
    discard: DiscardPolicy.New,
    max_bytes: streamBytes,
    max_msg_size: 4 * 1024
  })

const makeConsumer = (manager: JetStreamManager, stream: string) =>
  manager.consumers.add(stream, {
    durable_name: consumer,
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(ackWaitMs),
    max_ack_pending: maxAckPending,
    max_deliver: -1, // The webhook says when it is finished; the pauses come from nak.
    deliver_policy: DeliverPolicy.All
  })

const unlessMissing = <A>(asked: Promise<A>): Promise<A | null> =>
  asked.catch((error) => {
    if (error instanceof NatsError && error.api_error?.code === 404) return null
    throw error
  })

interface Asked {
  readonly connection: NatsConnection
  readonly space: string
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal
}

function request<A>(ask: (asked: Asked) => Promise<A>) {
  return Effect.gen(function* () {
    const { connection: current, space } = yield* Nats
    const connection = yield* current
    return yield* Effect.tryPromise({
      try: (signal) => ask({ connection, space, signal }),
      catch: (cause) => new NatsUnreachable({ cause })
    })
  })
}
