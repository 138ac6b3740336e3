/** The rules of a car: what a vehicle remembers, its guards and delays, and what it says on the way. The chart in machines/vehicle.ts puts them together. */
import { setup } from "xstate"
import { conflictsWith, gateOf, objectionsTo, type Reason, refusalOf } from "./eligibility.ts"
import type { OptionTerms, VehicleKey } from "./option-terms.ts"
import { planFitsPrice } from "./order-rules.ts"
import {
  AskVehicle,
  CarryOutRemoteCommand,
  ConfigureVehicle,
  ConfirmOption,
  DelayOption,
  type DesiredOption,
  EvidenceRecord,
  GateDecision,
  KeyRecord,
  type MaintenanceChecked,
  NotifyOwner,
  OpenStockSale,
  OwnerRecord,
  RejectOption,
  type RemoteAct,
  ReportRecord,
  type RunningFeature,
  ShowOnDisplay,
  StartActivation,
  TellOwnershipChange,
  TellTheft,
  type VehicleBuilt,
  type VehicleCommand,
  type VehicleMessage,
  type VehicleRecord,
  type VehicleReported,
  WelcomeOwner
} from "./vehicle-messages.ts"
import {
  ActivationId,
  type Country,
  type DealershipId,
  type Heard,
  type Instant,
  type OptionCode,
  type OrderId,
  type ReceiptId,
  type Refusal,
  type Remark,
  type SubjectId,
  type Vin
} from "./vocabulary.ts"

// ── What a vehicle remembers ──────────────────────────────────────────────────────────────────────────────────────

/** The reservation of an option: from the purchase until its activation is over. One per option. */
export interface Purchase {
  readonly option: OptionCode
  readonly activationId: ActivationId
  readonly terms: OptionTerms
  readonly purchasedAt: Instant
}

/** An option that our document holds, and what the car has said of it. */
export interface Wish extends DesiredOption {
  /** The ends that the last tries before named: the car may have taken any of them. */
  readonly earlierUntils: ReadonlyArray<Instant | null>
  readonly since: number // The first document that held it.
  readonly confirmed: { readonly receiptId: ReceiptId; readonly cfgVersion: number; readonly until: Instant | null } | null
  readonly rejected: number | null // The document of which the car last said no.
  readonly delayed: number | null // The document of which the car last said that it waits for parking.
}

export interface Reported extends Omit<typeof VehicleReported.Type, "type" | "bytes" | "carAt" | "pairing" | "done"> {
  readonly at: Instant // When it was heard.
  readonly highest: number // The highest document any report ever named, applied or waiting.
}

export interface VehicleContext {
  readonly vin: Vin
  readonly model: string
  readonly country: Country
  /** Who sells it, and keeps it where it is stock. */
  readonly dealershipId: DealershipId
  /** The order it is meant for; null: sin asignar. Of an owned car, the order that sold it. */
  readonly orderId: OrderId | null
  /** The orders it was meant for before, oldest first (SO-11), each with why it was not sold. */
  readonly lineage: ReadonlyArray<{ readonly orderId: OrderId; readonly reason: string }>
  readonly stockedAt: string | null

  /** Null: a car that was built before cars had keys. Nothing can be switched on in it. */
  readonly key: VehicleKey | null
  /** Null until it is handed over. */
  readonly owner: SubjectId | null
  readonly purchases: ReadonlyArray<Purchase>

  /** Trials that the car confirmed, by who had them: one each (CO-42). */
  readonly trials: ReadonlyArray<{ readonly option: OptionCode; readonly owner: SubjectId }>

  // What we want of the car, and what it says.
  readonly desired: ReadonlyArray<Wish>
  readonly cfgVersion: number // Of our document; 0: there never was one.
  readonly sending: {
    readonly count: number // Of documents sent, ever.
    readonly again: number // Of those, how often this one was sent again because of silence.
    readonly spoken: boolean // The car has, since this version was made.
    readonly nextAt: Instant | null // When it is sent again.
    readonly questions: number // Put to the API IoT, ever.
    readonly asked: number // Of those, since the document was last sent.
    readonly askAt: Instant | null
    readonly healed: number // New numbers in a row because of what the car said, and without success.
  }
  readonly reported: Reported | null

