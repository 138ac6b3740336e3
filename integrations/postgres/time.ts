/** Platform time: database time plus an offset that only demo, tests and simulation may set. Everybody asks here what time it is. */
import { Context, type Effect } from "effect"

export class PlatformTime extends Context.Service<
  PlatformTime,
  {
    /** Milliseconds since 1970, UTC. Cheap: a local clock corrected every 30 s against the database. */
    readonly now: () => number
    /** Moves every clock of this database forward. Dies where `clock.movable` is false. */
    readonly advance: (millis: number) => Effect.Effect<void>
  }
>()("integrations/PlatformTime") {}

export const iso = (millis: number) => new Date(millis).toISOString()
