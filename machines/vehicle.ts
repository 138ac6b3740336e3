/**
 * Vehicle: the car as we see it. Here: who holds it (custody) and whose it is going to be (assignment).
 *
 * (messages first, the chart last)
 */
import { Schema } from "effect"
import { Consent, Delivery, PlanTerms } from "./order.ts"
import { CommandParked, Country, DealershipId, Money, message, OrderId, SubjectId, Vin } from "./vocabulary.ts"

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
  consents: Schema.Array(Consent)
}

// ── Requests ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** A dealer sells a stock car. One of two who try at once is refused `AlreadyAssigned`. */
export const AssignVehicle = message("AssignVehicle", saleOfStock)
export const VehicleRequest = Schema.Union([AssignVehicle])

// ── Facts, told by orders ─────────────────────────────────────────────────────────────────────────────────────────

/** Opens the vehicle: the factory has built it. */
export const VehicleBuilt = message("VehicleBuilt", {
  vin: Vin,
  orderId: OrderId,
  model: Schema.String,
  country: Country,
  dealershipId: DealershipId,
  assigned: Schema.Boolean
})
/** The order it was for has closed: the car is dealership stock, sin asignar (S18). */
export const VehicleStocked = message("VehicleStocked", { orderId: OrderId, dealershipId: DealershipId, reason: Schema.String })
export const VehicleMoved = message("VehicleMoved", { orderId: OrderId, to: Schema.Literals(["carrier", "dealership", "customer"]) })

export const VehicleFact = Schema.Union([VehicleBuilt, VehicleStocked, VehicleMoved, CommandParked])
export const VehicleMessage = Schema.Union([...VehicleRequest.members, ...VehicleFact.members])
export type VehicleMessage = typeof VehicleMessage.Type

// ── Commands ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** Told to `order/{orderId}` as RegisterSale with this VIN. */
export const OpenStockSale = message("OpenStockSale", { ...saleOfStock, vin: Vin, model: Schema.String })
export const VehicleCommand = Schema.Union([OpenStockSale])
export type VehicleCommand = typeof VehicleCommand.Type
