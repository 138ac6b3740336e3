/** Moves the journals and commands of actors that have long been closed out of the tables of live traffic. */
import { parseArgs } from "node:util"
import { Effect, Layer, Redacted, Result } from "effect"
import { SqlClient } from "effect/sql"
import { type Archived, archiveClosed } from "#actors/system/postgres-archive.ts"
import { PlatformTimePostgres } from "#integrations/postgres/clock.ts"
import { PostgresOwner } from "#integrations/postgres/postgres.ts"
import { PlatformTime } from "#integrations/postgres/time.ts"

export const summary = "[--closed-for 90d] [--limit N] [--dry-run]: closed actors' history moves aside, and stays readable"

const usage = `Usage: ./caas archive [--closed-for 90d|12h] [--limit N] [--dry-run]

  --closed-for   closed, and not a word heard, for so many days or hours of platform time
  --limit        actors to look at, at most
  --dry-run      only says how many there are
  From the environment: DATABASE_URL, the owner's; or the platform that ./caas up runs here`

const millisOf = { d: 86_400_000, h: 3_600_000 } as const

/** 0: done; 1: no database is named; 2: called wrongly, or the database does not tell. */
export const run = async (args: string[]): Promise<number> => {
  const said = Result.try(() =>
    parseArgs({
      args,
      options: {
        "closed-for": { type: "string", default: "90d" },
        limit: { type: "string", default: String(Number.MAX_SAFE_INTEGER) },
        "dry-run": { type: "boolean", default: false }
      }
    })
  )
  if (Result.isFailure(said)) return complain(2, usage)
  const { "closed-for": closedFor, limit: most, "dry-run": dryRun } = said.success.values
  const [, count, unit] = /^(\d{1,6})([dh])$/.exec(closedFor) ?? []
  const limit = Number(most)
  if (count === undefined || !Number.isSafeInteger(limit) || limit < 1) return complain(2, usage)
  const url = process.env.DATABASE_URL
  if (!url) return complain(1, "Set DATABASE_URL to the owner's address of a database, or start ./caas up in this folder first.")

  const closedForMillis = Number(count) * millisOf[unit as keyof typeof millisOf]
  return Effect.runPromise(
    Effect.gen(function* () {
      const closedBefore = (yield* PlatformTime).now() - closedForMillis
      if (dryRun) {
        const { actors, turns, commands } = yield* waiting(closedBefore)
        console.log(`${actors} actors would move, with ${turns} turns and ${commands} commands.`)
        return 0
      }
      const { actors } = yield* candidates(closedBefore)
      const told = progress(Math.min(actors, limit))
      const { looked, moved, turns, commands } = yield* archiveClosed({ closedBefore, limit, pause: 0, told })
      const left = looked === moved ? "" : ` ${looked - moved} stay: something still waits for them.`
      console.log(`${moved} actors moved, with ${turns} turns and ${commands} commands.${left}`)
      return 0
    }).pipe(Effect.provide(Layer.provideMerge(PlatformTimePostgres, PostgresOwner({ url: Redacted.make(url) }))))
  )
}

const complain = (code: 1 | 2, words: string) => {
  console.error(words)
  return code
}

/** Closed long enough, whatever else may keep them where they are. */
const candidates = Effect.fnUntraced(function* (closedBefore: number) {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ actors: number }>`
    SELECT count(*)::int AS actors
    FROM actors
    WHERE closed AND NOT archived AND state_since < ${new Date(closedBefore)}`
  return row!
})

/** What a run would move. */
const waiting = Effect.fnUntraced(function* (closedBefore: number) {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ actors: number; turns: number; commands: number }>`
    SELECT count(*)::int AS actors,
           coalesce(sum((SELECT count(*) FROM journal j WHERE j.partition = a.partition AND j.path = a.path)), 0)::int AS turns,
           coalesce(sum((SELECT count(*) FROM outbox o WHERE o.path = a.path)), 0)::int                                AS commands
    FROM actors a
    WHERE closed AND NOT archived AND state_since < ${new Date(closedBefore)}
      AND archive.at_rest(partition, path, ${new Date(closedBefore)})`
  return row!
})

const tellEvery = 1_000 // Milliseconds between two lines of progress, on the standard error.

const progress = (all: number) => {
  const begin = performance.now()
  let last = begin
  return ({ looked, moved }: Archived) => {
    const now = performance.now()
    if (now - last < tellEvery) return
    last = now
    const rate = looked / ((now - begin) / 1_000)
    console.error(
      `${looked} of ${all} looked at, ${moved} moved, ${Math.round(rate)}/s, ${Math.ceil((all - looked) / rate)} s left`
    )
  }
}
