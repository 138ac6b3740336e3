/** From what cars measure to where it is shown. It wakes no actor, waits for nobody, and may be lost. */
import { Effect, Metric, Option, Schema } from "effect"
import { iso, PlatformTime } from "#integrations/postgres/time.ts"
import { Sample, Telemetry } from "#integrations/telemetry/telemetry.ts"
import { listenToSamples } from "#integrations/vehicle-link/samples.ts"
import type { Vin } from "#machines/vocabulary.ts"

const every = "250 millis"
const kept = 4_096 // Samples that wait for the next batch; beyond that the oldest go: 16,000 a second.
const lengthLimit = 4 * 1024 // Bytes of one sample.
const pause = "500 millis" // After a connection that was not there.

/** Samples that were thrown away: too many at once, too long, or none. */
export const lostSamples = Metric.counter("telemetry_lost_total", { incremental: true })

interface Raw {
  readonly vin: Vin
  readonly bytes: Uint8Array
}

/** Runs for ever. */
export const hearTelemetry = Effect.gen(function* () {
  const telemetry = yield* Telemetry
  const time = yield* PlatformTime
  let waiting: Array<Raw> = []
  let lost = 0
  const hear = (vin: Vin, bytes: Uint8Array) => {
    if (bytes.length > lengthLimit) lost++
    else {
      if (waiting.length >= kept) {
        lost++
        waiting.shift()
      }
      waiting.push({ vin, bytes })
    }
  }
  const listening = listenToSamples(hear).pipe(Effect.catchTag("NatsUnreachable", () => Effect.sleep(pause)))

  const keeping = Effect.gen(function* () {
    yield* Effect.sleep(every)
    const heard = waiting
    waiting = []
    const heardAt = iso(time.now())
    const batch = heard.flatMap(({ vin, bytes }) => {
      const sample = Option.getOrNull(read(bytes))
      return sample === null ? [] : [{ vin, heardAt, sample }]
    })
    const thrownAway = lost + heard.length - batch.length
    lost = 0
    if (thrownAway > 0) {
      yield* Metric.update(lostSamples, thrownAway)
      yield* Effect.logWarning("Samples were thrown away").pipe(Effect.annotateLogs({ thrownAway }))
    }
    if (batch.length > 0) yield* telemetry.keep(batch)
  })
  yield* Effect.raceFirst(Effect.forever(listening), Effect.forever(keeping))
})

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Sample))
const read = (bytes: Uint8Array) => decode(new TextDecoder().decode(bytes))
