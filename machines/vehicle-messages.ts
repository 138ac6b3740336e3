/** What a vehicle hears, what it asks of the world, and what it has recorded: the words of machines/vehicle.ts, which gives them to everybody. */
import { Schema } from "effect"
import { ContractLaw } from "./contract-law.ts"
import { Feature, OptionTerms, VehicleKey } from "./option-terms.ts"
import { Delivery, HandoverPin, PlanTerms } from "./order-messages.ts"
import {
  ActivationId,
  CommandParked,
  Consent,
  Country,
  DealershipId,
  Instant,
  Minor,
  Money,
  message,
  OptionCode,
  OrderId,
  PaymentMethod,
  ReceiptId,
  SubjectId,
  Vin
} from "./vocabulary.ts"

/** Everything a new sale of a stock car needs to become an order: RegisterSale without the car. */
const saleOfStock = {
  orderId: OrderId,
  customerId: SubjectId,
  sellerId: SubjectId,
  dealershipId: DealershipId,
  country: Country,
  price: Money,
  plan: PlanTerms,
  delivery: Delivery,
  consents: Schema.Array(Consent),
  handoverPin: HandoverPin,
  vatPercent: Schema.optionalKey(Schema.Natural)
}

// ── Requests ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** A dealer sells a stock car. One of two who try at once is refused `AlreadyAssigned`. */
export const AssignVehicle = message("AssignVehicle", saleOfStock)

/** How much of what a customer was given is not paid for yet, and how much may be (minor units, S12.3). `overdueMinor`: asked for in vain. */
export const Standing = Schema.Struct({ exposureMinor: Minor, limitMinor: Minor, overdueMinor: Minor })

/** The owner buys a service. `terms` come from the catalogue in force, never from the caller. One of two who try at once is refused. */
export const PurchaseOption = message("PurchaseOption", {
  activationId: ActivationId,
  customerId: SubjectId,
  terms: OptionTerms,
  paymentMethod: Schema.NullOr(PaymentMethod),
  consents: Schema.Array(Consent),
  law: Schema.optionalKey(ContractLaw),
  standing: Schema.optionalKey(Standing)
})
/** SHA-256 in hex of `<vin>:<code>`, the code being what the car shows on its own screen. */
export const PairingHash = Schema.String.check(Schema.isPattern(/^[0-9a-f]{64}$/))
export const LinkApp = message("LinkApp", { customerId: SubjectId, phoneId: Schema.String, codeHash: PairingHash })
export const UnlinkApp = message("UnlinkApp", { customerId: SubjectId })
/** What the app may ask a car to do. None of these touches driving, and none can be added that does (a test reads this list). */
export const RemoteAct = Schema.Literals(["lockDoors", "unlockDoors", "flashLights", "soundHorn", "startClimate", "stopClimate"])
export const SendRemoteCommand = message("SendRemoteCommand", { customerId: SubjectId, commandId: Schema.String, act: RemoteAct })
/** By the owner, or by support for them (`customerId` null). */
export const ReportTheft = message("ReportTheft", {
  customerId: Schema.NullOr(SubjectId),
  by: SubjectId,
  policeReference: Schema.NullOr(Schema.String)
})
export const EndTheft = message("EndTheft", { customerId: Schema.NullOr(SubjectId), by: SubjectId, reason: Schema.String })
/** The car was sold second-hand, and a dealer knows both (D-21). Permanent services stay with the car, recurring ones end. */
export const TransferOwnership = message("TransferOwnership", {
  sellerId: SubjectId, // The owner who sells.
  buyerId: SubjectId,
  dealershipId: DealershipId,
  by: SubjectId,
  consents: Schema.Array(Consent)
})

export const VehicleRequest = Schema.Union([
  AssignVehicle,
  PurchaseOption,
  LinkApp,
  UnlinkApp,
  SendRemoteCommand,
  ReportTheft,
  EndTheft,
  TransferOwnership
])

// ── Facts, told by orders ─────────────────────────────────────────────────────────────────────────────────────────

/** Opens the vehicle: the factory has built it. */
export const VehicleBuilt = message("VehicleBuilt", {
  vin: Vin,
  orderId: OrderId,
  model: Schema.String,
  country: Country,
  dealershipId: DealershipId,
  assigned: Schema.Boolean,
  key: Schema.optionalKey(VehicleKey)
})
/** The order it was for has closed: the car is dealership stock, sin asignar (S18). */
export const VehicleStocked = message("VehicleStocked", { orderId: OrderId, dealershipId: DealershipId, reason: Schema.String })
export const VehicleMoved = message("VehicleMoved", {
  orderId: OrderId,
  to: Schema.Literals(["carrier", "dealership", "customer"]),
  ownerId: Schema.optionalKey(SubjectId),
  bundle: Schema.optionalKey(Schema.Array(OptionTerms))
})

