/** What operators read about actors. Everything but the handover PIN, which is struck out. */
import { Schema } from "effect"
import { Instant } from "#machines/vocabulary.ts"
import { KeptReason } from "../kept-reason.ts"

/** Every Date of a row becomes the ISO instant that the API speaks. */
export const withInstants = <Row extends object>(row: Row) =>
  Object.fromEntries(Object.entries(row).map(([key, value]) => [key, value instanceof Date ? value.toISOString() : value])) as {
    readonly [Key in keyof Row]: Row[Key] extends Date ? string : Row[Key] extends Date | null ? string | null : Row[Key]
  }

const facets = {
  path: Schema.String,
  type: Schema.String,
  version: Schema.Natural,
  statePath: Schema.String, // "manufacturing.building"; the regions of a parallel chart joined by "+".
  stateSince: Instant,
  nextTimerAt: Schema.NullOr(Instant),
  closed: Schema.Boolean,
  country: Schema.NullOr(Schema.String),
  dealershipId: Schema.NullOr(Schema.String),
  subjectId: Schema.NullOr(Schema.String),
  vin: Schema.NullOr(Schema.String)
}
export const ActorSummary = Schema.Struct(facets).annotate({ identifier: "ActorSummary" })

export const ParkableCommand = Schema.Struct({
  commandId: Schema.String,
  path: Schema.String,
  lane: Schema.String,
  type: Schema.String,
  body: Schema.Any,
  state: Schema.Literals(["waiting", "parked", "done", "discarded"]),
  attempts: Schema.Natural,
  rounds: Schema.Natural,
  cause: Schema.NullOr(Schema.String),
  at: Instant,
  dueAt: Instant,
  finishedAt: Schema.NullOr(Instant)
}).annotate({ identifier: "Command" })

export const InspectedActor = Schema.Struct({
  ...facets,
  state: Schema.Any,
  context: Schema.Any,
  timers: Schema.Array(Schema.Struct({ timerId: Schema.String, dueAt: Instant })),
  outbox: Schema.Array(ParkableCommand) // The newest hundred.
}).annotate({ identifier: "Actor" })

export const JournalEntry = Schema.Struct({
  version: Schema.Natural,
  messageId: Schema.String,
  at: Instant,
  type: Schema.String,
  body: Schema.Any,
  reply: Schema.Any,
  outcome: Schema.String,
  machineVersion: Schema.Natural,
  cause: Schema.String,
  correlation: Schema.String,
  traceId: Schema.NullOr(Schema.String)
}).annotate({ identifier: "JournalEntry" })

export const Defect = Schema.Struct({
  path: Schema.String,
  messageId: Schema.String,
  type: Schema.String,
  tries: Schema.Natural,
  cause: Schema.String,
  firstAt: Instant,
  lastAt: Instant
}).annotate({ identifier: "Defect" })

/** Why an operator acts; kept with the act. */
export const Reason = Schema.Struct({ reason: KeptReason }).annotate({ identifier: "Reason" })
