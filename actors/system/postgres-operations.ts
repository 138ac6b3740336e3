/** Operators' acts on Postgres: the act and the record of it are one transaction. */
import { PgTypes } from "@effect/sql-pg"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { PlatformTime } from "#integrations/postgres/time.ts"
import type { SubjectId } from "#machines/vocabulary.ts"
import { triesBeforeQuarantine } from "./actor-store.ts"
import { NoSuchCommand, NotParked, NotQuarantined, Operations } from "./operations.ts"

export const PostgresOperations = Layer.effect(
  Operations,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const time = yield* PlatformTime

    const record = (act: string, target: string, by: SubjectId, reason: string) =>
      sql`INSERT INTO operator_acts (at, by, act, target, reason) VALUES (${PgTypes.timestamptz(time.now())}, ${by}, ${act}, ${target}, ${reason})`

    /** A parked command goes where the operator sends it. */
    const settle = (act: "retry" | "discard") => (commandId: string, by: SubjectId, reason: string) =>
      Effect.gen(function* () {
        const [, path, version, position] = /^(.+)#(\d{1,9})\.(\d{1,4})$/.exec(commandId) ?? []
        if (path === undefined) return yield* new NoSuchCommand({ commandId })
        const key = sql`path = ${path} AND version = ${Number(version)} AND position = ${Number(position)}`
        const [row] = yield* sql<{ state: string }>`SELECT state FROM outbox WHERE ${key} FOR UPDATE`
        if (row === undefined) {
          const [archived] = yield* sql<{ state: string }>`SELECT state FROM archive.outbox WHERE ${key}`
          return yield* archived === undefined
            ? new NoSuchCommand({ commandId })
            : new NotParked({ commandId, state: archived.state })
        }
        if (row.state !== "parked") return yield* new NotParked({ commandId, state: row.state })
        const now = PgTypes.timestamptz(time.now())
        if (act === "retry")
          yield* sql`UPDATE outbox SET state = 'waiting', attempts = 0, rounds = rounds + 1, due_at = ${now} WHERE ${key}`
        else yield* sql`UPDATE outbox SET state = 'discarded', finished_at = ${now} WHERE ${key}`
        yield* record(act, commandId, by, reason)
      }).pipe(sql.withTransaction, Effect.catchTag("SqlError", Effect.die), Effect.withSpan(`Operations.${act}`))

    return Operations.of({
      retry: settle("retry"),
      discard: settle("discard"),
      release: (path, by, reason) =>
        Effect.gen(function* () {
          const gone = yield* sql`
            DELETE FROM defects WHERE path = ${path} AND EXISTS (SELECT FROM defects AS one WHERE one.path = ${path} AND one.tries >= ${triesBeforeQuarantine})
            RETURNING path`
          if (gone.length === 0) return yield* new NotQuarantined({ path })
          yield* record("release", path, by, reason)
        }).pipe(sql.withTransaction, Effect.catchTag("SqlError", Effect.die), Effect.withSpan("Operations.release"))
    })
  })
)
