/** A loop of the ingress: it does not end before its scope does, whatever breaks in it. */
import { Effect } from "effect"

const pause = "1 second" // Before a loop that broke begins again.

export const forEver = <E, R>(name: string, loop: Effect.Effect<unknown, E, R>) =>
  loop.pipe(
    Effect.catchCause((cause) =>
      Effect.logError("A loop of the ingress broke, and begins again", cause).pipe(Effect.annotateLogs({ loop: name }))
    ),
    Effect.andThen(Effect.sleep(pause)),
    Effect.forever,
    Effect.forkScoped
  )
