/** Every actor there is. If it is not in this list, it does not exist. */
import { activation } from "./activation.ts"
import { order } from "./order.ts"
import { vehicle } from "./vehicle.ts"

export const registry = [order, vehicle, activation]
