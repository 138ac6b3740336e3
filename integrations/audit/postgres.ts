/** The audit in Postgres: one short statement before an act, and outcomes by the batch. */
import { Duration, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { stumbling } from "../log/log.ts"
import { answeredInTime, instants, int2s, texts } from "../postgres/postgres.ts"
import { PlatformTime } from "../postgres/time.ts"
import { Audit } from "./audit.ts"

const flushEvery = Duration.millis(500)
const outcomesAtOnce = 1_000
const outcomesKept = 20_000 // While Postgres is away. Beyond it the oldest go: their acts stand without an outcome.

interface Outcome {
  readonly requestId: string
  readonly at: number
  readonly status: number
}

export const AuditPostgres = Layer.effect(
  Audit,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const time = yield* PlatformTime
    let waiting: Array<Outcome> = []

    const flush = Effect.suspend(() => {
      const batch = waiting.slice(0, outcomesAtOnce)
      if (batch.length === 0) return Effect.void
      return sql`
        INSERT INTO audit_outcomes (request_id, at, status)
        SELECT * FROM unnest(
          ${texts(batch.map(({ requestId }) => requestId))}::text[],
          ${instants(batch.map(({ at }) => at))}::timestamptz[],
          ${int2s(batch.map(({ status }) => status))}::int2[]
        )
        ON CONFLICT DO NOTHING`.pipe(
        answeredInTime, // What was stored although nobody said so conflicts the next time.
        Effect.andThen(Effect.sync(() => void (waiting = waiting.slice(waiting.indexOf(batch.at(-1)!) + 1))))
      )
    })
    const unwritten = stumbling("Outcomes of acts were not written, and are written again")
    yield* Effect.addFinalizer(() => flush.pipe(Effect.repeat({ while: () => waiting.length > 0 }), Effect.catchCause(unwritten)))
    yield* Effect.sleep(flushEvery).pipe(
      Effect.andThen(flush),
      Effect.catchCause((cause) => unwritten(cause)),
      Effect.forever,
      Effect.forkScoped
    )

    return Audit.of({
      /**
       * Its commit does not wait for the disk. The log of Postgres is one: whatever this request commits afterwards, and waits for, is behind
       * this row in it. A server that crashes may lose acts of its last moments that changed nothing.
       */
      begin: Effect.fn("Audit.begin")(function* (act) {
        const { requestId, sessionId, subjectId, role, dealershipId, method, route, objects, reason } = act
        yield* sql`
          WITH hurry AS (SELECT set_config('synchronous_commit', 'off', true))
          INSERT INTO audit (at, request_id, session_id, subject_id, role, dealership_id, method, route, objects, reason)
          SELECT ${new Date(time.now())}, ${requestId}, ${sessionId}, ${subjectId}, ${role}, ${dealershipId}, ${method}, ${route},
                 ${texts(objects)}::text[], ${reason}
          FROM hurry`
      }, Effect.orDie),
      ended: (requestId, status) => {
        waiting.push({ requestId, at: time.now(), status })
        if (waiting.length > outcomesKept) waiting.shift()
      }
    })
  })
)