// ── Facts, told by activations ────────────────────────────────────────────────────────────────────────────────────

/** One try. The same again sends the current document again; a later `until` is a change of it. */
export const OptionWanted = message("OptionWanted", {
  activationId: ActivationId,
  option: OptionCode,
  attempt: Schema.Natural,
  until: Schema.NullOr(Instant),
  terms: OptionTerms
})
/** The activation is over, whatever the reason: the option may be bought again, and the car switches it off. */
export const OptionDropped = message("OptionDropped", { activationId: ActivationId, option: OptionCode })

// ── Facts, from the car and from the workshops ───────────────────────────────────────────────────────────────────

/** One feature as the car runs it. */
export const RunningFeature = Schema.Struct({
  id: Feature.fields.id,
  option: OptionCode,
  activationId: ActivationId,
  until: Schema.NullOr(Instant)
})
export type RunningFeature = typeof RunningFeature.Type

/**
 * What a car says of itself, after its signature was verified (or after the fixed API was asked: `statusPoll`). It can only inform:
 * nothing a car says starts a purchase, a payment or an order.
 */
export const VehicleReported = message("VehicleReported", {
  receiptId: ReceiptId,
  evidence: Schema.Literals(["signedReceipt", "statusPoll"]),
  cfgVersion: Schema.Natural, // The last document it applied; 0: none.
  features: Schema.Array(RunningFeature),
  refused: Schema.Array(Schema.Struct({ option: OptionCode, activationId: ActivationId, reason: Schema.String })),
  waitingVersion: Schema.NullOr(Schema.Natural), // A document it has, and will apply when parked.
  stateHash: Schema.String,
  bootId: Schema.String,
  counter: Schema.Natural, // Rises with every report of this key; a lower one is old. Of a statusPoll: that of the report it passed on.
  carAt: Instant, // By the car's own clock, which may be wrong.
  pairing: Schema.NullOr(Schema.Struct({ hash: PairingHash, seconds: Schema.Natural })),
  done: Schema.Array(Schema.String), // Remote commands carried out, by id.
  /** As they came: the JWS, or the answer of the API IoT. */
  bytes: Schema.String
})

/** What the workshops say (the seed's VSS), asked by a door. With `option`: for a purchase, and the decision is kept (D-11, D-19). */
export const MaintenanceChecked = message("MaintenanceChecked", {
  status: Schema.Literals(["current", "overdue", "unavailable"]),
  due: Schema.Array(Schema.String), // Codes of what is overdue.
  askedAt: Instant,
  terms: Schema.NullOr(OptionTerms),
  subjectId: Schema.NullOr(SubjectId)
})

export const VehicleFact = Schema.Union([
  VehicleBuilt,
  VehicleStocked,
  VehicleMoved,
  OptionWanted,
  OptionDropped,
  VehicleReported,
  MaintenanceChecked,
  CommandParked
])
export const VehicleMessage = Schema.Union([...VehicleRequest.members, ...VehicleFact.members])
export type VehicleMessage = typeof VehicleMessage.Type

// ── Commands ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** Told to `order/{orderId}` as RegisterSale: the same fields, another `type`. */
export const OpenStockSale = message("OpenStockSale", {
  ...saleOfStock,
  vin: Vin,
  model: Schema.String,
  vehicleAt: Schema.Literals(["factory", "dealership"])
})

/** Told to `activation/{vin}/{activationId}` as OptionPurchased. */
export const StartActivation = message("StartActivation", {
  activationId: ActivationId,
  vin: Vin,
  customerId: SubjectId,
  country: Country,
  terms: OptionTerms,
  channel: Schema.Literals(["online", "bundle"]),
  paymentMethod: Schema.NullOr(PaymentMethod),
  consents: Schema.Array(Consent),
  purchasedAt: Instant,
  law: Schema.optionalKey(ContractLaw)
})
const toActivation = { vin: Vin, activationId: ActivationId }
/** Told as OptionConfirmed, OptionRejected, OptionDelayed, VehicleStolen and OwnershipChanged. */
export const ConfirmOption = message("ConfirmOption", {
  ...toActivation,
  option: OptionCode,
  cfgVersion: Schema.Natural,
  receiptId: ReceiptId,
  until: Schema.NullOr(Instant)
})
export const RejectOption = message("RejectOption", { ...toActivation, option: OptionCode, reason: Schema.String })
export const DelayOption = message("DelayOption", { ...toActivation, option: OptionCode, reason: Schema.Literals(["driving"]) })
export const TellTheft = message("TellTheft", toActivation)
export const TellOwnershipChange = message("TellOwnershipChange", toActivation)

