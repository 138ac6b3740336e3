/** Signatures between us and the cars, so that whoever owns the broker owns nothing (F29). JWS compact, EdDSA over Ed25519 (RFC 7515, RFC 8037). */
import { Context, type Effect, Schema } from "effect"
import { Instant, ReceiptId, Vin } from "#machines/vocabulary.ts"

const Running = Schema.Struct({
  id: Schema.String,
  option: Schema.String,
  activationId: Schema.String,
  until: Schema.NullOr(Instant)
})

/**
 * `typ: caas-config+jws`. The whole desired state of one car; a lower or equal `cfgVersion` than the car ever took is refused there.
 * `features` are in the order of their ids. `bootId`: the boot for which it holds whatever the car's clock says.
 */
export const ConfigDocument = Schema.Struct({
  v: Schema.Literal(1),
  vin: Vin,
  cfgVersion: Schema.Natural,
  features: Schema.Array(
    Schema.Struct({
      ...Running.fields,
      parameters: Schema.Record(Schema.String, Schema.Union([Schema.Boolean, Schema.Int, Schema.String]))
    })
  ),
  onlyWhileParked: Schema.Literal(true),
  issuedAt: Instant,
  expiresAt: Instant,
  bootId: Schema.NullOr(Schema.String),
  catalogueHash: Schema.String // SHA-256 (hex) of the catalogue's JWS that travels along.
})
export type ConfigDocument = typeof ConfigDocument.Type

/**
 * `typ: caas-report+jws`, signed by the car. `hello` on every connect, `receipt` after a document, `state` after any other change,
 * `pairing` when somebody asks for a code at its screen.
 * `stateHash`: SHA-256 (hex) of `features` as JSON, in the order of their ids.
 */
export const CarReport = Schema.Struct({
  v: Schema.Literal(1),
  vin: Vin,
  kind: Schema.Literals(["hello", "receipt", "state", "pairing"]),
  cfgVersion: Schema.Natural,
  features: Schema.Array(Running),
  refused: Schema.Array(Schema.Struct({ option: Schema.String, activationId: Schema.String, reason: Schema.String })),
  waitingVersion: Schema.NullOr(Schema.Natural),
  stateHash: Schema.String,
  bootId: Schema.String,
  counter: Schema.Natural,
  at: Instant,
  pairing: Schema.NullOr(Schema.Struct({ hash: Schema.String, seconds: Schema.Natural })),
  done: Schema.Array(Schema.String)
})
export type CarReport = typeof CarReport.Type

/** `typ: caas-command+jws`. */
export const RemoteCommand = Schema.Struct({
  v: Schema.Literal(1),
  vin: Vin,
  commandId: Schema.String,
  act: Schema.String,
  expiresAt: Instant
})
/** `typ: caas-display+jws`. */
export const DisplayNotice = Schema.Struct({
  v: Schema.Literal(1),
  vin: Vin,
  notice: Schema.String,
  option: Schema.NullOr(Schema.String),
  at: Instant,
  /** `parked`: it waits on a car that moves. */
  showWhen: Schema.Literals(["always", "parked"])
})
/** `typ: caas-acknowledged+jws`. */
export const Acknowledged = Schema.Struct({ v: Schema.Literal(1), vin: Vin, counter: Schema.Natural, receiptId: ReceiptId })

/** What we sign, by its `typ`. */
export interface Signed {
  readonly "caas-config+jws": ConfigDocument
  readonly "caas-command+jws": typeof RemoteCommand.Type
  readonly "caas-display+jws": typeof DisplayNotice.Type
  readonly "caas-acknowledged+jws": typeof Acknowledged.Type
}

export class VehicleTrust extends Context.Service<
  VehicleTrust,
  {
    /** Signs with the online key. */
    readonly sign: <Typ extends keyof Signed>(typ: Typ, body: Signed[Typ]) => Effect.Effect<string>
    /** The catalogue as the offline key signed it (`typ: caas-catalogue+jws`), and the SHA-256 (hex) of that text. */
    readonly catalogue: { readonly jws: string; readonly hash: string }
    /** Before many are read: the keys of their cars, all at once. */
    readonly recall: (vins: ReadonlyArray<Vin>) => Effect.Effect<void, KeysUnreachable>
    /**
     * Believes a report that the key of this very car has signed, and that says so inside. `vin`: who it came from, by its subject or its sender.
     * The receipt's id is the SHA-256 of the bytes.
     */
    readonly read: (
      vin: Vin,
      jws: string
    ) => Effect.Effect<{ readonly report: CarReport; readonly receiptId: ReceiptId }, ReportNotBelieved | KeysUnreachable>
  }
>()("integrations/VehicleTrust") {}

/** Not signed by this car, or not a report: `UnknownVehicle`, `BadSignature`, `OtherVehicle`, `NotAReport`, `TooLong`. */
export class ReportNotBelieved extends Schema.TaggedError<ReportNotBelieved>()("ReportNotBelieved", { reason: Schema.String }) {}

/** The database did not say which key the car has. */
export class KeysUnreachable extends Schema.TaggedError<KeysUnreachable>()("KeysUnreachable", { cause: Schema.Defect() }) {}
