/** What is said about all cars by core NATS, so that nobody waits for it and nothing keeps it. */
import { Effect } from "effect"
import type { Vin } from "#machines/vocabulary.ts"
import { Nats } from "../nats/nats.ts"
import { vinOf } from "./reports.ts"

/** Must not wait. */
type Hear = (vin: Vin, bytes: Uint8Array) => void

/** Until the connection is made anew. `hear` is called with each message as it comes. */
const listenTo = (word: string, options: { readonly queue?: string }) => (hear: Hear) =>
  Effect.gen(function* () {
    const nats = yield* Nats
    const seen = yield* nats.connectedSince(-1)
    const connection = yield* nats.connection
    const callback = (no: Error | null, { subject, data }: { readonly subject: string; readonly data: Uint8Array }) => {
      const vin = no === null ? vinOf(subject) : null
      if (vin !== null) hear(vin, data)
    }
    yield* Effect.acquireUseRelease(
      Effect.sync(() => connection.subscribe(`${nats.space}vehicles.*.${word}`, { ...options, callback })),
      () => nats.connectedSince(seen),
      (subscription) => Effect.sync(() => subscription.unsubscribe())
    )
  })

/** `vehicles.<vin>.telemetry`: each sample is for one of the gateways. */
export const listenToSamples = listenTo("telemetry", { queue: "telemetry-ingress" })

/** `vehicles.<vin>.acknowledged`: our own word to a car, by whichever gateway. */
export const listenToAcknowledgements = listenTo("acknowledged", {})