  readonly pairing: { readonly hash: string; readonly expiresAt: Instant; readonly used: boolean } | null
  readonly phoneId: string | null
  /** What the app has asked for, newest last. */
  readonly remote: ReadonlyArray<{
    readonly commandId: string
    readonly act: typeof RemoteAct.Type
    readonly expiresAt: Instant
    readonly done: boolean
  }>
  readonly theft: { readonly at: Instant; readonly by: SubjectId; readonly policeReference: string | null } | null
  readonly maintenance: Pick<typeof MaintenanceChecked.Type, "status" | "due" | "askedAt"> | null
  readonly warrantyLost: { readonly at: Instant; readonly due: ReadonlyArray<string> } | null
}

export type VehicleRefusal =
  | Exclude<Reason, "Requires" | "ConflictsWith">
  | `${"Requires" | "ConflictsWith"}:${string}`
  | "AlreadyAssigned"
  | "AlreadyLinked"
  | "AlreadyOwner"
  | "AlreadySent"
  | "AlreadyStolen"
  | "AppNotLinked"
  | "NoPairingCode"
  | "NoRoadForCommands"
  | "NotHandedOver"
  | "NotStolen"
  | "NotTheOwner"
  | "OrderExists"
  | "OtherDealership"
  | "PairingCodeExpired"
  | "PairingCodeUsed"
  | "PlanDoesNotFitPrice"
  | "WrongPairingCode"
export type VehicleRemark =
  | "AlreadyBuilt"
  | "AlreadyKnown"
  | "AlreadyStock"
  | "AlreadyWithCustomer"
  | "Implausible"
  | "NoRoadToVehicle"
  | "NotPurchased"
  | "NotTheCurrentOrder"
  | "OlderThanKnown"
  | "WaitsForAnOperator"

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const laterBy = (at: Instant, millis: number): Instant => new Date(Date.parse(at) + millis).toISOString()

const sendAgainAfter = (again: number) => Math.min(2 * minute * 2 ** again, 6 * hour) // 2 min, 4, 8 … 6 h.
const askAfter = (asked: number) => Math.min(3 * second * 2 ** asked, hour) // 3 s, 6, 12 … 1 h.
const healings = 3 // New numbers in a row because of reports; then a timer, the next report or a change has to come.
const versionLimit = 1_000_000_000 // No car has heard of so many documents; and it fits the column.
const pairingLimit = 10 * 60 // Seconds, whatever the car says.
const remotePatience = minute // A command that comes later is not carried out.
const remoteKept = 8
const endsKept = 16 // Of a wish. No purchase has as many tries; a gift has one each day.

// ── The document, and what a report says of it ────────────────────────────────────────────────────────────────────

type Hearing = { readonly context: VehicleContext; readonly event: Heard<VehicleMessage> }
type Report = Heard<typeof VehicleReported.Type>

const wishOf = ({ desired }: VehicleContext, option: OptionCode) => desired.find((wish) => wish.option === option)
const purchaseOf = ({ purchases }: VehicleContext, option: OptionCode) => purchases.find((one) => one.option === option)

const taken = ({ cfgVersion, waitingVersion }: Pick<Report, "cfgVersion" | "waitingVersion">) =>
  Math.max(cfgVersion, waitingVersion ?? 0)

/** How the car runs this wish: until when; undefined where it does not. */
const runningUntil = ({ activationId, features }: DesiredOption, running: ReadonlyArray<RunningFeature>) => {
  const untils = features.map(({ id }) => running.find((one) => one.id === id && one.activationId === activationId)?.until)
  return untils.every((until) => until === untils[0]) ? untils[0] : undefined
}

/** A wish that this report confirms, and that had not been confirmed like this before. An end that we never named confirms nothing. */
const confirmedUntil = (wish: Wish, { cfgVersion, features }: Report) => {
  const until = runningUntil(wish, features)
  if (until === undefined || cfgVersion < wish.since || wish.confirmed?.until === until) return undefined
  return until === wish.until || wish.earlierUntils.includes(until) ? until : undefined
}

