/** An end to waiting for a Postgres that says nothing. Its own limits (postgres.ts) end what it works on; a silent connection only we can give up. */
import { Duration, Effect } from "effect"

const patience = Duration.seconds(8) // Longer than a statement may take; the driver then needs up to 10 s to break the connection off.

/** Who gives up does not know what was stored. The wait ends even where nobody may interrupt the caller, and only by its own end. */
export const answeredInTime = <A, E, R>(asking: Effect.Effect<A, E, R>): Effect.Effect<A, E | Error, R> =>
  Effect.timeoutOrElse(Effect.interruptible(asking), {
    duration: patience,
    orElse: () => Effect.fail(new Error(`Postgres said nothing for ${Duration.toSeconds(patience)} s`))
  })
