/** Outbox and timers in Postgres. Everybody may look; `SKIP LOCKED` and a lease see to it that each row has one performer at a time. */
import { PgTypes } from "@effect/sql-pg"
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { answeredInTime, int4s, texts } from "#integrations/postgres/postgres.ts"
import { type Entry, leaseMillis, Outbox } from "./outbox.ts"
import { type DueRow, newestOf, retryMillis, Timers } from "./timers.ts"

const at = PgTypes.timestamptz
const asked = <A, E>(question: Effect.Effect<A, E>) => Effect.orDie(answeredInTime(question))
const keys = (entries: ReadonlyArray<Entry>) =>
  [
    texts(entries.map(({ path }) => path)),
    int4s(entries.map(({ version }) => version)),
    int4s(entries.map(({ position }) => position))
  ] as const

export const PostgresRelay = Layer.effectContext(
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient

    const outbox = Outbox.of({
      take: (now, limit) =>
        asked(sql<Entry>`
          UPDATE outbox SET attempts = LEAST(attempts + 1, 32767), leased = true, due_at = ${at(now + leaseMillis)}
          WHERE ctid = ANY (ARRAY ( -- By where they lie: joined by key, a plan for any limit reads the whole table.
            SELECT ctid FROM outbox AS head
            WHERE state = 'waiting' AND due_at <= ${at(now)} AND NOT EXISTS (
              SELECT FROM outbox AS earlier
              WHERE earlier.path = head.path AND earlier.lane = head.lane AND earlier.state IN ('waiting', 'parked')
                AND (earlier.version, earlier.position) < (head.version, head.position)
              OFFSET 0 -- One probe per row, in the order of due_at, until the limit is reached.
            )
            ORDER BY due_at LIMIT ${limit} FOR UPDATE SKIP LOCKED
          ))
          RETURNING path, version, position, type, body, attempts, rounds,
            (extract(epoch FROM at) * 1000)::float8 AS at, correlation, trace_id AS "traceId"`),
      hold: (entries, now) => {
        const [paths, versions, positions] = keys(entries)
        return asked(
          Effect.asVoid(sql`
          UPDATE outbox SET due_at = ${at(now + leaseMillis)} FROM unnest(${paths}, ${versions}, ${positions}) AS held (path, version, position)
          WHERE outbox.path = held.path AND outbox.version = held.version AND outbox.position = held.position AND state = 'waiting' AND leased`)
        )
      },
      done: (entries, now) => {
        const [paths, versions, positions] = keys(entries)
        return asked(
          Effect.asVoid(sql`
          UPDATE outbox SET state = 'done', leased = false, cause = NULL, finished_at = ${at(now)}
          FROM unnest(${paths}, ${versions}, ${positions}) AS done (path, version, position)
          WHERE outbox.path = done.path AND outbox.version = done.version AND outbox.position = done.position AND state = 'waiting'`)
        )
      },
      postpone: ({ path, version, position, attempts }, due, cause) =>
        asked(
          Effect.asVoid(sql`
          UPDATE outbox SET due_at = ${at(due)}, leased = false, attempts = ${attempts}, cause = ${cause}
          WHERE path = ${path} AND version = ${version} AND position = ${position} AND state = 'waiting'`)
        ),
      park: ({ path, version, position }, cause) =>
        asked(
          Effect.asVoid(sql`
          UPDATE outbox SET state = 'parked', leased = false, cause = ${cause}
          WHERE path = ${path} AND version = ${version} AND position = ${position} AND state = 'waiting'`)
        )
    })

    const timers = Timers.of({
      take: (now, limit) =>
        asked(sql<DueRow>`
          UPDATE timers SET retry_at = ${at(now + retryMillis)}
          WHERE ctid = ANY (ARRAY (
            SELECT ctid FROM timers WHERE retry_at <= ${at(now)}
            ORDER BY retry_at LIMIT ${limit - newestOf(limit)} FOR UPDATE SKIP LOCKED
          ) || ARRAY (
            SELECT ctid FROM timers WHERE retry_at <= ${at(now)}
            ORDER BY retry_at DESC LIMIT ${newestOf(limit)} FOR UPDATE SKIP LOCKED
          ))
          RETURNING path, timer_id AS "timerId", set_version AS "setVersion", (extract(epoch FROM due_at) * 1000)::float8 AS due`),
      drop: ({ path, timerId, setVersion }) =>
        asked(Effect.asVoid(sql`DELETE FROM timers WHERE path = ${path} AND timer_id = ${timerId} AND set_version = ${setVersion}`))
    })
    return Context.make(Outbox, outbox).pipe(Context.add(Timers, timers))
  })
)