/** The same version, other features. What has come to its end is left aside: the car ends it by its own clock. */
const hasDrifted = ({ desired }: VehicleContext, { features, refused, at }: Report) => {
  const lasting = (until: Instant | null) => until === null || at < until
  const key = (id: string, activationId: string, until: Instant | null) => `${id} ${activationId} ${until}`
  const wanted = desired
    .filter(({ until }) => lasting(until))
    .flatMap((wish) => wish.features.map(({ id }) => ({ ...wish, key: key(id, wish.activationId, wish.until) })))
  const running = features.filter(({ until }) => lasting(until)).map(({ id, activationId, until }) => key(id, activationId, until))
  const refusedByCar = (activationId: string) => refused.some((one) => one.activationId === activationId)
  return (
    wanted.some((one) => !refusedByCar(one.activationId) && !running.includes(one.key)) ||
    running.some((one) => !wanted.some((wish) => wish.key === one))
  )
}

/**
 * What our document has to do with a report: nothing (it is what the car runs, or has and will apply when parked), be sent as it is, or
 * be sent under a new number, because the car has forgotten one as high, is ahead of us, has passed it over, or runs something else
 * under it. Three new numbers in a row that do not help are enough: then the car waits for the timer, or for its next report.
 */
type Answer = "inStep" | "waits" | "current" | "next" | "incurable"
const answerTo = (context: VehicleContext, report: Report): Answer => {
  const { cfgVersion, reported, sending } = context
  const mayHeal = sending.healed < healings
  if (taken(report) > cfgVersion || taken(report) < (reported?.highest ?? 0)) return mayHeal ? "next" : "waits"
  if (report.cfgVersion === cfgVersion) return hasDrifted(context, report) ? (mayHeal ? "next" : "incurable") : "inStep"
  if (report.waitingVersion === cfgVersion) return "waits"
  return isPassedOver(context) ? (mayHeal ? "next" : "waits") : "current"
}

/** Whether the car has spoken since this document was made, and does not have it: it was lost, or refused as too low. A new number helps with both. */
const isPassedOver = ({ cfgVersion, reported, sending }: VehicleContext) =>
  reported !== null && sending.spoken && taken(reported) !== cfgVersion

const pairingSaid = ({ context, event }: Hearing): VehicleContext["pairing"] => {
  if (event.type !== "VehicleReported" || event.pairing === null) return context.pairing
  const { hash, seconds } = event.pairing
  if (hash === context.pairing?.hash) return context.pairing // Shown still: it neither lasts longer nor works twice.
  return { hash, expiresAt: laterBy(event.at, Math.min(seconds, pairingLimit) * second), used: false }
}

// ── Guards and delays ─────────────────────────────────────────────────────────────────────────────────────────────

const objectionsOf = ({ context, event }: Hearing) =>
  event.type === "PurchaseOption" ? objectionsTo(context, event, event.at) : []
/** The wish that is wanted again, just as it is. */
const sameWish = ({ context, event }: Hearing) => {
  const wish = event.type === "OptionWanted" ? wishOf(context, event.option) : undefined
  return event.type === "OptionWanted" && wish?.activationId === event.activationId && wish.until === event.until ? wish : undefined
}
const olderAnswer = ({ context: { maintenance }, event }: Hearing) =>
  event.type === "MaintenanceChecked" && maintenance !== null && event.askedAt < maintenance.askedAt

