/** A stream with one reader, which all gateways share, and from which an answered message is gone: made where it is missing, and healed where NATS forgot. */
import { Effect } from "effect"
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
import { Nats, NatsUnreachable } from "./nats.ts"

export interface WorkQueue {
  /** In capitals; a world's space is added. */
  readonly name: string
  /** Without the space. */
  readonly subjects: ReadonlyArray<string>
  readonly reader: string
  /** Beyond that, publishing fails. Where only the newest of each subject count, older ones go instead. */
  readonly maxBytes: number
  readonly maxMessageBytes: number
  readonly newestPerSubject?: number
  /** Nobody is told that a message is stored: a stranger would choose where that is said, and speak there with the broker's voice. */
  readonly fromStrangers?: true
  /** Milliseconds: a message not answered by then is delivered again. */
  readonly answerWithin: number
  /** Delivered and not yet answered, by all gateways together. Those that are to come again after a pause are among them. */
  readonly maxUnanswered: number
}

/** What lies in a queue. */
export interface Lag {
  /** In capitals, without the space. */
  readonly queue: string
  /** Not delivered to anybody yet. */
  readonly waiting: number
  /** Delivered, and not yet answered. */
  readonly unanswered: number
  /** Of those, delivered more than once. */
  readonly redelivered: number
}

export type StreamHealth = "well" | "streamMissing" | "consumerMissing" | "consumerAhead"

export const requestTimeoutMs = 2_000 // For an answer of JetStream.
const fetchExpiresMs = 5_000 // An idle fetch ends by itself, so that a lost one is noticed.

const streamOf = ({ name }: WorkQueue, space: string) => `${name}${space === "" ? "" : `_${space.slice(0, -1)}`}`

/**
 * Makes the stream and its consumer where they are missing, and notices amnesia: a consumer that believes it has read further than
 * the stream reaches never delivers again (reliability finding 2; nats-server issues 5412, 6124, 7693). Answers what was found.
 */
export const heal = (queue: WorkQueue) =>
  request(async ({ connection, space }): Promise<StreamHealth> => {
    const stream = streamOf(queue, space)
    const manager = await connection.jetstreamManager({ timeout: requestTimeoutMs, checkAPI: false })
    // In this order: a stream only grows, so whatever the consumer had read by then is in it.
    const reader = await unlessMissing(manager.consumers.info(stream, queue.reader))
    const held = await unlessMissing(manager.streams.info(stream))
    if (held === null) await makeStream(manager, queue, space)
    else if (reader !== null) {
      if (reader.delivered.stream_seq <= held.state.last_seq) {
        if (reader.config.max_ack_pending !== queue.maxUnanswered)
          // Left by another version of ours.
          await manager.consumers.update(stream, queue.reader, { max_ack_pending: queue.maxUnanswered })
        return "well"
      }
      await unlessMissing(manager.consumers.delete(stream, queue.reader)) // Another gateway may have been faster.
    }
    await makeConsumer(manager, queue, stream)
    return held === null ? "streamMissing" : reader === null ? "consumerMissing" : "consumerAhead"
  })

/** Up to `limit` messages; `hear` is called with each as it comes. Ends when the server has no more for now, at the latest after 5 s. */
export const fetchFrom = (queue: WorkQueue, limit: number, hear: (message: JsMsg) => void) =>
  request(async ({ connection, space, signal }) => {
    const reader = await connection.jetstream({ timeout: requestTimeoutMs }).consumers.get(streamOf(queue, space), queue.reader)
    const messages = await reader.fetch({ max_messages: limit, expires: fetchExpiresMs })
    signal.addEventListener("abort", () => void messages.close())
    for await (const message of messages) hear(message)
  }).pipe(
    Effect.timeoutOrElse({
      duration: fetchExpiresMs * 2,
      orElse: () => Effect.fail(new NatsUnreachable({ cause: new Error("deaf") }))
    })
  )

/** Null where there is no such queue. */
export const lagOf = (queue: WorkQueue) =>
  request(async ({ connection, space }): Promise<Lag | null> => {
    const manager = await connection.jetstreamManager({ timeout: requestTimeoutMs, checkAPI: false })
    const reader = await unlessMissing(manager.consumers.info(streamOf(queue, space), queue.reader))
    if (reader === null) return null
    const { num_pending: waiting, num_ack_pending: unanswered, num_redelivered: redelivered } = reader
    return { queue: queue.name, waiting, unanswered, redelivered }
  })

/** For worlds that end: a demo, a test. */
export const drop = (queue: WorkQueue) =>
  request(async ({ connection, space }) => {
    const manager = await connection.jetstreamManager({ timeout: requestTimeoutMs, checkAPI: false })
    await unlessMissing(manager.streams.delete(streamOf(queue, space)))
  })

const makeStream = (manager: JetStreamManager, queue: WorkQueue, space: string) =>
  manager.streams.add({
    name: streamOf(queue, space),
    subjects: queue.subjects.map((subject) => `${space}${subject}`),
    storage: StorageType.File,
    // A message answered is a message gone; with `limits` the answered ones would fill the stream, and it would refuse new ones.
    retention: RetentionPolicy.Workqueue,
    discard: queue.newestPerSubject === undefined ? DiscardPolicy.New : DiscardPolicy.Old,
    max_msgs_per_subject: queue.newestPerSubject ?? -1,
    max_bytes: queue.maxBytes,
    max_msg_size: queue.maxMessageBytes,
    no_ack: queue.fromStrangers ?? false
  })

const makeConsumer = (manager: JetStreamManager, queue: WorkQueue, stream: string) =>
  manager.consumers.add(stream, {
    durable_name: queue.reader,
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(queue.answerWithin),
    max_ack_pending: queue.maxUnanswered,
    max_deliver: -1, // Whoever reads says when it is finished; the pauses come from nak.
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

export function request<A>(ask: (asked: Asked) => Promise<A>) {
  return Effect.gen(function* () {
    const { connection: current, space } = yield* Nats
    const connection = yield* current
    return yield* Effect.tryPromise({
      try: (signal) => ask({ connection, space, signal }),
      catch: (cause) => new NatsUnreachable({ cause })
    })
  })
}
