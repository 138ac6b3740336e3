/** Which services a car may have, and every reason why not: read by the car's own chart when somebody buys, and by the offers that customers see. */
import type { OptionTerms } from "./option-terms.ts"
import type { Standing } from "./vehicle-messages.ts"
import type { VehicleContext } from "./vehicle-rules.ts"
import type { Instant, OptionCode, SubjectId } from "./vocabulary.ts"

/** In the order in which they are told: the first one is what a buyer is refused with. */
export type Reason =
  | "NotYourVehicle"
  | "NoRoadToVehicle"
  | "VehicleStolen"
  | "OptionAlreadyOwned"
  | "PurchaseUnderWay"
  | "TrialUsed"
  | "NotForThisModel"
  | "NotHomologated"
  | "Requires"
  | "ConflictsWith"
  | "MaintenanceOverdue"
  | "MaintenanceUnknown"
  | "PaymentMethodMissing"
  | "PaymentOverdue"
  | "ExposureLimitReached"

/** `about`: the other option; of overdue maintenance, the codes of what is due. */
export interface Objection {
  readonly reason: Reason
  readonly about: string | null
}

/** What of a car counts. */
export type Car = Pick<VehicleContext, "owner" | "key" | "theft" | "model" | "purchases" | "trials" | "desired" | "maintenance">

/** Who asks for what. An offer names no payment method yet; a purchase does, or says null. */
export interface Wanted {
  readonly customerId: SubjectId
  readonly terms: OptionTerms
  readonly paymentMethod?: string | null
  readonly standing?: typeof Standing.Type
}

export const objectionsTo = (
  car: Car,
  { customerId, terms, paymentMethod, standing }: Wanted,
  at: Instant
): ReadonlyArray<Objection> => {
  const objections: Array<Objection> = []
  const object = (is: boolean, reason: Reason, about: string | null = null) => void (is && objections.push({ reason, about }))
  const has = isActive(car, terms.option, at)

  object(car.owner !== customerId, "NotYourVehicle")
  object(car.key === null, "NoRoadToVehicle") // Built before cars had keys.
  object(car.theft !== null, "VehicleStolen")
  object(has, "OptionAlreadyOwned")
  object(!has && car.purchases.some(({ option }) => option === terms.option), "PurchaseUnderWay")
  const tried = car.trials.some((had) => had.option === terms.option && had.owner === customerId)
  object(terms.term.kind === "trial" && tried, "TrialUsed")
  object(!terms.models.includes(car.model), "NotForThisModel")
  object(!terms.homologated, "NotHomologated")
  for (const option of terms.requires) object(!isActive(car, option, at), "Requires", option)
  for (const option of conflictsWith(car, terms)) object(true, "ConflictsWith", option)
  const gate = gateOf(car, terms, at)
  object(gate === "overdue", "MaintenanceOverdue", car.maintenance?.due.join(", ") || null)
  object(gate === "tryLater", "MaintenanceUnknown")
  object(paymentMethod === null && isPaidFor(terms), "PaymentMethodMissing")
  if (standing === undefined || !isPaidFor(terms)) return objections
  // What is owed closes new purchases alone, never what a car has (D-7).
  object(standing.overdueMinor > 0, "PaymentOverdue")
  object(standing.exposureMinor + terms.price.amountMinor > standing.limitMinor, "ExposureLimitReached")
  return objections
}

/** "ConflictsWith:snow-mode", as a refusal says it. */
export const refusalOf = ({ reason, about }: Objection) =>
  reason === "Requires" || reason === "ConflictsWith" ? (`${reason}:${about}` as const) : reason

/** The car has confirmed it, and its term has not passed. */
const isActive = ({ desired }: Car, option: OptionCode, at: Instant) =>
  desired.some((wish) => wish.option === option && wish.confirmed !== null && (wish.until === null || at < wish.until))

/** What the car has, or is about to have, that this option cannot run with: said by either of the two. */
export const conflictsWith = (
  { purchases }: Pick<Car, "purchases">,
  { option, excludes }: OptionTerms
): ReadonlyArray<OptionCode> =>
  purchases
    .filter((other) => other.option !== option && (excludes.includes(other.option) || other.terms.excludes.includes(option)))
    .map((other) => other.option)

/** Whether the maintenance gate is open: what the workshops said last, if that is young enough (S16, D-11). It closes offers alone: what a car has, it keeps. */
export const gateOf = (
  { maintenance }: Pick<Car, "maintenance">,
  { maintenanceGated, maintenanceMaxAgeHours }: OptionTerms,
  at: Instant
): "open" | "overdue" | "tryLater" => {
  if (!maintenanceGated) return "open"
  if (maintenance === null || maintenance.status === "unavailable") return "tryLater"
  if (Date.parse(at) - Date.parse(maintenance.askedAt) > maintenanceMaxAgeHours * 60 * 60_000) return "tryLater"
  return maintenance.status === "overdue" ? "overdue" : "open"
}

const isPaidFor = ({ price, term }: OptionTerms) => price.amountMinor > 0 || term.kind === "recurring"
