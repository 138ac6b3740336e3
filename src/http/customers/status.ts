/** What the car last said, where from, and how long ago: never more than that (CO-12, CO-46). A car on NATS speaks by itself; the fixed API IoT is asked. */
import { Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import type { Accounts } from "#integrations/accounts/accounts.ts"
import { customerSees } from "#integrations/postgres/seen-by.ts"
import { iso, PlatformTime } from "#integrations/postgres/time.ts"
import { RateLimits } from "#integrations/redis/limits.ts"
import { Sample, Telemetry } from "#integrations/telemetry/telemetry.ts"
import { StatusAnswer, VehicleLink } from "#integrations/vehicle-link/vehicle-link.ts"
import { RunningFeature, type VehicleContext, VehicleReported } from "#machines/vehicle.ts"
import { Instant, type SubjectId, Vin } from "#machines/vocabulary.ts"
import { ownPeriods } from "#src/views/vehicle-data.ts"
import { readingProblems } from "../answers.ts"
import type { HttpOptions } from "../options.ts"
import type { Run } from "../run.ts"
import { customer } from "../session.ts"
import { answering, strictly } from "../strict.ts"
import { NamedVehicle, ownVehicle } from "./own-vehicle.ts"

const patience = "1500 millis" // For the API IoT: somebody looks at a spinning wheel.
const questionsPerMinute = 20 // Put to the API IoT about one car; beyond, what is known is shown.

const aged = { at: Instant, ageSeconds: Schema.Natural }
const Status = Schema.Struct({
  vin: Vin,
  /** What we want of the car, and whether it has said that it does just that. */
  wanted: Schema.Struct({ cfgVersion: Schema.Natural, confirmed: Schema.Boolean }),
  /** The last report that said something new; null before the first. */
  reported: Schema.NullOr(
    Schema.Struct({
      ...aged,
      source: VehicleReported.fields.evidence,
      cfgVersion: Schema.Natural,
      waitingVersion: Schema.NullOr(Schema.Natural),
      features: Schema.Array(RunningFeature)
    })
  ),
  lastSeen: Schema.NullOr(Schema.Struct(aged)),
  measured: Schema.NullOr(Schema.Struct({ ...aged, ...Sample.fields, at: Instant })),
  /** The answer of the API IoT to a question just put; null where the car has another road, or no answer came in time. */
  asked: Schema.NullOr(
    Schema.Struct({
      online: Schema.Boolean,
      lastSeenAt: StatusAnswer.fields.lastSeenAt,
      cfgVersion: Schema.NullOr(Schema.Natural)
    })
  )
}).annotate({ identifier: "VehicleStatus" })

type Needs = Accounts | PlatformTime | RateLimits | SqlClient.SqlClient | Telemetry | VehicleLink

export const status = (run: Run<Needs>, options: HttpOptions) =>
  new Elysia({ prefix: "/api/me/vehicles/:vin/status", tags: ["Vehicles"] })
    .use(customer(run, options))
    .get("", ({ caller, params }) => run(read(caller.subjectId, params.vin)), {
      params: strictly(NamedVehicle),
      response: { 200: answering(Status), ...readingProblems },
      detail: { summary: "What my car last said, with its age and its source" }
    })

const read = Effect.fn("customers.status")(function* (subjectId: SubjectId, vin: Vin) {
  const time = yield* PlatformTime
  const telemetry = yield* Telemetry
  const { context } = yield* ownVehicle(subjectId, vin)
  const asked = yield* askApi(context)
  const since = (yield* customerSees(subjectId)(ownPeriods(vin, subjectId))).at(-1)?.since.toISOString() ?? iso(time.now())
  const last = yield* telemetry.last(vin)
  const sample = last === null || last.heardAt < since ? null : last // What it measured under another owner is theirs.
  const seen = yield* telemetry.lastSeen(vin)
  const age = (at: string) => ({ at, ageSeconds: Math.max(0, Math.floor((time.now() - Date.parse(at)) / 1000)) })
  const newest = [seen, sample?.heardAt, context.reported?.at, asked?.online === true ? iso(time.now()) : null]
    .flatMap((at) => at ?? [])
    .sort()
    .at(-1)
  const { cfgVersion, desired, reported } = context
  return {
    vin,
    wanted: { cfgVersion, confirmed: reported?.cfgVersion === cfgVersion && desired.every(({ confirmed }) => confirmed !== null) },
    reported:
      reported === null
        ? null
        : {
            ...age(reported.at),
            source: reported.evidence,
            cfgVersion: reported.cfgVersion,
            waitingVersion: reported.waitingVersion,
            features: reported.features
          },
    lastSeen: newest === undefined ? null : age(newest),
    measured: sample === null ? null : { ...sample.sample, ...age(sample.heardAt) },
    asked
  }
})

/** Null for a car on the other road, and where the API is silent, slow, or has been asked too often. */
const askApi = Effect.fnUntraced(function* ({ vin, key }: VehicleContext) {
  if (key?.link !== "apiIot") return null
  const limits = yield* RateLimits
  const link = yield* VehicleLink
  return yield* limits.consume(`status/${vin}`, questionsPerMinute, 60).pipe(
    Effect.andThen(link.status(vin)),
    Effect.map((said) =>
      said === null
        ? null
        : {
            online: said.answer.online,
            lastSeenAt: said.answer.lastSeenAt,
            cfgVersion: said.answer.configuration?.version ?? null
          }
    ),
    Effect.timeoutOrElse({ duration: patience, orElse: () => Effect.succeed(null) }),
    Effect.catchTags({ TooManyRequests: () => Effect.succeed(null), VehicleLinkDown: () => Effect.succeed(null) })
  )
})
