/** Where an order or a vehicle stands after it heard somebody, as the answer to that caller. */
import { Schema } from "effect"
import type { Standing } from "#actors/system/letter.ts"
import { statePathOf } from "#actors/system/turn.ts"
import { OrderId } from "#machines/vocabulary.ts"

export const OrderStanding = Schema.Struct({ orderId: OrderId, state: Schema.String }).annotate({ identifier: "OrderStanding" })

export const standingOf = (orderId: OrderId, { state }: Standing) => ({ orderId, state: statePathOf(state) })
