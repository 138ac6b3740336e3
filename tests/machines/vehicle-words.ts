/** The car, its services and the messages that the tests of the vehicle speak of. */
import type { OptionTerms, VehicleKey } from "#machines/option-terms.ts"
import {
  type ConfigureVehicle,
  EndTheft,
  LinkApp,
  MaintenanceChecked,
  OptionDropped,
  OptionWanted,
  PurchaseOption,
  ReportTheft,
  type RunningFeature,
  SendRemoteCommand,
  TransferOwnership,
  UnlinkApp,
  VehicleBuilt,
  VehicleMoved,
  VehicleReported
} from "#machines/vehicle.ts"
import { ActivationId, OptionCode, ReceiptId, SubjectId } from "#machines/vocabulary.ts"
import { passed, type Said } from "./scenario.ts"
import { built, customerId, dealershipId, orderId, sellerId } from "./words.ts"

export const buyerId = SubjectId.make("sub_buyer")
export const key: VehicleKey = { publicKey: "A".repeat(43), link: "nats" }
export const builtWithKey = VehicleBuilt.make({ ...built, key })
export const builtBehindApi = VehicleBuilt.make({ ...built, key: { ...key, link: "apiIot" } })

const option = (code: string) => OptionCode.make(code)
/** A permanent service of one feature, open to everybody. */
export const terms = (code: string, change: Partial<OptionTerms> = {}): OptionTerms => ({
  option: option(code),
  edition: 1,
  category: "performance",
  term: { kind: "permanent" },
  price: { amountMinor: 4_900, currency: "EUR" },
  vatPercent: 21,
  features: [{ id: `Cabin.${code.replaceAll("-", "")}`, parameters: { on: true } }],
  requires: [],
  excludes: [],
  models: ["Modelo Uno"],
  homologated: true,
  maintenanceGated: false,
  maintenanceMaxAgeHours: 24,
  retries: 3,
  acknowledgementSeconds: 60,
  backoffSeconds: 10,
  ...change
})
export const seats = terms("heated-seats")
export const week = terms("power-plus", { term: { kind: "temporary", count: 7, unit: "day" } })
export const sport = terms("sport", { excludes: [option("snow")] })
export const snow = terms("snow")
export const pilot = terms("pilot", { requires: [option("lane-keeping")], maintenanceGated: true })
export const lane = terms("lane-keeping", { term: { kind: "recurring" } })

export const activationOf = ({ option: code }: OptionTerms, n = 1) => ActivationId.make(`act_${code.replaceAll("-", "")}${n}`)

// ── Requests ──────────────────────────────────────────────────────────────────────────────────────────────────────

export const purchased = (of: OptionTerms, n = 1) =>
  PurchaseOption.make({ activationId: activationOf(of, n), customerId, terms: of, paymentMethod: "tok_card", consents: [] })
export const hash = "c".repeat(64)
export const linked = LinkApp.make({ customerId, phoneId: "phone_1", codeHash: hash })
export const unlinked = UnlinkApp.make({ customerId })
export const commanded = (commandId = "cmd_1") => SendRemoteCommand.make({ customerId, commandId, act: "flashLights" })
export const stolen = ReportTheft.make({ customerId, by: customerId, policeReference: "M-2026-17" })
export const stolenBySupport = ReportTheft.make({ customerId: null, by: sellerId, policeReference: null })
export const theftEnded = EndTheft.make({ customerId, by: customerId, reason: "found" })
export const transferred = TransferOwnership.make({ sellerId: customerId, buyerId, dealershipId, by: sellerId, consents: [] })

// ── Facts ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export const handedOver = (bundle: ReadonlyArray<OptionTerms> = []) =>
  VehicleMoved.make({ orderId, to: "customer", ownerId: customerId, bundle })
export const firstEnd = "2026-03-09T10:00:00.000Z"
export const laterEnd = "2026-03-09T11:00:00.000Z"
export const wanted = (of: OptionTerms, { n = 1, attempt = 1, until = null as string | null } = {}) =>
  OptionWanted.make({ activationId: activationOf(of, n), option: of.option, attempt, until, terms: of })
export const dropped = (of: OptionTerms, n = 1) => OptionDropped.make({ activationId: activationOf(of, n), option: of.option })
export const checked = (
  status: "current" | "overdue" | "unavailable",
  of: OptionTerms | null = null,
  askedAt = "2026-03-02T09:00:00.000Z"
) =>
  MaintenanceChecked.make({
    status,
    due: status === "overdue" ? ["brake_fluid", "annual_service"] : [],
    askedAt,
    terms: of,
    subjectId: of === null ? null : customerId
  })

/** The features of these options, as a car runs them. */
export type Runs = readonly [of: OptionTerms, until?: string | null, n?: number]
export const running = (...options: ReadonlyArray<Runs>) =>
  options.flatMap(([of, until = null, n = 1]) =>
    of.features.map(({ id }): RunningFeature => ({ id, option: of.option, activationId: activationOf(of, n), until }))
  )
/** What a car says of itself. Each report has a counter of its own, and bytes of its own. */
export const reported = (
  counter: number,
  cfgVersion: number,
  features: ReadonlyArray<RunningFeature> = [],
  change: Partial<typeof VehicleReported.Type> = {}
) =>
  VehicleReported.make({
    receiptId: receiptOf(counter),
    evidence: "signedReceipt",
    cfgVersion,
    features,
    refused: [],
    waitingVersion: null,
    stateHash: `hash of ${JSON.stringify(features)}`,
    bootId: "boot_1",
    counter,
    carAt: "2026-03-02T09:00:00.000Z",
    pairing: null,
    done: [],
    bytes: `report ${counter}`,
    ...change
  })
export const receiptOf = (counter: number) => ReceiptId.make(`rep_${counter.toString(16).padStart(64, "0")}`)
export const paired = (counter: number, seconds = 300, code = hash) =>
  reported(counter, 0, [], { pairing: { hash: code, seconds } })
export const refusedBy = (of: OptionTerms, reason = "UnknownFeature") => ({
  refused: [{ option: of.option, activationId: activationOf(of), reason }]
})
export const nextTry = (at?: string) => passed("nextTry", "vehicle.configuration.waiting", at)

// ── Histories that many sentences begin with ──────────────────────────────────────────────────────────────────────

export type Past = ReadonlyArray<Said>
export const owned = (opening: Said = builtWithKey): Past => [opening, handedOver()]
export const toWanted = (of: OptionTerms, until: string | null = null): Past => [...owned(), purchased(of), wanted(of, { until })]
export const toActive = (of: OptionTerms): Past => [...toWanted(of), reported(1, 1, running([of]))]
export const toLinked = (opening?: Said): Past => [...owned(opening), paired(1), linked]

/** What a document tells a car to run: the cars of these tests obey. */
export const obeyed = (command: object): ReadonlyArray<RunningFeature> =>
  (command as typeof ConfigureVehicle.Type).options.flatMap(({ option: code, activationId, features, until }) =>
    features.map(({ id }) => ({ id, option: code, activationId, until }))
  )