export const vehicle = setup({
  types: {
    input: {} as Heard<typeof VehicleBuilt.Type>,
    context: {} as VehicleContext,
    events: {} as Heard<VehicleMessage>,
    emitted: {} as VehicleCommand | VehicleRecord | Refusal<VehicleRefusal> | Remark<VehicleRemark>
  },
  guards: {
    meantForNobody: ({ context }) => context.orderId === null,
    ofAnotherOrder: ({ context, event }) => "orderId" in event && event.orderId !== context.orderId,
    atAnotherDealership: ({ context, event }) => "dealershipId" in event && event.dealershipId !== context.dealershipId,
    soldToThisOrderBefore: ({ context, event }) =>
      "orderId" in event && context.lineage.some(({ orderId }) => orderId === event.orderId),
    planDoesNotFitPrice: ({ event }) => event.type === "AssignVehicle" && !planFitsPrice(event),
    toCarrier: ({ event }) => event.type === "VehicleMoved" && event.to === "carrier",
    toDealership: ({ event }) => event.type === "VehicleMoved" && event.to === "dealership",
    toItsCustomer: ({ context, event }) =>
      event.type === "VehicleMoved" && event.to === "customer" && event.orderId === context.orderId,

    askedByAStranger: ({ context, event }) =>
      "customerId" in event && event.customerId !== null && event.customerId !== context.owner,
    soldByAnother: ({ context, event }) => event.type === "TransferOwnership" && event.sellerId !== context.owner,
    boughtByItsOwner: ({ context, event }) => event.type === "TransferOwnership" && event.buyerId === context.owner,
    ownedByNobody: ({ context }) => context.owner === null,
    stolen: ({ context }) => context.theft !== null,
    notEligible: (hearing) => objectionsOf(hearing).length > 0,

    noPairingCode: ({ context }) => context.pairing === null,
    pairingCodeUsed: ({ context }) => context.pairing?.used === true,
    pairingCodeExpired: ({ context, event }) => context.pairing !== null && context.pairing.expiresAt <= event.at,
    pairingCodeWrong: ({ context, event }) => event.type === "LinkApp" && event.codeHash !== context.pairing?.hash,
    sentBefore: ({ context, event }) =>
      event.type === "SendRemoteCommand" && context.remote.some(({ commandId }) => commandId === event.commandId),
    behindTheApi: ({ context }) => context.key?.link !== "nats",

    noRoad: ({ context }) => context.key === null,
    takenByAnother: ({ context, event }) =>
      event.type === "OptionWanted" &&
      (purchaseOf(context, event.option)?.activationId ?? event.activationId) !== event.activationId,
    inConflict: ({ context, event }) => event.type === "OptionWanted" && conflictsWith(context, event.terms).length > 0,
    confirmedAlready: (hearing) => {
      const wish = sameWish(hearing)
      return wish !== undefined && wish.confirmed?.until === wish.until
    },
    waitsForParking: (hearing) => {
      const waiting = hearing.context.reported?.waitingVersion ?? null
      const wish = sameWish(hearing)
      return wish !== undefined && waiting !== null && waiting >= wish.since
    },
    notPurchased: ({ context, event }) =>
      event.type === "OptionDropped" && purchaseOf(context, event.option)?.activationId !== event.activationId,
    neverWanted: ({ context, event }) => event.type === "OptionDropped" && wishOf(context, event.option) === undefined,

    reportKnown: ({ context, event }) => event.type === "VehicleReported" && event.counter === context.reported?.counter,
    reportOlder: ({ context, event }) => event.type === "VehicleReported" && event.counter < (context.reported?.counter ?? 0),
    implausible: ({ event }) => event.type === "VehicleReported" && taken(event) > versionLimit,
    inStep: ({ context, event }) => event.type === "VehicleReported" && ["inStep", "incurable"].includes(answerTo(context, event)),

    olderAnswer: (hearing) => olderAnswer(hearing) && hearing.event.type === "MaintenanceChecked" && hearing.event.terms === null,
    overdue: (hearing) => hearing.event.type === "MaintenanceChecked" && hearing.event.status === "overdue" && !olderAnswer(hearing)
  },
  delays: {
    /** Until the document is sent again, or the API IoT is asked, whichever comes first. */
    nextTry: ({ context: { sending }, event }) =>
      Math.min(...[sending.nextAt, sending.askAt].flatMap((at) => (at === null ? [] : [Date.parse(at)]))) - Date.parse(event.at)
  }
})

// ── What is said and remembered on the way ────────────────────────────────────────────────────────────────────────

