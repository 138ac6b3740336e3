/**
 * Vehicle: the car as we see it: who holds it, and whose it is going to be. One writer per car.
 *
 *   custody      atFactory → withCarrier ⇄ atDealership      there is no state in which nobody holds it (S18)
 *                      └──────────┴─→ withCustomer
 *   assignment   assigned ⇄ unassigned (sin asignar: sold again without a factory order)
 *                    └─→ owned
 */
import { setup, stateIn } from "xstate"
import { planFitsPrice } from "./order.ts"
import { OpenStockSale, type VehicleBuilt, type VehicleCommand, type VehicleMessage } from "./vehicle-messages.ts"
import type { Country, DealershipId, Heard, OrderId, Refusal, Remark, Vin } from "./vocabulary.ts"

export * from "./vehicle-messages.ts"

// ── What a vehicle remembers ──────────────────────────────────────────────────────────────────────────────────────

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
}

export type VehicleRefusal = "AlreadyAssigned" | "OrderExists" | "OtherDealership" | "PlanDoesNotFitPrice"
export type VehicleRemark =
  | "AlreadyBuilt"
  | "AlreadyKnown"
  | "AlreadyStock"
  | "AlreadyWithCustomer"
  | "NotTheCurrentOrder"
  | "WaitsForAnOperator"

const vehicle = setup({
  types: {
    input: {} as Heard<typeof VehicleBuilt.Type>,
    context: {} as VehicleContext,
    events: {} as Heard<VehicleMessage>,
    emitted: {} as VehicleCommand | Refusal<VehicleRefusal> | Remark<VehicleRemark>
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
      event.type === "VehicleMoved" && event.to === "customer" && event.orderId === context.orderId
  }
})

const refuse = (reason: VehicleRefusal) => vehicle.emit({ type: "Refused", reason })
const record = (reason: VehicleRemark) => vehicle.emit({ type: "Recorded", reason })
const assignToOrder = vehicle.assign(({ event }) =>
  event.type === "AssignVehicle" ? { orderId: event.orderId, stockedAt: null } : {}
)
const stock = vehicle.assign(({ context: { lineage }, event }) =>
  event.type === "VehicleStocked"
    ? {
        orderId: null,
        dealershipId: event.dealershipId,
        lineage: [...lineage, { orderId: event.orderId, reason: event.reason }],
        stockedAt: event.at
      }
    : {}
)
const openStockSale = (vehicleAt: "factory" | "dealership") =>
  vehicle.enqueueActions(({ context: { vin, model }, event, enqueue }) => {
    if (event.type !== "AssignVehicle") return
    const { type: _, at: __, ...sale } = event
    enqueue.emit(OpenStockSale.make({ ...sale, vin, model, vehicleAt }))
  })

const notOfThisOrder = { guard: "ofAnotherOrder", actions: record("NotTheCurrentOrder") } as const
const known = { actions: record("AlreadyKnown") } as const

// ── The chart ─────────────────────────────────────────────────────────────────────────────────────────────────────

export const vehicleMachine = vehicle.createMachine({
  id: "vehicle",
  type: "parallel",
  context: ({ input: { vin, model, country, dealershipId, orderId, assigned, at } }) => ({
    vin,
    model,
    country,
    dealershipId,
    orderId: assigned ? orderId : null,
    lineage: assigned ? [] : [{ orderId, reason: "ClosedBeforeBuilt" }],
    stockedAt: assigned ? null : at
  }),
  states: {
    custody: {
      initial: "atFactory",
      states: {
        atFactory: {
          on: {
            VehicleMoved: [
              notOfThisOrder,
              { guard: "toCarrier", target: "withCarrier" },
              { guard: "toDealership", target: "atDealership" },
              { target: "withCustomer" }
            ]
          }
        },
        withCarrier: {
          on: {
            VehicleMoved: [
              notOfThisOrder,
              { guard: "toDealership", target: "atDealership" },
              { guard: "toItsCustomer", target: "withCustomer" },
              known
            ]
          }
        },
        atDealership: {
          on: {
            VehicleMoved: [
              notOfThisOrder,
              { guard: "toCarrier", target: "withCarrier" },
              { guard: "toItsCustomer", target: "withCustomer" },
              known
            ]
          }
        },
        withCustomer: {
          on: {
            VehicleMoved: [
              notOfThisOrder,
              { guard: "toItsCustomer", actions: record("AlreadyKnown") },
              { actions: record("AlreadyWithCustomer") }
            ]
          }
        }
      }
    },
    assignment: {
      initial: "assigned",
      states: {
        assigned: {
          always: { guard: "meantForNobody", target: "unassigned" }, // Built for an order that had closed.
          on: {
            VehicleStocked: [notOfThisOrder, { target: "unassigned", actions: stock }],
            VehicleMoved: { guard: "toItsCustomer", target: "owned" }
          }
        },
        unassigned: {
          on: {
            AssignVehicle: [
              { guard: "atAnotherDealership", actions: refuse("OtherDealership") },
              { guard: "soldToThisOrderBefore", actions: refuse("OrderExists") },
              { guard: "planDoesNotFitPrice", actions: refuse("PlanDoesNotFitPrice") },
              {
                guard: stateIn({ custody: "atDealership" }),
                target: "assigned",
                actions: [assignToOrder, openStockSale("dealership")]
              },
              { target: "assigned", actions: [assignToOrder, openStockSale("factory")] }
            ]
          }
        },
        owned: {}
      }
    }
  },

  // What no state answers differently.
  on: {
    AssignVehicle: { actions: refuse("AlreadyAssigned") },
    VehicleBuilt: { actions: record("AlreadyBuilt") },
    VehicleStocked: [
      { guard: "meantForNobody", actions: record("AlreadyStock") },
      notOfThisOrder,
      { actions: record("AlreadyWithCustomer") }
    ],
    CommandParked: { actions: record("WaitsForAnOperator") }
  }
})
