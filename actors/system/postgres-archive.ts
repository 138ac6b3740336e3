/** Closed actors leave the tables of live traffic, with all they heard and promised. Nothing about them changes but where it lies. */
import { Duration, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { PlatformTime } from "#integrations/postgres/time.ts"

/** How far a run has come. */
export interface Archived {
  /** Closed long enough: each is moved whole, or left where it is because something still waits for it. */
  readonly looked: number
  readonly moved: number
  readonly turns: number
  readonly commands: number
}

export interface ArchiveOptions {
  /** Milliseconds since 1970, platform time: closed before, and not a word heard since. */
  readonly closedBefore: number
  /** Actors to look at, at most. */
  readonly limit: number
  /** Between two batches, so that whoever else uses the disk gets a turn. */
  readonly pause: Duration.Input
  readonly told?: (soFar: Archived) => void
}

const batchOf = 100 // Actors per transaction, some thousand rows: a turn that meets one of them waits a few milliseconds.

/** Oldest first, batch after batch, each a transaction of its own: it may be interrupted anywhere, and several may run at once. */
export const archiveClosed = Effect.fn("archiveClosed")(function* ({ closedBefore, limit, pause, told }: ArchiveOptions) {
  const sql = yield* SqlClient.SqlClient
  let soFar: Archived = { looked: 0, moved: 0, turns: 0, commands: 0 }
  for (let since = "-infinity", path = ""; soFar.looked < limit; ) {
    const [batch] = yield* sql<Archived & { since: string; path: string }>`
      SELECT looked, moved, turns, commands, last_since::text AS since, last_path AS path
      FROM archive.move(${new Date(closedBefore)}, ${since}::timestamptz, ${path}::text, ${Math.min(batchOf, limit - soFar.looked)}::integer)`
    const { looked, moved, turns, commands } = batch!
    if (looked === 0) break
    since = batch!.since
    path = batch!.path
    soFar = {
      looked: soFar.looked + looked,
      moved: soFar.moved + moved,
      turns: soFar.turns + turns,
      commands: soFar.commands + commands
    }
    told?.(soFar)
    yield* Effect.sleep(pause)
  }
  return soFar
})

const every = Duration.hours(1) // The first time an hour after the start.
const mostOfRound = 50_000 // Actors an hour: more than a fleet of millions closes.
const rest = Duration.millis(100)

/** Does it by itself, slowly, as long as the scope lasts. Zero days: never. */
export const Archivist = ({ afterDays }: { readonly afterDays: number }) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      if (afterDays === 0) return
      const sql = yield* SqlClient.SqlClient
      const time = yield* PlatformTime
      const round = Effect.suspend(() => {
        const closedBefore = time.now() - Duration.toMillis(Duration.days(afterDays))
        return archiveClosed({ closedBefore, limit: mostOfRound, pause: rest })
      }).pipe(
        Effect.provideService(SqlClient.SqlClient, sql),
        Effect.flatMap((archived) =>
          archived.moved === 0
            ? Effect.void
            : Effect.logInfo("Closed actors were archived").pipe(Effect.annotateLogs({ ...archived }))
        ),
        Effect.catchCause((cause) => Effect.logWarning("The archive stumbled, and goes on in an hour", cause))
      )
      yield* Effect.sleep(every).pipe(Effect.andThen(round), Effect.forever, Effect.forkScoped)
    })
  )
