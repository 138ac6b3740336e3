/** From what cars measure to where it is shown. It wakes no actor, waits for nobody, and may be lost. */
import { Effect, Metric, Option, Schedule, Schema } from "effect"
import { iso, PlatformTime } from "#integrations/postgres/time.ts"
import { Sample, Telemetry } from "#integrations/telemetry/telemetry.ts"
import { listenToSamples } from "#integrations/vehicle-link/listening.ts"
import type { Vin } from "#machines/vocabulary.ts"

const every = "250 millis"
const kept = 4_096 // Samples that wait for the next batch; beyond that the oldest go: 16,000 a second.
const keptOfOne = 8 // Of one car among them, its newest: 32 a second.
const lengthLimit = 4 * 1024 // Bytes of one sample.
const pause = "500 millis" // After a connection that was not there.

/** Samples that were thrown away: too many at once, too long, or none. */
export const lostSamples = Metric.counter("telemetry_lost_total", { incremental: true })

/** Runs for ever. */
export const hearTelemetry = Effect.gen(function* () {
  const telemetry = yield* Telemetry
  const time = yield* PlatformTime
  let waiting = new Map<Vin, Array<Uint8Array>>() // By car, in the order in which they were first heard of.
  let count = 0
  let lost = 0
  const loseOldestOf = (vin: Vin, samples: Array<Uint8Array>) => {
    samples.shift()
    if (samples.length === 0) waiting.delete(vin)
    count--
    lost++
  }
  const hear = (vin: Vin, bytes: Uint8Array) => {
    if (bytes.length > lengthLimit) return void lost++
    const samples = waiting.get(vin)
    if (samples !== undefined && samples.length >= keptOfOne) loseOldestOf(vin, samples)
    else if (count >= kept) loseOldestOf(...waiting.entries().next().value!)
    const theirs = waiting.get(vin)
    theirs === undefined ? waiting.set(vin, [bytes]) : theirs.push(bytes)
    count++
  }
  const listening = listenToSamples(hear).pipe(Effect.catchTag("NatsUnreachable", () => Effect.sleep(pause)))

  const keeping = Effect.gen(function* () {
    const [heard, all] = [waiting, count]
    waiting = new Map()
    count = 0
    const heardAt = iso(time.now())
    const batch = [...heard].flatMap(([vin, theirs]) =>
      theirs.flatMap((bytes) => {
        const sample = Option.getOrNull(read(bytes))
        return sample === null ? [] : [{ vin, heardAt, sample }]
      })
    )
    const thrownAway = lost + all - batch.length
    lost = 0
    if (thrownAway > 0) {
      yield* Metric.update(lostSamples, thrownAway)
      yield* Effect.logWarning("Samples were thrown away").pipe(Effect.annotateLogs({ thrownAway }))
    }
    if (batch.length > 0) yield* telemetry.keep(batch)
  })
  yield* Effect.raceFirst(Effect.forever(listening), Effect.repeat(keeping, Schedule.fixed(every)))
})

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Sample))
const read = (bytes: Uint8Array) => decode(new TextDecoder().decode(bytes))
