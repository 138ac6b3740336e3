/**
 * Vehicle: the car as we see it: who holds it, and whose it is going to be. One writer per car.
 *
 *   custody      atFactory → withCarrier ⇄ atDealership      there is no state in which nobody holds it (S18)
 *                      └──────────┴─→ withCustomer
 *   assignment   assigned ⇄ unassigned (sin asignar: sold again without a factory order)
 *                    └─→ owned
 */
import { Schema } from "effect"
import { setup, stateIn } from "xstate"
import { Consent, Delivery, HandoverPin, PlanTerms, planFitsPrice } from "./order.ts"
import {
  CommandParked,
  Country,
  DealershipId,
  type Heard,
  Money,
  message,
  OrderId,
  type Refusal,
  type Remark,
  SubjectId,
  Vin
} from "./vocabulary.ts"

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
  consents: Schema.Array(Consent),
  handoverPin: HandoverPin
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
export const VehicleMoved = message("VehicleMoved", {
  orderId: OrderId,
  to: Schema.Literals(["carrier", "dealership", "customer"])
})

export const VehicleFact = Schema.Union([VehicleBuilt, VehicleStocked, VehicleMoved, CommandParked])
export const VehicleMessage = Schema.Union([...VehicleRequest.members, ...VehicleFact.members])
export type VehicleMessage = typeof VehicleMessage.Type

// ── Commands ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** Told to `order/{orderId}` as RegisterSale: the same fields, another `type`. */
export const OpenStockSale = message("OpenStockSale", {
  ...saleOfStock,
  vin: Vin,
  model: Schema.String,
  vehicleAt: Schema.Literals(["factory", "dealership"])
})
export const VehicleCommand = Schema.Union([OpenStockSale])
export type VehicleCommand = typeof VehicleCommand.Type

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
