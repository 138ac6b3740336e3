/** Hears `vehicles.*.report`. A report is answered after its vehicle has heard it, never before; what cannot be believed is counted and never comes again. */
import { Effect, Match, Metric, Result } from "effect"
import type { JsMsg } from "nats"
import { CrashPoint } from "#actors/system/crash-point.ts"
import type { NotHeard } from "#actors/system/letter.ts"
import { iso, PlatformTime } from "#integrations/postgres/time.ts"
import type { TooManyRequests } from "#integrations/redis/limits.ts"
import { Telemetry } from "#integrations/telemetry/telemetry.ts"
import { fetchReports, vinOf } from "#integrations/vehicle-link/reports.ts"
import { type KeysUnreachable, ReportNotBelieved, VehicleTrust } from "#integrations/vehicle-trust/vehicle-trust.ts"
import type { Vin } from "#machines/vocabulary.ts"
import { hearAlways, type Settle } from "./hearing.ts"
import { afterHearing, judged, type Known, LastTold, type Verdict } from "./last-told.ts"
import type { Repeats } from "./repeats.ts"
import { acknowledge, type BelievedReport, believeReport, passOn } from "./report.ts"

const triesLimit = 50 // Deliveries of one report; the car repeats what counts.
const unavailableMs = 1_000 // An owner is being replaced: 5 s at most.
const unreachableMs = 2_000 // Postgres is away.
const defectMs = 5_000 // Five of them, and the actor is quarantined.
const quarantinedMs = 60_000 // A person has to look first.
const named = 5 // Cars, in the log, of those that were not believed.

/** Reports that nobody may believe: forged, altered, for another car, or no reports at all. */
export const refusedReports = Metric.counter("vehicle_reports_refused_total", { incremental: true })

/** Why a report was not heard: it comes again, because somebody is busy or not; or never. */
type NotNow = { readonly again: number; readonly busy: boolean } | { readonly never: string }

interface Arrived {
  readonly message: JsMsg
  readonly report: BelievedReport
  readonly as: Verdict
}

interface Never {
  readonly message: JsMsg
  readonly reason: string
}

type TurnDown = (message: JsMsg, no: NotNow) => void

/** Cars side by side; of one car one after the other in the order they came. */
const answerAll = Effect.fnUntraced(function* (repeats: Repeats, messages: ReadonlyArray<JsMsg>, settle: Settle) {
  const reached = yield* CrashPoint
  const never: Array<Never> = []
  const seen = new Set<Vin>()
  const turnDown: TurnDown = (message, no) => {
    if ("again" in no && message.info.deliveryCount < triesLimit) return settle.later(message, no.again, no)
    never.push({ message, reason: "never" in no ? no.never : "TooManyTries" })
  }
  /** Counted first: whoever sees them gone finds them counted. */
  const dismiss = Effect.suspend(() => {
    const those = never.splice(0)
    return Effect.map(complain(those), () => {
      for (const { message } of those) settle.never(message)
    })
  })
  const heard = (message: JsMsg) => {
    reached("report: acknowledged")
    settle.done(message)
  }

  const others: Array<JsMsg> = []
  for (const message of messages) {
    const vin = vinOf(message.subject)
    const answer = vin === null ? null : yield* repeats.of(vin, message.string())
    if (vin === null || answer === null) others.push(message)
    else {
      yield* acknowledge(vin, answer)
      seen.add(vin)
      heard(message)
    }
  }
  const { arrived, known } = yield* lookAt(others, turnDown)
  yield* dismiss

  /** Where one cannot be heard, those that the same car said later wait as well: they were judged by what it would have been told. */
  const hear = Effect.fnUntraced(function* (theirs: ReadonlyArray<Arrived>) {
    let no: NotNow | null = null
    for (const { message, report, as } of theirs) {
      const passed: Result.Result<void, NotNow> = no === null ? yield* tried(passOn(report, as)) : Result.fail(no)
      if (Result.isFailure(passed)) {
        turnDown(message, passed.failure)
        if ("again" in passed.failure) no = passed.failure
        continue
      }
      if (as !== "old") seen.add(report.vin)
      heard(message)
    }
  })
  const cars = Map.groupBy(arrived, ({ report }) => report.vin)
  const passingOn = Effect.forEach(cars.values(), hear, { concurrency: "unbounded", discard: true })
  return Effect.gen(function* () {
    const lastTold = yield* LastTold
    yield* Effect.all([lastTold.remember(known), passingOn], { concurrency: 2, discard: true })
    if (seen.size > 0) {
      const time = yield* PlatformTime
      yield* Telemetry.use((telemetry) => telemetry.seen([...seen], iso(time.now())))
    }
    yield* dismiss
  })
})