export const refuse = (reason: VehicleRefusal) => vehicle.emit({ type: "Refused", reason })
export const record = (reason: VehicleRemark) => vehicle.emit({ type: "Recorded", reason })
export const refuseFirstObjection = vehicle.enqueueActions((hearing) => {
  const [first] = objectionsOf(hearing)
  if (first !== undefined) hearing.enqueue(refuse(refusalOf(first)))
})

export const notifyOwner = (notice: (typeof NotifyOwner.Type)["notice"]) =>
  vehicle.enqueueActions(({ context: { owner, vin }, enqueue }) => {
    if (owner !== null) enqueue.emit(NotifyOwner.make({ subjectId: owner, vin, notice }))
  })
type OnDisplay = (typeof ShowOnDisplay.Type)["notice"]
/** The API IoT has no way to a display. */
const onDisplay = ({ vin, key }: VehicleContext, notice: OnDisplay, option: OptionCode | null) =>
  key?.link === "nats" ? [ShowOnDisplay.make({ vin, notice, option })] : []
const show = (notice: OnDisplay) =>
  vehicle.enqueueActions(({ context, enqueue }) => {
    for (const one of onDisplay(context, notice, null)) enqueue.emit(one)
  })

// The sale of it.

export const assignToOrder = vehicle.assign(({ event }) =>
  event.type === "AssignVehicle" ? { orderId: event.orderId, stockedAt: null } : {}
)
export const stock = vehicle.assign(({ context: { lineage }, event }) =>
  event.type === "VehicleStocked"
    ? {
        orderId: null,
        dealershipId: event.dealershipId,
        lineage: [...lineage, { orderId: event.orderId, reason: event.reason }],
        stockedAt: event.at
      }
    : {}
)
export const openStockSale = (vehicleAt: "factory" | "dealership") =>
  vehicle.enqueueActions(({ context: { vin, model }, event, enqueue }) => {
    if (event.type !== "AssignVehicle") return
    const { type: _, at: __, ...sale } = event
    enqueue.emit(OpenStockSale.make({ ...sale, vin, model, vehicleAt }))
  })
export const keepKey = vehicle.enqueueActions(({ context: { vin, key }, enqueue }) => {
  if (key !== null) enqueue.emit(KeyRecord.make({ vin, ...key }))
})

// Services: reserved here, told to an activation, wanted by it, dropped by it.

/** Reserves the options, and starts an activation for each. Of a bundle, the first of two equal ones counts. */
const start = (
  { vin, country, purchases }: VehicleContext,
  bought: ReadonlyArray<Omit<typeof StartActivation.Type, "type" | "vin" | "country" | "purchasedAt">>,
  at: Instant
) => {
  const kept = [...purchases]
  const started: Array<typeof StartActivation.Type> = []
  for (const one of bought) {
    const { activationId, terms } = one
    if (kept.some(({ option }) => option === terms.option)) continue
    kept.push({ option: terms.option, activationId, terms, purchasedAt: at })
    started.push(StartActivation.make({ ...one, vin, country, purchasedAt: at }))
  }
  return { purchases: kept, started }
}
export const reserve = vehicle.enqueueActions(({ context, event, enqueue }) => {
  if (event.type !== "PurchaseOption") return
  const { type: _, at, standing: __, ...purchase } = event
  const { purchases, started } = start(context, [{ ...purchase, channel: "online" }], at)
  enqueue.assign({ purchases })
  for (const command of started) enqueue.emit(command)
})
/** Whose it is now, and the services that were in its price. */
export const handOver = vehicle.enqueueActions(({ context, event, enqueue }) => {
  if (event.type !== "VehicleMoved" || event.ownerId === undefined) return
  const { ownerId, orderId, bundle, at } = event
  const name = orderId.replace(/^ord_|[^A-Za-z0-9]/g, "").slice(0, 29)
  const included = (bundle ?? []).map((terms, position) => ({
    activationId: ActivationId.make(`act_${name}${position + 1}`),
    customerId: ownerId,
    terms,
    channel: "bundle" as const,
    paymentMethod: null,
    consents: []
  }))
  const { purchases, started } = start(context, included, at)
  enqueue.assign({ owner: ownerId, purchases })
  enqueue.emit(OwnerRecord.make({ vin: context.vin, subjectId: ownerId, from: null, by: null }))
  for (const command of started) enqueue.emit(command)
})