/** One option as the car shall run it. */
export const DesiredOption = Schema.Struct({
  option: OptionCode,
  activationId: ActivationId,
  features: Schema.Array(Feature),
  until: Schema.NullOr(Instant)
})
export type DesiredOption = typeof DesiredOption.Type
/** Signs the whole desired state and sends it down the car's road: never a difference. */
export const ConfigureVehicle = message("ConfigureVehicle", {
  vin: Vin,
  link: VehicleKey.fields.link,
  model: Schema.String,
  cfgVersion: Schema.Natural,
  options: Schema.Array(DesiredOption),
  bootId: Schema.NullOr(Schema.String), // Of the last boot we heard of: a car without a trusted clock believes a document that names its boot.
  sending: Schema.Natural // Rises with each sending: each has a lane of its own.
})
/** `GET /vehicles/{id}/status`: for cars behind the API IoT, which say nothing by themselves. Answers VehicleReported. */
export const AskVehicle = message("AskVehicle", { vin: Vin, question: Schema.Natural })
export const CarryOutRemoteCommand = message("CarryOutRemoteCommand", {
  vin: Vin,
  commandId: Schema.String,
  act: RemoteAct,
  expiresAt: Instant
})
/** On the car's own display (NO-04); all of these are safe to show while driving. */
export const ShowOnDisplay = message("ShowOnDisplay", {
  vin: Vin,
  notice: Schema.Literals(["ServiceActive", "ServiceEnded", "PhoneLinked", "PhoneUnlinked"]),
  option: Schema.NullOr(OptionCode)
})
/** Creates the buyer's account if there is none, and mails the one-time link (S13). */
export const WelcomeOwner = message("WelcomeOwner", { subjectId: SubjectId, vin: Vin })
export const NotifyOwner = message("NotifyOwner", {
  subjectId: SubjectId,
  vin: Vin,
  notice: Schema.Literals(["PhoneLinked", "PhoneUnlinked", "TheftReported", "TheftEnded", "WarrantyLost", "VehicleTransferred"])
})

export const VehicleCommand = Schema.Union([
  OpenStockSale,
  StartActivation,
  ConfirmOption,
  RejectOption,
  DelayOption,
  TellTheft,
  TellOwnershipChange,
  ConfigureVehicle,
  AskVehicle,
  CarryOutRemoteCommand,
  ShowOnDisplay,
  WelcomeOwner,
  NotifyOwner
])
export type VehicleCommand = typeof VehicleCommand.Type

// ── Records: rows that the turn's own commit inserts. The tables are declared in actors/vehicle.ts. ──────────────

/** The car's key and road, as the factory told them: whoever verifies a report reads it there. */
export const KeyRecord = message("KeyRecord", { vin: Vin, publicKey: VehicleKey.fields.publicKey, link: VehicleKey.fields.link })
/** A report that became a turn, with its bytes. */
export const ReportRecord = message("ReportRecord", {
  receiptId: ReceiptId,
  vin: Vin,
  evidence: Schema.Literals(["signedReceipt", "statusPoll"]),
  cfgVersion: Schema.Natural,
  stateHash: Schema.String,
  bootId: Schema.String,
  counter: Schema.Natural,
  bytes: Schema.String
})
/** That the car did it: without such a row nothing is captured. */
export const EvidenceRecord = message("EvidenceRecord", {
  receiptId: ReceiptId,
  activationId: ActivationId,
  vin: Vin,
  option: OptionCode,
  cfgVersion: Schema.Natural,
  until: Schema.NullOr(Instant)
})
/** Whether a gated option was open to its buyer, and out of which answer (MG-11). */
export const GateDecision = message("GateDecision", {
  vin: Vin,
  option: OptionCode,
  subjectId: Schema.NullOr(SubjectId),
  decision: Schema.Literals(["open", "overdue", "tryLater"]),
  status: Schema.Literals(["current", "overdue", "unavailable"]),
  askedAt: Instant
})
export const OwnerRecord = message("OwnerRecord", {
  vin: Vin,
  subjectId: SubjectId,
  from: Schema.NullOr(SubjectId),
  by: Schema.NullOr(SubjectId)
})
export const VehicleRecord = Schema.Union([KeyRecord, ReportRecord, EvidenceRecord, GateDecision, OwnerRecord])
export type VehicleRecord = typeof VehicleRecord.Type
