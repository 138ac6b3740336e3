/** How the platform stands as a whole, read from the database: for `./caas status`. Reading wakes nobody. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

export interface PlatformStanding {
  /** Platform time, ISO 8601; and how far it was moved against the wall clock, milliseconds. */
  readonly now: string
  readonly movedMillis: number
  readonly partitions: { readonly count: number; readonly owned: number; readonly epochFrom: number; readonly epochTo: number }
  /** Who serves them: runners of the cluster, or one process. `heardMillis`: since a runner last said it is there; null for a process by itself. */
  readonly owners: ReadonlyArray<{
    readonly owner: string
    readonly partitions: number
    readonly healthy: boolean | null
    readonly heardMillis: number | null
  }>
  /** Counted to 10,000 of a state; `more`: there are more. */
  readonly actors: ReadonlyArray<{ readonly type: string; readonly state: string; readonly count: number; readonly more: boolean }>
  readonly commands: {
    readonly waiting: number
    /** Of those that could have been performed by now, how long the oldest has been due. Null where none is. */
    readonly lagMillis: number | null
    readonly parked: ReadonlyArray<{
      readonly commandId: string
      readonly type: string
      readonly cause: string
      readonly since: string
    }>
    readonly parkedCount: number
  }
  readonly timers: { readonly set: number; readonly due: number; readonly lagMillis: number | null; readonly nextAt: string | null }
  readonly webhooks: { readonly waiting: number; readonly oldestMillis: number | null; readonly rejected: number }
  /** The last comparison with the gateway's books; null before the first. `overdueMillis`: how long the next has been due, null where it is not. */
  readonly reconciliation: {
    readonly last: {
      readonly endedAt: string
      readonly payments: number
      readonly told: number
      readonly failure: string | null
    } | null
    readonly overdueMillis: number | null
    readonly openBreaks: number
  }
  readonly quarantined: ReadonlyArray<{
    readonly path: string
    readonly type: string
    readonly tries: number
    readonly cause: string
  }>
}

const listed = 20 // Parked commands and quarantined actors that are named; the rest is counted.
const triesOfQuarantine = 5
const counted = 10_000 // Actors of a state: among millions nobody waits for the last of them.