/** Sends the whole document, and sets when it is sent again. `raise`: under a new number. */
const send = (context: VehicleContext, at: Instant, raise: boolean, again = 0) => {
  const { vin, key, model, desired, reported, sending } = context
  const cfgVersion = raise ? Math.max(context.cfgVersion, reported?.highest ?? 0) + 1 : context.cfgVersion
  const count = sending.count + 1
  const options = desired.map(({ option, activationId, features, until }) => ({ option, activationId, features, until }))
  const command =
    key === null
      ? []
      : [
          ConfigureVehicle.make({
            vin,
            link: key.link,
            model,
            cfgVersion,
            options,
            bootId: reported?.bootId ?? null,
            sending: count
          })
        ]
  return {
    command,
    change: {
      cfgVersion,
      desired,
      sending: {
        ...sending,
        count,
        again,
        spoken: !raise && sending.spoken,
        nextAt: laterBy(at, sendAgainAfter(again)),
        asked: 0,
        askAt: key?.link === "apiIot" ? laterBy(at, askAfter(0)) : null
      }
    }
  }
}

export const want = vehicle.enqueueActions(({ context, event, enqueue }) => {
  if (event.type !== "OptionWanted") return
  const { activationId, option, until, terms, at } = event
  const known = wishOf(context, option)
  const changed = known?.activationId !== activationId || known.until !== until
  const raise = changed || known.rejected !== null || isPassedOver(context) // Of one it has refused, the car says nothing twice.
  const wish: Wish =
    known?.activationId === activationId
      ? { ...known, until, earlierUntils: changed ? [...known.earlierUntils, known.until].slice(-endsKept) : known.earlierUntils }
      : {
          option,
          activationId,
          features: terms.features,
          until,
          earlierUntils: [],
          since: context.cfgVersion + 1,
          confirmed: null,
          rejected: null,
          delayed: null
        }
  // A gift, or a wish whose purchase we have let go of: reserved again.
  const reserved = purchaseOf(context, option) !== undefined
  const purchases = reserved ? context.purchases : [...context.purchases, { option, activationId, terms, purchasedAt: at }]
  const desired = [...context.desired.filter((one) => one.option !== option), wish]
  const { change, command } = send({ ...context, desired }, at, raise)
  enqueue.assign({ ...change, purchases, sending: { ...change.sending, healed: 0 } })
  for (const one of command) enqueue.emit(one)
})
export const reject = (reason: string) =>
  vehicle.enqueueActions(({ context: { vin }, event, enqueue }) => {
    if (event.type !== "OptionWanted") return
    enqueue.emit(RejectOption.make({ vin, activationId: event.activationId, option: event.option, reason }))
  })
export const rejectConflict = vehicle.enqueueActions(({ context, event, enqueue }) => {
  const [other] = event.type === "OptionWanted" ? conflictsWith(context, event.terms) : []
  enqueue(reject(`ConflictsWith:${other}`))
})
export const confirmAgain = vehicle.enqueueActions(({ context, event, enqueue }) => {
  const wish = sameWish({ context, event })
  if (wish === undefined || wish.confirmed === null) return
  const { option, activationId, confirmed } = wish
  enqueue.emit(ConfirmOption.make({ vin: context.vin, activationId, option, ...confirmed }))
})
export const delayAgain = vehicle.enqueueActions(({ context: { vin }, event, enqueue }) => {
  if (event.type !== "OptionWanted") return
  enqueue.emit(DelayOption.make({ vin, activationId: event.activationId, option: event.option, reason: "driving" }))
})
export const release = vehicle.assign(({ context: { purchases }, event }) =>
  event.type === "OptionDropped" ? { purchases: purchases.filter(({ option }) => option !== event.option) } : {}
)
export const drop = vehicle.enqueueActions(({ context, event, enqueue }) => {
  if (event.type !== "OptionDropped") return
  const wish = wishOf(context, event.option)
  const desired = context.desired.filter(({ option }) => option !== event.option)
  const { change, command } = send({ ...context, desired }, event.at, true)
  enqueue.assign({ ...change, sending: { ...change.sending, healed: 0 } })
  for (const one of [...command, ...(wish?.confirmed ? onDisplay(context, "ServiceEnded", event.option) : [])]) enqueue.emit(one)
})

