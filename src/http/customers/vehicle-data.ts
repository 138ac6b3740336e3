/** The data that a car makes belong to whom it belongs to: to look at, and to take along (Regulation (EU) 2023/2854, art. 4; CP-04). */
import { Cause, Effect, Option, Schema, Stream } from "effect"
import type { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import type { Accounts } from "#integrations/accounts/accounts.ts"
import { Words } from "#integrations/erasure/erasure.ts"
import { customerSees } from "#integrations/postgres/seen-by.ts"
import { PlatformTime } from "#integrations/postgres/time.ts"
import { RateLimits } from "#integrations/redis/limits.ts"
import { dataSheet } from "#integrations/telemetry/data-sheet.ts"
import { Sample, Telemetry } from "#integrations/telemetry/telemetry.ts"
import { Instant, type SubjectId, Vin } from "#machines/vocabulary.ts"
import { type AfterSample, type OwnPeriod, ownPeriods, type SampleRow, samplesOf } from "#src/views/vehicle-data.ts"
import { readingProblems } from "../answers.ts"
import { answersBytes } from "../openapi.ts"
import type { HttpOptions } from "../options.ts"
import { malformed, notFound } from "../problem.ts"
import type { Run } from "../run.ts"
import { customer } from "../session.ts"
import { answering, strictly } from "../strict.ts"
import { NamedVehicle, ownVehicle } from "./own-vehicle.ts"

const exportsPerHour = 12 // Of one owner and car.
const page = 500 // Samples in memory at once.

const DataSheet = Schema.Struct({
  edition: Schema.Natural,
  measured: Schema.Array(Schema.Struct({ field: Schema.String, unit: Schema.String, called: Words })),
  alsoReported: Words,
  notCollected: Words,
  howOften: Words,
  daysKept: Schema.Natural,
  keptWhere: Words,
  receivers: Schema.Array(Words),
  access: Schema.Struct({ live: Schema.String, export: Schema.String })
}).annotate({ identifier: "VehicleDataSheet" })
const VehicleData = Schema.Struct({
  vin: Vin,
  /** Since when the car is yours; what it measured before is another's. */
  since: Instant,
  /** The newest sample of that time, with its age; null before the first. */
  measured: Schema.NullOr(Schema.Struct({ ...Sample.fields, heardAt: Instant, ageSeconds: Schema.Natural })),
  dataSheet: DataSheet
}).annotate({ identifier: "VehicleData" })

const formats = { ndjson: "application/x-ndjson", csv: "text/csv" } as const
const ExportQuery = Schema.Struct({
  from: Schema.optionalKey(Instant),
  to: Schema.optionalKey(Instant),
  format: Schema.optionalKey(Schema.Literals(["ndjson", "csv"]))
})

type Needs = Accounts | PlatformTime | RateLimits | SqlClient.SqlClient | Telemetry

export const vehicleData = (run: Run<Needs>, options: HttpOptions) =>
  new Elysia({ prefix: "/api/me/vehicles/:vin/data", tags: ["Vehicles"] })
    .use(customer(run, options))
    .get("", ({ caller, params }) => run(read(caller.subjectId, params.vin, options.telemetryDays)), {
      params: strictly(NamedVehicle),
      response: { 200: answering(VehicleData), ...readingProblems },
      detail: { summary: "What my car measured last, and what is collected of it, how often, how long, and for whom" }
    })
    .get("/export", ({ caller, params, query }) => run(exportSamples(caller.subjectId, params.vin, query)), {
      params: strictly(NamedVehicle),
      query: strictly(ExportQuery),
      response: { ...readingProblems, 429: readingProblems[404] },
      detail: {
        summary: "All that a car measured while it was mine, as NDJSON or CSV; also after it was sold",
        ...answersBytes(...Object.values(formats))
      }
    })

const read = Effect.fn("customers.vehicleData")(function* (subjectId: SubjectId, vin: Vin, daysKept: number) {
  const time = yield* PlatformTime
  const telemetry = yield* Telemetry
  yield* ownVehicle(subjectId, vin)
  const mine = (yield* customerSees(subjectId)(ownPeriods(vin, subjectId))).at(-1) ?? (yield* Effect.fail(notFound()))
  const last = yield* telemetry.last(vin)
  const since = mine.since.toISOString()
  return {
    vin,
    since,
    measured:
      last === null || last.heardAt < since
        ? null
        : {
            ...last.sample,
            heardAt: last.heardAt,
            ageSeconds: Math.max(0, Math.floor((time.now() - Date.parse(last.heardAt)) / 1000))
          },
    dataSheet: dataSheet(daysKept)
  }
})

/** Made while it is sent. Who never owned the car gets the 404 of a car that never was. */
const exportSamples = Effect.fn("customers.exportVehicleData")(function* (
  subjectId: SubjectId,
  vin: Vin,
  { from, to, format = "ndjson" }: typeof ExportQuery.Type
) {
  const time = yield* PlatformTime
  const periods = yield* customerSees(subjectId)(ownPeriods(vin, subjectId))
  if (periods.length === 0) return yield* Effect.fail(notFound())
  if ([from, to].some((at) => at !== undefined && Number.isNaN(Date.parse(at))))
    return yield* Effect.fail(malformed("query from, to: no such day. Send instants like 2026-03-02T00:00:00.000Z."))
  yield* RateLimits.use((limits) => limits.consume(`vehicle-data/${vin}/${subjectId}`, exportsPerHour, 3600))
  const asked = { since: new Date(from ?? 0), until: new Date(to ?? time.now() + 1) }
  const lines = Stream.flatMap(Stream.fromIterable(periods), (period) => samplesWithin(subjectId, vin, within(period, asked))).pipe(
    Stream.map((rows) => Buffer.from(rows.map(written[format]).join("")))
  )
  const heading = format === "csv" ? Stream.make(Buffer.from(`${columns.join(",")}\n`)) : Stream.empty
  const file = heading.pipe(
    Stream.concat(lines),
    Stream.tapCause((cause) =>
      Cause.hasInterruptsOnly(cause) ? Effect.void : Effect.logError("An export of a car's data broke off", cause)
    )
  )
  return new Response(yield* Stream.toReadableStreamEffect(file), {
    headers: {
      "content-type": formats[format],
      "content-disposition": `attachment; filename="vehicle-data-${vin}.${format}"`
    }
  })
})

/** The part of a period that was asked for; empty where none is. */
const within = ({ since, until }: OwnPeriod, asked: { readonly since: Date; readonly until: Date }) => ({
  since: since > asked.since ? since : asked.since,
  until: until !== null && until < asked.until ? until : asked.until
})

const samplesWithin = (subjectId: SubjectId, vin: Vin, { since, until }: { readonly since: Date; readonly until: Date }) =>
  Stream.paginate({ heardAt: since, carAt: new Date(0), odometerMetres: -1 } as AfterSample, (after) =>
    Effect.map(customerSees(subjectId)(samplesOf(vin, after, until, page)), (rows) => {
      const next = rows.length < page ? Option.none<AfterSample>() : Option.some<AfterSample>(rows.at(-1)!)
      return [[rows], next] as const
    })
  )

const columns = ["heardAt", "carAt", "odometerMetres", "chargePercent", "parked", "cabinCelsius"] as const
const told = (row: SampleRow) => ({ ...row, heardAt: row.heardAt.toISOString(), carAt: row.carAt.toISOString() })
const written = {
  ndjson: (row: SampleRow) => `${JSON.stringify(told(row))}\n`,
  csv: (row: SampleRow) => `${columns.map((column) => told(row)[column]).join(",")}\n`
} as const
