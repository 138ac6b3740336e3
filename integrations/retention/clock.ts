/** The clock of retention: destroys what nothing obliges us to keep any more, and writes down what, how many and when; never whose. */
import { Duration, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { stumbling } from "../log/log.ts"
import { answeredInTime } from "../postgres/postgres.ts"
import { PlatformTime } from "../postgres/time.ts"

const lookEvery = Duration.hours(1) // Platform time may have jumped by years: then there is more, and it goes on at once.
const keysAtOnce = 100
const rowsAtOnce = 1_000
const day = 24 * 3600 * 1000
/** Days after which nobody can have a use for it: a session, a link or a new address that is over, for whoever has to find out later. */
export const daysKept = { sessions: 90, account_links: 90, email_changes: 90 } as const
const called = { sessions: "sessions", account_links: "account links", email_changes: "address changes" } as const

/** One look. Answers how much went: zero is the end. */
export const destroyWhatIsOver = Effect.fn("Retention.destroy")(function* () {
  const sql = yield* SqlClient.SqlClient
  const time = yield* PlatformTime
  const now = new Date(time.now())
  const note = (what: string, count: number) => sql`INSERT INTO destructions (at, what, count) VALUES (${now}, ${what}, ${count})`

  const keys = Effect.gen(function* () {
    const due = yield* sql<{ keyId: string; what: string }>`
      SELECT key_id AS "keyId", paper_class || ' ' || country || ' ' || year AS what
      FROM paper_keys
      WHERE kept_until <= ${now} AND destroyed_at IS NULL
      ORDER BY kept_until
      LIMIT ${keysAtOnce}`
    const gone = yield* Effect.filter(due, ({ keyId }) =>
      Effect.map(sql<{ gone: boolean }>`SELECT destroy_paper_key(${keyId}, 'retention') AS gone`, ([row]) => row!.gone)
    )
    for (const [what, all] of Map.groupBy(gone, ({ what }) => what)) yield* note(what, all.length)
    return gone.length
  }).pipe(sql.withTransaction)

  const rowsOf = Effect.fnUntraced(function* (table: keyof typeof daysKept) {
    const before = new Date(time.now() - daysKept[table] * day)
    const gone = yield* sql`
      DELETE FROM ${sql(table)}
      WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM ${sql(table)} WHERE expires_at < ${before} ORDER BY expires_at LIMIT ${rowsAtOnce}
      ))
      RETURNING expires_at`
    if (gone.length > 0) yield* note(called[table], gone.length)
    return gone.length
  }, sql.withTransaction)

  let all = yield* keys
  for (const table of Object.keys(daysKept) as Array<keyof typeof daysKept>) all += yield* rowsOf(table)
  return all
})

const undestroyed = stumbling("What is kept too long was not all destroyed, and is tried again")

/** Every runner may look: what another has destroyed is gone. */
export const RetentionClock = Layer.effectDiscard(
  Effect.gen(function* () {
    const look = Effect.repeat(answeredInTime(destroyWhatIsOver()), { until: (gone) => gone === 0 }).pipe(
      Effect.catchCause((cause) => undestroyed(cause))
    )
    yield* Effect.andThen(look, Effect.sleep(lookEvery)).pipe(Effect.forever, Effect.forkScoped)
  })
)
