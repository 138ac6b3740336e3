/** One report of a car, however it came: believed or not, told to its vehicle where it is news, and acknowledged to the car. */
import { Effect, Schema } from "effect"
import { Vehicle } from "#actors/addresses.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import { CrashPoint } from "#actors/system/crash-point.ts"
import { ActorsUnavailable } from "#actors/system/letter.ts"
import { RateLimits } from "#integrations/redis/limits.ts"
import { VehicleLink } from "#integrations/vehicle-link/vehicle-link.ts"
import { type CarReport, ReportNotBelieved, VehicleTrust } from "#integrations/vehicle-trust/vehicle-trust.ts"
import { VehicleReported } from "#machines/vehicle.ts"
import type { ReceiptId, Vin } from "#machines/vocabulary.ts"
import { afterHearing, judged, LastTold, type Told, toldBy, type Verdict } from "./last-told.ts"

const tellTimeout = "10 seconds"
const turnsPerMinute = 120 // Of one car: one that is out of its mind, or in a thief's hands, fills neither journal nor disk.
const largestVersion = 2_147_483_647 // As Postgres keeps it.

/** What one car has said, and signed. */
export interface BelievedReport {
  readonly vin: Vin
  readonly receiptId: ReceiptId
  readonly kind: CarReport["kind"]
  readonly told: Told
  readonly fact: typeof VehicleReported.Type
}

export interface HeardReport {
  readonly receiptId: ReceiptId
  /** `told`: it became a turn, or had been one. */
  readonly as: Exclude<Verdict, "news"> | "told"
}

/** `vin`: whose it claims to be, by its subject or by whose phone brings it. Safe to run twice: the same bytes are one message. */
export const hearReport = Effect.fn("ingress.hearReport")(function* (vin: Vin, jws: string) {
  const lastTold = yield* LastTold
  const report = yield* believeReport(vin, jws)
  const known = (yield* lastTold.of([vin])).get(vin)!
  const as = judged(known, report.told, report.kind)
  yield* passOn(report, as)
  yield* lastTold.remember(new Map([[vin, afterHearing(known, report.told, as)]]))
  return { receiptId: report.receiptId, as: as === "news" ? "told" : as } satisfies HeardReport
})

export const believeReport = Effect.fnUntraced(function* (vin: Vin, jws: string) {
  const trust = yield* VehicleTrust
  const { report, receiptId } = yield* trust.read(vin, jws)
  const fact = yield* factOf(report, receiptId, jws)
  return { vin, receiptId, kind: report.kind, told: toldBy(report), fact } satisfies BelievedReport
})

/** To its vehicle, where it is news, and then our word to the car that it was heard; none to an old one. Whatever a car says here can only inform its vehicle. */
export const passOn = Effect.fnUntraced(function* ({ vin, receiptId, told, fact }: BelievedReport, as: Verdict) {
  if (as === "old") return
  if (as === "news") {
    const actors = yield* ActorSystem
    const limits = yield* RateLimits
    yield* limits.consume(`report/${vin}`, turnsPerMinute, 60)
    const id = `car/${receiptId}`
    yield* inTime(actors.tell(Vehicle.at(vin), fact, { id, cause: id, correlation: id }))
    const reached = yield* CrashPoint
    reached("report: told")
  }
  const trust = yield* VehicleTrust
  const acknowledgement = yield* trust.sign("caas-acknowledged+jws", { v: 1, vin, counter: told.counter, receiptId })
  yield* acknowledge(vin, acknowledgement)
})
const inTime = <A, E, R>(asked: Effect.Effect<A, E, R>) =>
  Effect.timeoutOrElse(asked, {
    duration: tellTimeout,
    orElse: () => Effect.fail(new ActorsUnavailable({ reason: "StoreUnreachable" }))
  })

/** After our commit. A car that does not hear it asks again, by repeating itself. */
export const acknowledge = (vin: Vin, acknowledgement: string) =>
  Effect.ignore(VehicleLink.use((link) => link.acknowledge(vin, acknowledgement)))

/** The words of the vehicle. What a car has signed may still be nonsense: a month 13, a number that no column holds. */
const factOf = ({ at, ...report }: CarReport, receiptId: ReceiptId, bytes: string) => {
  const instants = [at, ...report.features.flatMap(({ until }) => until ?? [])]
  const nonsense = report.cfgVersion > largestVersion || instants.some((instant) => Number.isNaN(Date.parse(instant)))
  const said = { ...report, type: "VehicleReported", receiptId, evidence: "signedReceipt", carAt: at, bytes }
  return nonsense
    ? Effect.fail(new ReportNotBelieved({ reason: "NotAReport" }))
    : Effect.mapError(decodeFact(said), () => new ReportNotBelieved({ reason: "NotAReport" }))
}
const decodeFact = Schema.decodeUnknownEffect(VehicleReported)
