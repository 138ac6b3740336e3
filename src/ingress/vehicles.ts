/** From what a car says to a vehicle that has heard it, and from what it measures to where that is shown. */
import { Effect, Layer } from "effect"
import { healReports } from "#integrations/vehicle-link/reports.ts"
import { watchForAmnesia } from "./amnesia.ts"
import { watchLag } from "./lag.ts"
import { LastTold } from "./last-told.ts"
import { forEver } from "./loop.ts"
import { Repeats } from "./repeats.ts"
import { hearReports } from "./reports.ts"
import { hearTelemetry } from "./telemetry.ts"

/** Nothing is published again by us: a car repeats its newest report until it is acknowledged. */
const watch = watchForAmnesia({ queue: "reports", heal: healReports, remind: Effect.succeed(0) })

/** Hears until its scope closes. Needs neither NATS nor Postgres to be there at the start. */
export const VehicleIngress = Layer.effectDiscard(
  Effect.suspend(() => {
    const repeats = new Repeats()
    return Effect.all([
      forEver("report stream", watch),
      forEver("acknowledgements", repeats.listen),
      forEver("reports", hearReports(repeats)),
      forEver("telemetry", hearTelemetry),
      forEver("lag", watchLag)
    ])
  })
).pipe(Layer.provideMerge(LastTold.layer))
