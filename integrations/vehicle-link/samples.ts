/** `vehicles.<vin>.telemetry`: core NATS, so that nobody waits for it and nothing keeps it. */
import { Effect } from "effect"
import type { Vin } from "#machines/vocabulary.ts"
import { Nats } from "../nats/nats.ts"
import { vinOf } from "./reports.ts"

const readers = "telemetry-ingress" // Each sample goes to one of them: gateways share the work.

/** Until the connection is made anew. `hear` is called with each message as it comes; it must not wait. */
export const listenToSamples = (hear: (vin: Vin, bytes: Uint8Array) => void) =>
  Effect.gen(function* () {
    const nats = yield* Nats
    const seen = yield* nats.connectedSince(-1)
    const connection = yield* nats.connection
    const callback = (no: Error | null, { subject, data }: { readonly subject: string; readonly data: Uint8Array }) => {
      const vin = no === null ? vinOf(subject) : null
      if (vin !== null) hear(vin, data)
    }
    yield* Effect.acquireUseRelease(
      Effect.sync(() => connection.subscribe(`${nats.space}vehicles.*.telemetry`, { callback, queue: readers })),
      () => nats.connectedSince(seen),
      (subscription) => Effect.sync(() => subscription.unsubscribe())
    )
  })
