/** Everyone who can be spoken to. Actors know each other only by address. */
import { ActivationMessage } from "#machines/activation.ts"
import { OrderMessage } from "#machines/order.ts"
import { VehicleMessage } from "#machines/vehicle.ts"
import { actorType } from "./system/actor-type.ts"

/** One purchased service: `activation/{vin}/{activationId}`, in the partition of its car. */
export const Activation = actorType("activation", ActivationMessage)
export const Order = actorType("order", OrderMessage)
export const Vehicle = actorType("vehicle", VehicleMessage)
