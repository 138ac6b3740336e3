/** Platform time as Postgres tells it, kept cheap by a local clock, and the offset that lets a demo live two years in a minute. */
import { Duration, Effect, Layer, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import { stumbling } from "../log/log.ts"
import { answeredInTime } from "./postgres.ts"
import { PlatformTime } from "./time.ts"

const correction = Duration.seconds(30) // Between two looks at the database's clock.
const offsetLook = Duration.seconds(1) // Between two looks at the offset, where it is movable.

/** Milliseconds since this process began. Not the machine's date: somebody may set that to next week, and no deadline is to pass by it. */
const local = () => performance.now()

export const PlatformTimePostgres = Layer.effect(
  PlatformTime,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    let ahead = 0 // Of the database against `local`, milliseconds; the half of the round trip is ours to err.
    let offset = 0
    let movable = false
    let last = 0

    const look = Effect.gen(function* () {
      const before = local()
      const [row] = yield* sql<{ now: number; offset: number; movable: boolean }>`
        SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now, offset_ms::float8 AS offset, movable FROM clock`
      ahead = row!.now - (before + local()) / 2
      offset = row!.offset
      movable = row!.movable
    })
    yield* Effect.orDie(look)
    const untold = stumbling("The database did not tell the time")
    const goOn = look.pipe(
      answeredInTime,
      Effect.catchCause((cause) => untold(cause))
    )
    yield* goOn.pipe(Effect.repeat(Schedule.spaced(movable ? offsetLook : correction)), Effect.forkScoped)

    return PlatformTime.of({
      now: () => (last = Math.max(last, Math.round(local() + ahead + offset))), // Never backwards within a process.
      advance: Effect.fnUntraced(function* (millis) {
        const [row] = yield* Effect.orDie(
          sql<{
            offset: number
          }>`UPDATE clock SET offset_ms = offset_ms + ${millis} WHERE movable RETURNING offset_ms::float8 AS offset`
        )
        if (row === undefined)
          return yield* Effect.die(new Error("This database's clock may not be moved (clock.movable is false)"))
        offset = row.offset
      })
    })
  })
)
