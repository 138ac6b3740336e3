/** What a car measured in the time in which it was somebody's: no owner reads of another's. */
import { Effect } from "effect"
import { Seen } from "#integrations/postgres/seen-by.ts"
import type { SubjectId, Vin } from "#machines/vocabulary.ts"

export interface OwnPeriod {
  readonly since: Date
  /** Null while the car is theirs. */
  readonly until: Date | null
}

/** The oldest first. None: the car was never theirs, or there is no such car. */
export const ownPeriods = Effect.fn("views.ownPeriods")(function* (vin: Vin, subjectId: SubjectId) {
  const sql = yield* Seen
  return yield* sql<OwnPeriod>`
    SELECT since_at AS since, until_at AS until
    FROM ownerships
    WHERE subject_id = ${subjectId} AND path = ${`vehicle/${vin}`}
    ORDER BY since`
})

export interface SampleRow {
  readonly heardAt: Date
  readonly carAt: Date
  readonly odometerMetres: number
  readonly chargePercent: number
  readonly parked: boolean
  readonly cabinCelsius: number
}
export type AfterSample = Pick<SampleRow, "heardAt" | "carAt" | "odometerMetres">

/** As they were heard, after `after` and before `until`; at most `limit`. */
export const samplesOf = Effect.fn("views.samplesOf")(function* (vin: Vin, after: AfterSample, until: Date, limit: number) {
  const sql = yield* Seen
  return yield* sql<SampleRow>`
    SELECT heard_at AS "heardAt", car_at AS "carAt", odometer_metres::float8 AS "odometerMetres", charge_percent AS "chargePercent",
           parked, cabin_celsius AS "cabinCelsius"
    FROM telemetry
    WHERE vin = ${vin} AND heard_at >= ${after.heardAt} AND heard_at < ${until}
      AND (heard_at, car_at, odometer_metres::float8) > (${after.heardAt}, ${after.carAt}, ${after.odometerMetres}::float8)
    ORDER BY heard_at, car_at, odometer_metres::float8
    LIMIT ${limit}`
})