/** One question for the keys of all, and one for what is known of all: what they said, and what it is worth. */
const lookAt = Effect.fnUntraced(function* (messages: ReadonlyArray<JsMsg>, turnDown: TurnDown) {
  const trust = yield* VehicleTrust
  const lastTold = yield* LastTold
  const nothing = { arrived: [] as ReadonlyArray<Arrived>, known: new Map<Vin, Known>() }
  if (messages.length === 0) return nothing

  const keys = yield* tried(trust.recall(messages.flatMap(({ subject }) => vinOf(subject) ?? [])))
  if (Result.isFailure(keys)) {
    for (const message of messages) turnDown(message, keys.failure)
    return nothing
  }
  const read = yield* Effect.forEach(messages, (message) => tried(readOne(message)), { concurrency: "unbounded" })
  const believed = messages.flatMap((message, n) => {
    const one = read[n]!
    if (Result.isSuccess(one)) return { message, report: one.success }
    turnDown(message, one.failure)
    return []
  })
  const asked = yield* tried(lastTold.of([...new Set(believed.map(({ report }) => report.vin))]))
  if (Result.isFailure(asked)) {
    for (const { message } of believed) turnDown(message, asked.failure)
    return nothing
  }
  const known = new Map(asked.success)
  const arrived = believed.map(({ message, report }): Arrived => {
    const before = known.get(report.vin)!
    const as = judged(before, report.told, report.kind)
    known.set(report.vin, afterHearing(before, report.told, as))
    return { message, report, as }
  })
  return { arrived, known }
})

const readOne = (message: JsMsg) => {
  const vin = vinOf(message.subject)
  return vin === null ? Effect.fail(new ReportNotBelieved({ reason: "NotAVehicle" })) : believeReport(vin, message.string())
}

type Unheard = ReportNotBelieved | KeysUnreachable | TooManyRequests | NotHeard

const notNow = Match.typeTags<Unheard>()({
  ReportNotBelieved: ({ reason }): NotNow => ({ never: reason }),
  ActorNotFound: (): NotNow => ({ never: "UnknownVehicle" }),
  MessageRefused: ({ reason }): NotNow => ({ never: reason }),
  KeysUnreachable: (): NotNow => ({ again: unreachableMs, busy: true }),
  ActorsUnavailable: (): NotNow => ({ again: unavailableMs, busy: true }),
  Overloaded: ({ retryAfterSeconds }): NotNow => ({ again: retryAfterSeconds * 1_000, busy: true }),
  TooManyRequests: ({ retryAfterSeconds }): NotNow => ({ again: retryAfterSeconds * 1_000, busy: false }), // Meanwhile the broker keeps its newest few alone.
  ActorQuarantined: (): NotNow => ({ again: quarantinedMs, busy: false })
})

const tried = <A, R>(work: Effect.Effect<A, Unheard, R>): Effect.Effect<Result.Result<A, NotNow>, never, R> =>
  work.pipe(
    Effect.mapError(notNow),
    Effect.catchDefect((defect) =>
      Effect.andThen(Effect.logError("A report met a defect", defect), Effect.fail<NotNow>({ again: defectMs, busy: false }))
    ),
    Effect.result
  )

/** One line for a batch: whoever owns the broker must not fill the log. */
const complain = (never: ReadonlyArray<Never>) => {
  if (never.length === 0) return Effect.void
  const reasons = Object.fromEntries(
    [...Map.groupBy(never, ({ reason }) => reason)].map(([reason, { length }]) => [reason, length])
  )
  const cars = [...new Set(never.map(({ message: { subject } }) => vinOf(subject) ?? subject.slice(0, 64)))].slice(0, named)
  return Effect.andThen(
    Metric.update(refusedReports, never.length),
    Effect.logWarning("Reports were not believed").pipe(Effect.annotateLogs({ reasons, cars }))
  )
}

/** Runs for ever. */
export const hearReports = (repeats: Repeats) =>
  hearAlways({ fetch: fetchReports, answer: (messages, settle) => answerAll(repeats, messages, settle) })
