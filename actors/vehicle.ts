/** How a vehicle gets things done. What it decides is in machines/vehicle.ts. */
import { createHash } from "node:crypto"
import { Effect, Schema } from "effect"
import { Notifications } from "#integrations/notifications/notifications.ts"
import { iso, PlatformTime } from "#integrations/postgres/time.ts"
import { VehicleLink } from "#integrations/vehicle-link/vehicle-link.ts"
import { VehicleTrust } from "#integrations/vehicle-trust/vehicle-trust.ts"
import {
  type ActivationMessage,
  OptionConfirmed,
  OptionDelayed,
  OptionPurchased,
  OptionRejected,
  OwnershipChanged,
  VehicleStolen
} from "#machines/activation.ts"
import { RegisterSale } from "#machines/order.ts"
import {
  type ConfigureVehicle,
  type DesiredOption,
  VehicleCommand,
  type VehicleContext,
  VehicleReported,
  VehicleRequest,
  vehicleMachine
} from "#machines/vehicle.ts"
import { toServices } from "#machines/vehicle-migrations.ts"
import { ReceiptId } from "#machines/vocabulary.ts"
import { Activation, Order, Vehicle } from "./addresses.ts"
import { giveAccess } from "./credentials.ts"
import { ofOwner } from "./notices.ts"
import { ActorSystem } from "./system/actor-system.ts"
import type { Address, Tagged } from "./system/actor-type.ts"
import { behavior, type CommandOrder, wordsOf } from "./system/behavior.ts"

const documentLife = 15 * 60_000 // A document that comes later is refused by the car, unless it names its boot.

export const vehicle = behavior({
  type: Vehicle,
  opensWith: "VehicleBuilt",
  machineVersion: 2,
  migrations: { 1: toServices },
  machine: vehicleMachine,
  requests: wordsOf(VehicleRequest),
  Command: VehicleCommand,

  perform: {
    OpenStockSale: ({ type: _, ...sale }, told) => tell(Order.at(sale.orderId), RegisterSale.make(sale), told),
    StartActivation: ({ type: _, ...purchase }, told) => tellActivation(purchase, OptionPurchased.make(purchase), told),
    ConfirmOption: ({ type: _, ...confirmed }, told) => tellActivation(confirmed, OptionConfirmed.make(confirmed), told),
    RejectOption: ({ type: _, ...rejected }, told) => tellActivation(rejected, OptionRejected.make(rejected), told),
    DelayOption: ({ type: _, ...delayed }, told) => tellActivation(delayed, OptionDelayed.make(delayed), told),
    TellTheft: (activation, told) => tellActivation(activation, VehicleStolen.make({}), told),
    TellOwnershipChange: (activation, told) => tellActivation(activation, OwnershipChanged.make({}), told),

    ConfigureVehicle: Effect.fn("ConfigureVehicle")(function* (command, { id }) {
      const { vin, link } = command
      const envelope = yield* envelopeOf(command)
      yield* VehicleLink.use((road) => road.configure(vin, link, envelope, id))
    }),
    /** Of all that the API IoT says, only what the car itself has signed is a fact. */
    AskVehicle: Effect.fn("AskVehicle")(function* ({ vin }) {
      const status = yield* VehicleLink.use((road) => road.status(vin))
      const signed = status?.answer.configuration?.report ?? null
      if (status === null || signed === null) return
      return yield* VehicleTrust.use((trust) => trust.read(vin, signed)).pipe(
        Effect.flatMap(({ report }) =>
          Schema.decodeUnknownEffect(VehicleReported)({
            ...report,
            type: "VehicleReported",
            receiptId: receiptOf(status.bytes),
            evidence: "statusPoll",
            carAt: report.at,
            bytes: status.bytes
          })
        ),
        Effect.catchTags({
          ReportNotBelieved: ({ reason }) =>
            Effect.logWarning("The API IoT passed on a report that is not believed.").pipe(Effect.annotateLogs({ vin, reason })),
          SchemaError: () =>
            Effect.logWarning("A car signed a report that says nothing we know.").pipe(Effect.annotateLogs({ vin }))
        })
      )
    }),
    CarryOutRemoteCommand: Effect.fn("CarryOutRemoteCommand")(function* ({ vin, commandId, act, expiresAt }) {
      const { sign } = yield* VehicleTrust
      const now = yield* PlatformTime.useSync((time) => time.now())
      if (expiresAt <= iso(now)) return // Nobody stands beside the car any more.
      const command = yield* sign("caas-command+jws", { v: 1, vin, commandId, act, expiresAt })
      yield* VehicleLink.use((road) => road.command(vin, command))
    }),
    ShowOnDisplay: Effect.fn("ShowOnDisplay")(function* ({ vin, notice, option }, { at }) {
      const { sign } = yield* VehicleTrust
      const shown = yield* sign("caas-display+jws", { v: 1, vin, notice, option, at, showWhen: "always" })
      yield* VehicleLink.use((road) => road.display(vin, shown))
    }),

    WelcomeOwner: ({ subjectId }, { id }) => giveAccess(subjectId, id),
    NotifyOwner: (command, { id }) => Notifications.use((notifications) => notifications.send(ofOwner(command), id))
  },

  lane: (command) => {
    switch (command.type) {
      case "OpenStockSale":
        return `order/${command.orderId}`
      // A document that is parked, or slow, never holds up the next.
      case "ConfigureVehicle":
        return `config/${command.sending}`
      case "AskVehicle":
        return `question/${command.question}`
      case "CarryOutRemoteCommand":
        return `command/${command.commandId}`
      case "ShowOnDisplay":
        return "display"
      case "WelcomeOwner":
        return "credentials"
      case "NotifyOwner":
        return "mail"
      default:
        return `activation/${command.activationId}`
    }
  },

  records: {
    KeyRecord: {
      table: "vehicle_keys",
      columns: {
        vin: { type: "text", field: "vin" },
        public_key: { type: "text", field: "publicKey" },
        link: { type: "text", field: "link" }
      }
    },
    ReportRecord: {
      table: "vehicle_reports",
      columns: {
        receipt_id: { type: "text", field: "receiptId" },
        vin: { type: "text", field: "vin" },
        evidence: { type: "text", field: "evidence" },
        cfg_version: { type: "integer", field: "cfgVersion" },
        state_hash: { type: "text", field: "stateHash" },
        boot_id: { type: "text", field: "bootId" },
        counter: { type: "bigint", field: "counter" },
        bytes: { type: "text", field: "bytes" }
      }
    },
    EvidenceRecord: {
      table: "evidence",
      columns: {
        receipt_id: { type: "text", field: "receiptId" },
        activation_id: { type: "text", field: "activationId" },
        vin: { type: "text", field: "vin" },
        option: { type: "text", field: "option" },
        cfg_version: { type: "integer", field: "cfgVersion" },
        until: { type: "timestamptz", field: "until" }
      }
    },
    GateDecision: {
      table: "gate_decisions",
      columns: {
        vin: { type: "text", field: "vin" },
        option: { type: "text", field: "option" },
        subject_id: { type: "text", field: "subjectId" },
        decision: { type: "text", field: "decision" },
        status: { type: "text", field: "status" },
        asked_at: { type: "timestamptz", field: "askedAt" }
      }
    },
    OwnerRecord: {
      table: "vehicle_owners",
      columns: {
        vin: { type: "text", field: "vin" },
        subject_id: { type: "text", field: "subjectId" },
        from_subject_id: { type: "text", field: "from" },
        by_subject_id: { type: "text", field: "by" }
      }
    }
  },

  facets: ({ context }) => {
    const { country, dealershipId, owner, vin } = context as VehicleContext
    return { closed: false, country, dealershipId, subjectId: owner, vin }
  }
})

