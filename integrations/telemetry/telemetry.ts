/** What cars measure on the way: shown, never decided upon, never a message to an actor (CO-24). It may be lost. */
import { Context, type Effect, Schema } from "effect"
import { Instant, type Vin } from "#machines/vocabulary.ts"

/** One sample. No place and no maintenance: the one is nobody's business, the other is the workshops' (S12). */
export const Sample = Schema.Struct({
  at: Instant, // By the car's clock.
  odometerMetres: Schema.Natural,
  chargePercent: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 100 })),
  parked: Schema.Boolean,
  cabinCelsius: Schema.Int.check(Schema.isBetween({ minimum: -60, maximum: 120 }))
})
export type Sample = typeof Sample.Type

/** A sample with its car, and when we heard it (platform time, ISO 8601). */
export interface HeardSample {
  readonly vin: Vin
  readonly heardAt: string
  readonly sample: Sample
}

export class Telemetry extends Context.Service<
  Telemetry,
  {
    /** Keeps a batch: the newest of each car in Redis, all of them in the table, one statement for each. Whatever is away is skipped. */
    readonly keep: (batch: ReadonlyArray<HeardSample>) => Effect.Effect<void>
    /** The newest sample, from Redis, else from the table; null where there never was one. */
    readonly last: (vin: Vin) => Effect.Effect<HeardSample | null>
    /** That a car was heard of, whatever it said: for "last seen". */
    readonly seen: (vins: ReadonlyArray<Vin>, at: string) => Effect.Effect<void>
    readonly lastSeen: (vin: Vin) => Effect.Effect<string | null>
  }
>()("integrations/Telemetry") {}
