/** A Postgres that is away for a while: what tells so, and how long a start waits for it. Whatever else it says is a no, at once. */
import { Duration, Effect, Redacted, Schedule, Schema } from "effect"

const patience = Duration.seconds(60) // A crashed one may have much to recover.
const pauses = Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("3 seconds")]).pipe(
  Schedule.upTo({ duration: patience })
)

/** It shuts down, crashed, is starting up, has no place left: those of dead members are free in a moment. */
const said = ["57P01", "57P02", "57P03", "53300"]
/** Nobody is there to say anything. A name without an address counts, too: where containers give names, it comes with the container. */
const silent = ["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "ENOTFOUND", "EAI_AGAIN"]
/** The driver's own words where it has no code. */
const broken = /^PgConnection: Connection (closed|timed out)/

/** A connection is there, and nothing comes of it. Who gives up does not know what was stored. */
export class PostgresSilent extends Schema.TaggedError<PostgresSilent>()("PostgresSilent", { seconds: Schema.Number }) {
  override get message() {
    return `Postgres said nothing for ${this.seconds} s`
  }
}

/** A start has waited for Postgres, and nobody came. */
export class PostgresAway extends Schema.TaggedError<PostgresAway>()("PostgresAway", {
  server: Schema.String,
  said: Schema.String
}) {
  override get message() {
    return `Postgres at ${this.server} was not there for ${Duration.toSeconds(patience)} s (${this.said}). Start it, or name another one in DATABASE_URL.`
  }
}

/** Starts again, from the beginning, as often as `start` meets a Postgres that is away; says so once. `start` leaves nothing behind where it fails. */
export const besidePostgres = <A>(url: Redacted.Redacted, start: () => Promise<A>): Effect.Effect<A, unknown> =>
  Effect.suspend(() => {
    const server = new URL(Redacted.value(url)).host
    let isSaid = false
    const say = (error: unknown) => {
      if (isSaid || !isAway(error)) return Effect.void
      isSaid = true
      const sentence = `Postgres (DATABASE_URL) is not there yet; this start waits for it, ${Duration.toSeconds(patience)} s at most`
      return Effect.logWarning(sentence).pipe(Effect.annotateLogs({ server, said: inItsOwnWords(error) }))
    }
    return Effect.tryPromise({ try: start, catch: (error) => error }).pipe(
      Effect.tapError(say),
      Effect.retry({ while: isAway, schedule: pauses }),
      Effect.mapError((error) => (isAway(error) ? new PostgresAway({ server, said: inItsOwnWords(error) }) : error))
    )
  })

const isAway = (error: unknown): boolean =>
  chainOf(error).some((link) => {
    const code = "code" in link ? String(link.code) : ""
    return said.includes(code) || silent.includes(code) || broken.test(link.message) || link instanceof PostgresSilent
  })

/** What will be otherwise in a moment: Postgres is away, or a lock or its own time was too short. */
export const isPassing = (error: unknown): boolean =>
  isAway(error) || chainOf(error).some((link) => "isRetryable" in link && link.isRetryable === true)

/** The innermost message: Postgres' own, or the network's, without the statement. */
export const inItsOwnWords = (error: unknown): string => chainOf(error).at(-1)?.message ?? String(error)

/** From what was thrown to what it began with. */
const chainOf = (error: unknown): ReadonlyArray<Error> =>
  error instanceof Error ? [error, ...chainOf("reason" in error && error.reason instanceof Error ? error.reason : error.cause)] : []