type Wanted = Pick<typeof ConfigureVehicle.Type, "vin" | "cfgVersion" | "options" | "bootId">
/** What a car shall be, as it travels by any road. Signed anew each time, so that it has its whole life before it; the car takes a version once. */
export const envelopeOf = Effect.fnUntraced(function* ({ vin, cfgVersion, options, bootId }: Wanted) {
  const { sign, catalogue } = yield* VehicleTrust
  const now = yield* PlatformTime.useSync((time) => time.now())
  const document = yield* sign("caas-config+jws", {
    v: 1,
    vin,
    cfgVersion,
    features: featuresOf(options),
    onlyWhileParked: true,
    issuedAt: iso(now),
    expiresAt: iso(now + documentLife),
    bootId,
    catalogueHash: catalogue.hash
  })
  return { document, catalogue: catalogue.jws }
})

const featuresOf = (options: ReadonlyArray<DesiredOption>) =>
  options
    .flatMap(({ option, activationId, features, until }) =>
      features.map(({ id, parameters }) => ({ id, option, activationId, until, parameters }))
    )
    .sort((one, other) => (one.id < other.id ? -1 : 1))

const receiptOf = (bytes: string) => ReceiptId.make(`rep_${createHash("sha256").update(bytes).digest("hex")}`)

const tell = <Message extends Tagged>(
  to: Address<Message>,
  message: NoInfer<Message>,
  { id, path, version, correlation, traceId }: CommandOrder
) =>
  ActorSystem.use((actors) =>
    Effect.asVoid(actors.tell(to, message, { id, cause: id, correlation, traceId, sender: { path, version } }))
  )

const tellActivation = (
  { vin, activationId }: { readonly vin: string; readonly activationId: string },
  message: ActivationMessage,
  told: CommandOrder
) => tell(Activation.at(`${vin}/${activationId}`), message, told)
