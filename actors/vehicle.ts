/** How a vehicle gets things done. What it decides is in machines/vehicle.ts. */
import { Effect } from "effect"
import { RegisterSale } from "#machines/order.ts"
import { VehicleCommand, type VehicleContext, VehicleRequest, vehicleMachine } from "#machines/vehicle.ts"
import { Order, Vehicle } from "./addresses.ts"
import { ActorSystem } from "./system/actor-system.ts"
import { behavior, wordsOf } from "./system/behavior.ts"

export const vehicle = behavior({
  type: Vehicle,
  opensWith: "VehicleBuilt",
  machineVersion: 1,
  machine: vehicleMachine,
  requests: wordsOf(VehicleRequest),
  Command: VehicleCommand,
  perform: {
    OpenStockSale: Effect.fn("OpenStockSale")(function* ({ type: _, ...sale }, { id, path, version, correlation, traceId }) {
      const actors = yield* ActorSystem
      yield* actors.tell(Order.at(sale.orderId), RegisterSale.make(sale), {
        id,
        cause: id,
        correlation,
        traceId,
        sender: { path, version }
      })
    })
  },
  lane: ({ orderId }) => `order/${orderId}`,
  records: {},
  facets: ({ context }) => {
    const { country, dealershipId, vin } = context as VehicleContext
    return { closed: false, country, dealershipId, subjectId: null, vin }
  }
})