// What the car says.

const withTrials = ({ trials, owner, purchases }: VehicleContext, confirmed: ReadonlyArray<OptionCode>) => {
  const isNew = ({ option, terms }: Purchase) =>
    terms.term.kind === "trial" && confirmed.includes(option) && !trials.some((had) => had.option === option && had.owner === owner)
  return owner === null ? trials : [...trials, ...purchases.filter(isNew).map(({ option }) => ({ option, owner }))]
}
/** Keeps a report, and tells each activation what it says of its option. */
export const hear = vehicle.enqueueActions(({ context, event, enqueue }) => {
  if (event.type !== "VehicleReported") return
  const { type: _, bytes, carAt: __, pairing: ___, done, ...report } = event
  const { vin, reported, remote, sending } = context
  const { receiptId, evidence, cfgVersion, stateHash, bootId, counter, waitingVersion } = report
  enqueue.emit(ReportRecord.make({ receiptId, vin, evidence, cfgVersion, stateHash, bootId, counter, bytes }))

  const confirmed: Array<OptionCode> = []
  const desired = context.desired.map((wish): Wish => {
    const { option, activationId } = wish
    const until = confirmedUntil(wish, event)
    if (until !== undefined) {
      confirmed.push(option)
      enqueue.emit(EvidenceRecord.make({ receiptId, activationId, vin, option, cfgVersion, until }))
      enqueue.emit(ConfirmOption.make({ vin, activationId, option, cfgVersion, receiptId, until }))
      if (wish.confirmed === null) for (const one of onDisplay(context, "ServiceActive", option)) enqueue.emit(one)
      return { ...wish, confirmed: { receiptId, cfgVersion, until }, rejected: null }
    }
    if (wish.confirmed !== null || taken(event) < wish.since) return wish
    const no = event.refused.find((one) => one.activationId === activationId)
    if (no !== undefined && cfgVersion >= wish.since && wish.rejected !== cfgVersion) {
      enqueue.emit(RejectOption.make({ vin, activationId, option, reason: no.reason }))
      return { ...wish, rejected: cfgVersion }
    }
    if (waitingVersion === null || waitingVersion < wish.since || wish.delayed === waitingVersion) return wish
    enqueue.emit(DelayOption.make({ vin, activationId, option, reason: "driving" }))
    return { ...wish, delayed: waitingVersion }
  })

  const answer = answerTo(context, event)
  const healed = answer === "next" ? sending.healed + 1 : answer === "inStep" || answer === "incurable" ? 0 : sending.healed
  enqueue.assign({
    desired,
    trials: withTrials(context, confirmed),
    reported: { ...report, highest: Math.max(reported?.highest ?? 0, taken(event)) },
    pairing: pairingSaid({ context, event }),
    remote: remote.map((one) => (done.includes(one.commandId) ? { ...one, done: true } : one)),
    sending: { ...sending, healed, spoken: true }
  })
  if (answer !== "current" && answer !== "next") return
  const after = { ...context, desired, reported: { ...report, highest: Math.max(reported?.highest ?? 0, taken(event)) } }
  const { change, command } = send({ ...after, sending: { ...sending, healed, spoken: true } }, event.at, answer === "next")
  enqueue.assign(change)
  for (const one of command) enqueue.emit(one)
})

/** The car is silent, or says nothing by itself: sends the document again, or asks. */
export const tryAgain = vehicle.enqueueActions(({ context, event, enqueue }) => {
  const { vin, sending } = context
  if (sending.askAt === null || (sending.nextAt !== null && sending.nextAt <= event.at)) {
    const { change, command } = send(context, event.at, isPassedOver(context), sending.again + 1)
    enqueue.assign(change)
    for (const one of command) enqueue.emit(one)
    return
  }
  const asked = sending.asked + 1
  const questions = sending.questions + 1
  enqueue.assign({ sending: { ...sending, asked, questions, askAt: laterBy(event.at, askAfter(asked)) } })
  enqueue.emit(AskVehicle.make({ vin, question: questions }))
})

