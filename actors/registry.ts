/** Every actor there is. If it is not in this list, it does not exist. */
import { order } from "./order.ts"
import { vehicle } from "./vehicle.ts"

export const registry = [order, vehicle]
