/** The one connection to NATS: it comes back for ever, and nobody waits for it. NATS carries messages; it is never the truth. */
import { Context, Duration, Effect, Layer, Schedule, Schema, Stream, SubscriptionRef } from "effect"
import { type ConnectionOptions, connect, Events, jwtAuthenticator, type NatsConnection } from "nats"

const connectTimeoutMs = 2_000
const reconnectWaitMs = 500 // Between two tries, plus up to 100 ms of jitter (the client's default).
const pingIntervalMs = 5_000 // Two pings unanswered: the connection is dead, and is made anew.
const closeTimeout = Duration.seconds(2)

export class Nats extends Context.Service<
  Nats,
  {
    /** The connection as it stands now; fails at once while there is none. */
    readonly connection: Effect.Effect<NatsConnection, NatsUnreachable>
    /** How often a connection was made so far. Completes when that is more than `seen`. */
    readonly connectedSince: (seen: number) => Effect.Effect<number>
    /** What our subjects begin with; "" but for worlds that share a server with another one: a demo, tests. "demo7." */
    readonly space: string
  }
>()("integrations/Nats") {
  /**
   * `url`: see `connectOptionsOf`. Starts without a server; everything else waits for the connection on its own.
   * `space` (letters and digits) keeps this world's subjects and streams apart from others on the same server.
   */
  static readonly layer = (options: { readonly url: string; readonly name: string; readonly space?: string }) =>
    Layer.effect(
      Nats,
      Effect.gen(function* () {
        const connections = yield* SubscriptionRef.make(0)
        let current: NatsConnection | null = null

        if (!/^[A-Za-z0-9]{0,32}$/.test(options.space ?? ""))
          return yield* Effect.die(new Error(`Not a NATS space: ${options.space}`))
        const connectOnce = Effect.tryPromise({
          try: () =>
            connect({
              ...connectOptionsOf(options.url),
              name: options.name,
              timeout: connectTimeoutMs,
              maxReconnectAttempts: -1,
              reconnectTimeWait: reconnectWaitMs,
              ignoreAuthErrorAbort: true, // A server that restarts without its accounts is a server that comes back.
              pingInterval: pingIntervalMs,
              maxPingOut: 2
            }),
          catch: (cause) => new NatsUnreachable({ cause })
        })

        const made = SubscriptionRef.update(connections, (count) => count + 1)
        const watch = (connection: NatsConnection) =>
          Stream.fromAsyncIterable(connection.status(), (cause) => new NatsUnreachable({ cause })).pipe(
            Stream.runForEach(({ type, data }) => {
              switch (type) {
                case Events.Disconnect:
                  current = null
                  return Effect.logWarning("NATS is gone; trying again until it is back")
                case Events.Reconnect:
                  current = connection
                  return Effect.andThen(Effect.logInfo("NATS is back"), made)
                case Events.Error:
                  return Effect.logWarning("NATS complained").pipe(Effect.annotateLogs({ complaint: String(data) }))
                default:
                  return Effect.void
              }
            })
          )

        const hold = Effect.scoped(
          Effect.gen(function* () {
            const connection = yield* Effect.acquireRelease(connectOnce, (open) =>
              Effect.promise(() => open.close()).pipe(Effect.timeoutOption(closeTimeout), Effect.ignoreCause)
            )
            current = connection
            yield* made
            yield* watch(connection) // Ends when the client gave up, which it is told never to do.
          })
        ).pipe(Effect.ensuring(Effect.sync(() => (current = null))))

        yield* hold.pipe(
          Effect.catchCause((cause) =>
            Effect.logWarning("NATS does not answer").pipe(Effect.annotateLogs({ cause: String(cause) }))
          ),
          Effect.repeat(Schedule.spaced(Duration.millis(reconnectWaitMs))),
          Effect.forkScoped
        )

        return Nats.of({
          space: options.space ? `${options.space}.` : "",
          connection: Effect.suspend(() =>
            current === null || current.isClosed()
              ? Effect.fail(new NatsUnreachable({ cause: new Error("no connection") }))
              : Effect.succeed(current)
          ),
          connectedSince: (seen) =>
            SubscriptionRef.changes(connections).pipe(
              Stream.filter((count) => count > seen),
              Stream.take(1),
              Stream.runFold(
                () => seen,
                (_, count) => count
              )
            )
        })
      })
    )
}

/**
 * Where an address leads, and as whom: `nats://host`, `nats://user:password@host`, or `nats://<jwt>:<seed>@host` for a server that
 * knows its users by their account's signature (operator mode). `tls://` in place of `nats://` where it has to speak TLS.
 */
export const connectOptionsOf = (address: string): ConnectionOptions => {
  const { protocol, host, username, password } = new URL(address)
  const [user, pass] = [decodeURIComponent(username), decodeURIComponent(password)]
  const server = { servers: host, ...(protocol === "tls:" ? { tls: {} } : {}) } // Then a server without TLS is none.
  if (user === "") return server
  if (!user.startsWith("eyJ") || !pass.startsWith("SU")) return { ...server, user, pass }
  return { ...server, authenticator: jwtAuthenticator(user, new TextEncoder().encode(pass)) }
}

/** No connection, or no answer on it. Whatever was to be said is still in Postgres, and will be said again. */
export class NatsUnreachable extends Schema.TaggedError<NatsUnreachable>()("NatsUnreachable", { cause: Schema.Defect() }) {}
