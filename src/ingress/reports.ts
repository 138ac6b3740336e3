/** Hears `vehicles.*.report`. A report is answered after its vehicle has heard it, never before; what cannot be believed is counted and never comes again. */
import { Effect, Metric } from "effect"
import type { JsMsg } from "nats"
import { CrashPoint } from "#actors/system/crash-point.ts"
import { iso, PlatformTime } from "#integrations/postgres/time.ts"
import { Telemetry } from "#integrations/telemetry/telemetry.ts"
import { fetchReports, vinOf } from "#integrations/vehicle-link/reports.ts"
import type { Vin } from "#machines/vocabulary.ts"
import { hearAlways } from "./hearing.ts"
import { hearReport } from "./report.ts"

const carsAtOnce = 256 // A whole batch: the more of them wait for one commit, the fewer commits there are.
const triesLimit = 50 // Deliveries of one report; the car repeats what counts.
const unavailableMs = 2_000 // An owner is being replaced: 5 s at most.
const unreachableMs = 5_000 // Postgres is away.
const defectMs = 5_000 // Five of them, and the actor is quarantined.
const quarantinedMs = 60_000 // A person has to look first.
const named = 5 // Cars, in the log, of those that were not believed.

/** Reports that nobody may believe: forged, altered, for another car, or no reports at all. */
export const refusedReports = Metric.counter("vehicle_reports_refused_total", { incremental: true })

/** How one report ended: done, and heard of its car or not; come again; or never again, and why. */
type End = { readonly seen: boolean } | { readonly again: number } | { readonly never: string }

/** Cars side by side; of one car, one after the other in the order they came. */
const answerAll = Effect.fnUntraced(function* (messages: ReadonlyArray<JsMsg>) {
  const reached = yield* CrashPoint
  const cars = Map.groupBy(messages, ({ subject }) => vinOf(subject))
  const never: Array<{ readonly vin: string; readonly reason: string }> = []
  const seen: Array<Vin> = []
  const answer = Effect.fnUntraced(function* (vin: Vin | null, message: JsMsg) {
    const end = vin === null ? { never: "NotAVehicle" } : yield* endOf(vin, message)
    if ("again" in end && message.info.deliveryCount < triesLimit) return message.nak(end.again)
    if ("seen" in end) {
      if (end.seen) seen.push(vin!)
      reached("report: acknowledged")
      return message.ack()
    }
    never.push({ vin: vin ?? message.subject.slice(0, 64), reason: "never" in end ? end.never : "TooManyTries" })
    message.term()
  })
  yield* Effect.forEach(
    cars.entries(),
    ([vin, theirs]) => Effect.forEach(theirs, (message) => answer(vin, message), { discard: true }),
    { concurrency: carsAtOnce, discard: true }
  )
  if (seen.length > 0) {
    const time = yield* PlatformTime
    yield* Telemetry.use((telemetry) => telemetry.seen([...new Set(seen)], iso(time.now())))
  }
  if (never.length > 0) yield* complain(never)
})

const endOf = (vin: Vin, message: JsMsg) =>
  hearReport(vin, message.string()).pipe(
    Effect.map(({ as }): End => ({ seen: as !== "old" })),
    Effect.catchTags({
      ReportNotBelieved: ({ reason }) => Effect.succeed<End>({ never: reason }),
      ActorNotFound: () => Effect.succeed<End>({ never: "UnknownVehicle" }),
      MessageRefused: ({ reason }) => Effect.succeed<End>({ never: reason }),
      KeysUnreachable: () => Effect.succeed<End>({ again: unreachableMs }),
      ActorsUnavailable: () => Effect.succeed<End>({ again: unavailableMs }),
      TooManyRequests: ({ retryAfterSeconds }) => Effect.succeed<End>({ again: retryAfterSeconds * 1_000 }), // Meanwhile the broker keeps its newest few alone.
      Overloaded: ({ retryAfterSeconds }) => Effect.succeed<End>({ again: retryAfterSeconds * 1_000 }),
      ActorQuarantined: () => Effect.succeed<End>({ again: quarantinedMs })
    }),
    Effect.catchCause((cause) =>
      Effect.as(Effect.logError("A report met a defect", cause).pipe(Effect.annotateLogs({ vin })), { again: defectMs } as End)
    )
  )

/** One line for a batch: whoever owns the broker must not fill the log. */
const complain = (never: ReadonlyArray<{ readonly vin: string; readonly reason: string }>) => {
  const reasons = Object.fromEntries(
    [...Map.groupBy(never, ({ reason }) => reason)].map(([reason, { length }]) => [reason, length])
  )
  const cars = [...new Set(never.map(({ vin }) => vin))].slice(0, named)
  return Effect.andThen(
    Metric.update(refusedReports, never.length),
    Effect.logWarning("Reports were not believed").pipe(Effect.annotateLogs({ reasons, cars }))
  )
}

/** Runs for ever. */
export const hearReports = hearAlways({ fetch: fetchReports, answer: answerAll })