// The app, theft, resale, maintenance.

export const link = [
  vehicle.assign(({ context: { pairing }, event }) =>
    event.type === "LinkApp" && pairing !== null ? { phoneId: event.phoneId, pairing: { ...pairing, used: true } } : {}
  ),
  notifyOwner("PhoneLinked"),
  show("PhoneLinked")
] as const
export const unlink = [vehicle.assign({ phoneId: null }), show("PhoneUnlinked")] as const
export const carryOut = vehicle.enqueueActions(({ context: { vin, remote }, event, enqueue }) => {
  if (event.type !== "SendRemoteCommand") return
  const { commandId, act } = event
  const expiresAt = laterBy(event.at, remotePatience)
  enqueue.assign({ remote: [...remote, { commandId, act, expiresAt, done: false }].slice(-remoteKept) })
  enqueue.emit(CarryOutRemoteCommand.make({ vin, commandId, act, expiresAt }))
})
export const reportTheft = vehicle.enqueueActions(({ context: { vin, purchases }, event, enqueue }) => {
  if (event.type !== "ReportTheft") return
  enqueue.assign({ theft: { at: event.at, by: event.by, policeReference: event.policeReference } })
  for (const { activationId } of purchases) enqueue.emit(TellTheft.make({ vin, activationId }))
  enqueue(notifyOwner("TheftReported"))
})
export const endTheft = [vehicle.assign({ theft: null }), notifyOwner("TheftEnded")] as const
export const transfer = vehicle.enqueueActions(({ context: { vin, purchases }, event, enqueue }) => {
  if (event.type !== "TransferOwnership") return
  const { sellerId, buyerId, by } = event
  enqueue.assign({ owner: buyerId, remote: [] }) // What the seller's app asked for is nothing to the buyer.
  enqueue.emit(OwnerRecord.make({ vin, subjectId: buyerId, from: sellerId, by }))
  for (const { activationId } of purchases) enqueue.emit(TellOwnershipChange.make({ vin, activationId }))
  enqueue.emit(NotifyOwner.make({ subjectId: sellerId, vin, notice: "VehicleTransferred" }))
  enqueue.emit(WelcomeOwner.make({ subjectId: buyerId, vin }))
})

/** Keeps what the workshops said, unless we know it better already, and why a gated option was open to somebody or was not (MG-11). */
export const keepMaintenance = vehicle.enqueueActions(({ context, event, enqueue }) => {
  if (event.type !== "MaintenanceChecked") return
  const { status, due, askedAt, terms, subjectId, at } = event
  const maintenance =
    olderAnswer({ context, event }) && context.maintenance !== null ? context.maintenance : { status, due, askedAt }
  enqueue.assign({ maintenance })
  if (terms === null) return
  const decision = gateOf({ maintenance }, terms, at)
  const { vin } = context
  enqueue.emit(
    GateDecision.make({
      vin,
      option: terms.option,
      subjectId,
      decision,
      status: maintenance.status,
      askedAt: maintenance.askedAt
    })
  )
})
/** For good, with the day and what was due (S16). Neither the car nor what was bought for it hears of this. */
export const loseWarranty = [
  vehicle.assign(({ event }) => (event.type === "MaintenanceChecked" ? { warrantyLost: { at: event.at, due: event.due } } : {})),
  notifyOwner("WarrantyLost")
] as const

// ── Answers that several states share ─────────────────────────────────────────────────────────────────────────────

export const notOfThisOrder = { guard: "ofAnotherOrder", actions: record("NotTheCurrentOrder") } as const
export const known = { actions: record("AlreadyKnown") } as const
export const toAStranger = { guard: "askedByAStranger", actions: refuse("NotYourVehicle") } as const
export const toItsOwner = (reason: VehicleRefusal) => [toAStranger, { actions: refuse(reason) }] as const
