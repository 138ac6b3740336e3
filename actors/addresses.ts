/** Everyone who can be spoken to. Actors know each other only by address. */
import { OrderMessage } from "#machines/order.ts"
import { VehicleMessage } from "#machines/vehicle.ts"
import { actorType } from "./system/actor-type.ts"

export const Order = actorType("order", OrderMessage)
export const Vehicle = actorType("vehicle", VehicleMessage)
