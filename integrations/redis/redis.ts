/** Redis: warmth, never truth. It may be emptied at noon, and everybody must be able to do without it. */
import { Context, Effect, Layer } from "effect"
import { Redis as Client } from "ioredis"

const connectTimeoutMs = 1_000
const commandTimeoutMs = 150 // No request waits longer than 200 ms for Redis (F30).
const reconnectMs = 1_000 // The longest pause between two tries; the first ones come sooner.

export class Redis extends Context.Service<Redis, Client>()("integrations/Redis") {
  /** Starts without a server. A command fails at once while there is no connection, and after 150 ms without an answer. */
  static readonly layer = (options: { readonly url: string }) =>
    Layer.effect(
      Redis,
      Effect.gen(function* () {
        const warn = Effect.runForkWith(yield* Effect.context<never>())
        let last = ""
        return yield* Effect.acquireRelease(
          Effect.sync(() => {
            const client = new Client(options.url, {
              connectionName: "caas",
              // Without these three a command whose answer was lost is sent again, and counts twice (reliability finding 8).
              autoResendUnfulfilledCommands: false,
              maxRetriesPerRequest: 0,
              enableOfflineQueue: false,
              connectTimeout: connectTimeoutMs,
              commandTimeout: commandTimeoutMs,
              retryStrategy: (tries) => Math.min(tries * 50, reconnectMs)
            })
            client.on("ready", () => (last = ""))
            client.on("error", (error: Error) => {
              if (error.message === last) return // Once per kind, not once per try.
              last = error.message
              warn(
                Effect.logWarning("Redis does not answer; going on without it").pipe(Effect.annotateLogs({ cause: error.message }))
              )
            })
            return client
          }),
          (client) => Effect.sync(() => client.disconnect())
        )
      })
    )
}
