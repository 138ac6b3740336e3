/** Telemetry in two places: the newest of each car in Redis, everything in a table. Either may be away; nobody waits, and nobody is told. */
import { Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import type { Vin } from "#machines/vocabulary.ts"
import { stumbling } from "../log/log.ts"
import { answeredInTime, bools, instants, int2s, texts } from "../postgres/postgres.ts"
import { Redis } from "../redis/redis.ts"
import { type HeardSample, Sample, Telemetry } from "./telemetry.ts"

const batchAtMost = 4_096 // Samples of one statement; what is beyond is the oldest, and is dropped.
const warmSeconds = 24 * 60 * 60 // A car that has said nothing for a day is looked up in the table.

/** As MSET, and each expires: one command, one round trip. */
const setAll = `
  for i = 1, #KEYS do redis.call("SET", KEYS[i], ARGV[i + 1], "EX", ARGV[1]) end`

const Newest = Schema.fromJsonString(Schema.Struct({ heardAt: Schema.String, sample: Sample }))
const lastKey = (vin: Vin) => `telemetry:${vin}`
const seenKey = (vin: Vin) => `seen:${vin}`

interface Row {
  readonly heard_at: Date
  readonly car_at: Date
  readonly odometer_metres: string
  readonly charge_percent: number
  readonly parked: boolean
  readonly cabin_celsius: number
}

export const TelemetryStore = Layer.effect(
  Telemetry,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const untaken = stumbling("Telemetry was dropped: the table did not take it")
    const redis = yield* Redis

    /** Gives up by itself within 150 ms; null then, as where it knows nothing. */
    const warm = <A>(asking: () => Promise<A>): Effect.Effect<A | null> =>
      Effect.tryPromise(asking).pipe(Effect.catch(() => Effect.succeed(null)))

    const remember = (values: ReadonlyMap<string, string>) =>
      warm(() => redis.eval(setAll, values.size, ...values.keys(), warmSeconds, ...values.values()))

    const asRows = (batch: ReadonlyArray<HeardSample>) =>
      sql`
        INSERT INTO telemetry (vin, heard_at, car_at, odometer_metres, charge_percent, parked, cabin_celsius)
        SELECT vin, heard_at, car_at, odometer_metres::bigint, charge_percent, parked, cabin_celsius
        FROM unnest(
          ${texts(batch.map(({ vin }) => vin))},
          ${instants(batch.map(({ heardAt }) => Date.parse(heardAt)))},
          ${instants(batch.map(({ sample }) => Date.parse(sample.at)))},
          ${texts(batch.map(({ sample }) => String(sample.odometerMetres)))},
          ${int2s(batch.map(({ sample }) => sample.chargePercent))},
          ${bools(batch.map(({ sample }) => sample.parked))},
          ${int2s(batch.map(({ sample }) => sample.cabinCelsius))}
        ) AS told (vin, heard_at, car_at, odometer_metres, charge_percent, parked, cabin_celsius)`.pipe(
        answeredInTime,
        Effect.catchCause((cause) => untaken(cause, { samples: batch.length }))
      )

    const asNewest = (batch: ReadonlyArray<HeardSample>) => {
      const values = new Map<string, string>() // The later one of a car stands.
      for (const { vin, heardAt, sample } of batch) {
        values.set(lastKey(vin), JSON.stringify({ heardAt, sample }))
        values.set(seenKey(vin), heardAt)
      }
      return remember(values)
    }

    return Telemetry.of({
      keep: Effect.fn("Telemetry.keep")(function* (told: ReadonlyArray<HeardSample>) {
        const batch = told.filter(({ sample }) => !Number.isNaN(Date.parse(sample.at))).slice(-batchAtMost)
        if (batch.length < told.length)
          yield* Effect.logWarning("Telemetry was dropped: no dates, or too much at once").pipe(
            Effect.annotateLogs({ samples: told.length - batch.length })
          )
        if (batch.length > 0) yield* Effect.all([asNewest(batch), asRows(batch)], { concurrency: 2, discard: true })
      }),

      last: Effect.fn("Telemetry.last")(function* (vin) {
        const text = yield* warm(() => redis.get(lastKey(vin)))
        const newest = yield* Effect.option(Schema.decodeUnknownEffect(Newest)(text))
        if (newest._tag === "Some") return { vin, ...newest.value }
        const [row] = yield* Effect.orDie(sql<Row>`
          SELECT heard_at, car_at, odometer_metres::text, charge_percent, parked, cabin_celsius
          FROM telemetry
          WHERE vin = ${vin}
          ORDER BY heard_at DESC
          LIMIT 1`)
        return row === undefined ? null : heard(vin, row)
      }),

      seen: (vins, at) =>
        vins.length === 0 ? Effect.void : Effect.asVoid(remember(new Map(vins.map((vin) => [seenKey(vin), at])))),

      /** Without Redis by what is stored: the newest sample, or the newest report that became a turn. */
      lastSeen: Effect.fn("Telemetry.lastSeen")(function* (vin) {
        const at = yield* warm(() => redis.get(seenKey(vin)))
        if (at !== null) return at
        const [row] = yield* Effect.orDie(sql<{ at: Date | null }>`
          SELECT GREATEST(
            (SELECT max(heard_at) FROM telemetry WHERE vin = ${vin}),
            (SELECT at FROM vehicle_reports WHERE vin = ${vin} ORDER BY version DESC LIMIT 1)
          ) AS at`)
        return row?.at?.toISOString() ?? null
      })
    })
  })
)

const heard = (vin: Vin, row: Row): HeardSample => ({
  vin,
  heardAt: row.heard_at.toISOString(),
  sample: {
    at: row.car_at.toISOString(),
    odometerMetres: Number(row.odometer_metres),
    chargePercent: row.charge_percent,
    parked: row.parked,
    cabinCelsius: row.cabin_celsius
  }
})
