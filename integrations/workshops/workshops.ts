/** The workshops' maintenance records (the seed's VSS): the source of truth, and read-only. There is no way to write here (S12, S16). */
import { Context, type Effect, Schema } from "effect"
import { Instant, Vin } from "#machines/vocabulary.ts"

/** The answer of `GET /vehicles/{vin}/maintenance`. */
export const Maintenance = Schema.Struct({
  vin: Vin,
  status: Schema.Literals(["current", "overdue"]),
  /** Codes of what is overdue: `annual_service`, `brake_fluid` … */
  due: Schema.Array(Schema.String.check(Schema.isPattern(/^[a-z0-9_]{1,64}$/))),
  workshop: Schema.NullOr(Schema.String), // Where it was last looked after.
  answeredAt: Instant // By the workshops' clock.
})
export type Maintenance = typeof Maintenance.Type

export class Workshops extends Context.Service<
  Workshops,
  {
    /** Asked each time, with a short patience: somebody waits for the offer. A car nobody has seen yet is `current`. */
    readonly maintenance: (vin: Vin) => Effect.Effect<Maintenance, WorkshopsUnreachable>
  }
>()("integrations/Workshops") {}

/** No answer, an error, or an answer we could not believe. Gated options wait; the car does not. */
export class WorkshopsUnreachable extends Schema.TaggedError<WorkshopsUnreachable>()("WorkshopsUnreachable", {
  cause: Schema.Defect()
}) {}