/** One moment of the database. */
export const platformStanding = Effect.fn("views.platformStanding")(
  function* () {
    const sql = yield* SqlClient.SqlClient
    yield* sql`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY`
    const [clock] = yield* sql<{ now: Date; moved: number }>`
      SELECT clock_timestamp() + offset_ms * interval '1 millisecond' AS now, offset_ms::float8 AS moved FROM clock`
    const now = clock!.now
    const [partitions] = yield* sql<PlatformStanding["partitions"]>`
      SELECT count(*)::int AS count, (count(*) FILTER (WHERE epoch > 0))::int AS owned, min(epoch) AS "epochFrom", max(epoch) AS "epochTo"
      FROM partitions`
    const owners = yield* sql<PlatformStanding["owners"][number]>`
      WITH served AS (SELECT owner, count(*)::int AS partitions FROM partitions WHERE owner IS NOT NULL GROUP BY owner),
      runner AS (
        SELECT (runner::jsonb #>> '{address,host}') || ':' || (runner::jsonb #>> '{address,port}') AS owner, healthy,
               (extract(epoch FROM localtimestamp - last_heartbeat) * 1000)::float8 AS "heardMillis"
        FROM cluster_runners
      )
      SELECT owner, coalesce(partitions, 0) AS partitions, healthy, "heardMillis"
      FROM served FULL JOIN runner USING (owner)
      ORDER BY owner`
    const actors = yield* sql<PlatformStanding["actors"][number]>`
      WITH RECURSIVE known AS ( -- From one state to the next, by the index: a group over all would read all.
        (SELECT type, state_path FROM actors WHERE (type, state_path) >= ('', '') ORDER BY type, state_path LIMIT 1)
        UNION ALL
        SELECT next.type, next.state_path
        FROM known CROSS JOIN LATERAL (
          SELECT type, state_path FROM actors
          WHERE (type, state_path) > (known.type, known.state_path)
          ORDER BY type, state_path
          LIMIT 1
        ) AS next
      )
      SELECT type, state_path AS state, LEAST(found, ${counted})::int AS count, found > ${counted} AS more
      FROM known CROSS JOIN LATERAL (
        SELECT count(*)::int AS found
        FROM (SELECT FROM actors WHERE actors.type = known.type AND actors.state_path = known.state_path LIMIT ${counted + 1}) AS begun
      ) AS total
      ORDER BY type, state_path`
    const [commands] = yield* sql<{ waiting: number; lagMillis: number | null; parkedCount: number }>`
      SELECT (count(*) FILTER (WHERE state = 'waiting'))::int AS waiting, (count(*) FILTER (WHERE state = 'parked'))::int AS "parkedCount",
             (extract(epoch FROM ${now} - min(due_at) FILTER (WHERE state = 'waiting' AND due_at <= ${now})) * 1000)::float8 AS "lagMillis"
      FROM outbox
      WHERE state IN ('waiting', 'parked')`
    const parked = yield* sql<{ commandId: string; type: string; cause: string; at: Date }>`
      SELECT path || '#' || version || '.' || position AS "commandId", type, coalesce(cause, '') AS cause, at
      FROM outbox
      WHERE state = 'parked'
      ORDER BY at
      LIMIT ${listed}`
    const [timers] = yield* sql<{ set: number; due: number; lagMillis: number | null; nextAt: Date | null }>`
      SELECT count(*)::int AS set, (count(*) FILTER (WHERE due_at <= ${now}))::int AS due, min(due_at) AS "nextAt",
             (extract(epoch FROM ${now} - min(due_at) FILTER (WHERE due_at <= ${now})) * 1000)::float8 AS "lagMillis"
      FROM timers`
    const [webhooks] = yield* sql<PlatformStanding["webhooks"]>`
      SELECT (SELECT count(*)::int FROM webhooks WHERE state = 'received') AS waiting,
             (SELECT count(*)::int FROM webhooks WHERE state = 'rejected') AS rejected,
             (extract(epoch FROM ${now} - (SELECT min(received_at) FROM webhooks WHERE state = 'received')) * 1000)::float8 AS "oldestMillis"`
    const [books] = yield* sql<{ overdueMillis: number | null; openBreaks: number }>`
      SELECT CASE WHEN due_at <= ${now} AND read_until > '1970-01-01' THEN (extract(epoch FROM ${now} - due_at) * 1000)::float8 END AS "overdueMillis",
             (SELECT count(*)::int FROM reconciliation_breaks WHERE closed_at IS NULL) AS "openBreaks"
      FROM reconciliation_schedule`
    const [run] = yield* sql<{ endedAt: Date; payments: number; told: number; failure: string | null }>`
      SELECT ended_at AS "endedAt", payments, told, failure FROM reconciliation_runs ORDER BY run_id DESC LIMIT 1`
    const quarantined = yield* sql<PlatformStanding["quarantined"][number]>`
      SELECT path, type, tries, cause FROM defects WHERE tries >= ${triesOfQuarantine} ORDER BY first_at LIMIT ${listed}`
    return {
      now: now.toISOString(),
      movedMillis: clock!.moved,
      partitions: partitions!,
      owners,
      actors,
      commands: { ...commands!, parked: parked.map(({ at, ...command }) => ({ ...command, since: at.toISOString() })) },
      timers: { ...timers!, nextAt: timers!.nextAt?.toISOString() ?? null },
      webhooks: webhooks!,
      reconciliation: { ...books!, last: run === undefined ? null : { ...run, endedAt: run.endedAt.toISOString() } },
      quarantined
    } satisfies PlatformStanding
  },
  (effect) => Effect.flatMap(SqlClient.SqlClient, (sql) => sql.withTransaction(effect))
)
