/** Keeps the days of the telemetry table coming and going: slices are there before their first sample, and go when they are old. */
import { Duration, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { answeredInTime } from "../postgres/postgres.ts"

const lookEvery = Duration.minutes(1) // Platform time may have jumped: what came meanwhile lies without a slice, and moves.

/** `days`: so many whole days before today are kept. Every runner may do it; they wait for each other in the database. */
export const TelemetrySlices = ({ days }: { readonly days: number }) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const look = Effect.gen(function* () {
        const [made] = yield* sql<{ slices: number }>`SELECT make_telemetry_slices() AS slices`
        const [dropped] = yield* sql<{ slices: number }>`SELECT drop_telemetry_slices(${days}::integer) AS slices`
        if (made!.slices + dropped!.slices > 0)
          yield* Effect.logInfo("The days of telemetry moved on").pipe(
            Effect.annotateLogs({ made: made!.slices, dropped: dropped!.slices })
          )
      }).pipe(
        answeredInTime,
        // Somebody reads, and a slice waits for its lock: samples are kept all the same.
        Effect.catchCause((cause) => Effect.logWarning("The days of telemetry did not move on, and are tried again", cause))
      )
      yield* look // The first before anybody listens.
      yield* Effect.andThen(Effect.sleep(lookEvery), look).pipe(Effect.forever, Effect.forkScoped)
    })
  )
