/**
 * Vehicle: the car as we see it: who holds it, whose it is, what we want of it and what it says. One writer per car.
 *
 *   custody        atFactory → withCarrier ⇄ atDealership      there is no state in which nobody holds it (S18)
 *                        └──────────┴─→ withCustomer
 *   assignment     assigned ⇄ unassigned (sin asignar: sold again without a factory order)
 *                      └─→ owned
 *   app            unlinked ⇄ linked (by the code on the car's own screen)
 *   security       secure ⇄ stolen
 *   warranty       valid → lost (nothing else comes of missed maintenance)
 *   configuration  synchronised ⇄ waiting (our document is not confirmed)
 *
 * A car informs, and no more: nothing it says starts a purchase, a payment or an order. Nothing said here keeps a car from driving.
 */
import { stateIn } from "xstate"
import {
  assignToOrder,
  carryOut,
  confirmAgain,
  delayAgain,
  drop,
  endTheft,
  handOver,
  hear,
  keepKey,
  keepMaintenance,
  known,
  link,
  loseWarranty,
  notifyOwner,
  notOfThisOrder,
  openStockSale,
  record,
  refuse,
  refuseFirstObjection,
  reject,
  rejectConflict,
  release,
  reportTheft,
  reserve,
  stock,
  toAStranger,
  toItsOwner,
  transfer,
  tryAgain,
  unlink,
  vehicle,
  want
} from "./vehicle-rules.ts"

export * from "./vehicle-messages.ts"
export type { Purchase, Reported, VehicleContext, VehicleRefusal, VehicleRemark, Wish } from "./vehicle-rules.ts"

// ── The chart ─────────────────────────────────────────────────────────────────────────────────────────────────────

export const vehicleMachine = vehicle.createMachine({
  id: "vehicle",
  type: "parallel",
  context: ({ input: { vin, model, country, dealershipId, orderId, assigned, key, at } }) => ({
    vin,
    model,
    country,
    dealershipId,
    orderId: assigned ? orderId : null,
    lineage: assigned ? [] : [{ orderId, reason: "ClosedBeforeBuilt" }],
    stockedAt: assigned ? null : at,
    key: key ?? null,
    owner: null,
    purchases: [],
    trials: [],
    desired: [],
    cfgVersion: 0,
    sending: { count: 0, again: 0, spoken: false, nextAt: null, questions: 0, asked: 0, askAt: null, healed: 0 },
    reported: null,
    pairing: null,
    phoneId: null,
    remote: [],
    theft: null,
    maintenance: null,
    warrantyLost: null
  }),
  entry: keepKey,
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
          on: { VehicleMoved: [notOfThisOrder, { guard: "toItsCustomer", ...known }, { actions: record("AlreadyWithCustomer") }] }
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
            VehicleMoved: { guard: "toItsCustomer", target: "owned", actions: handOver }
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
    },
    app: {
      initial: "unlinked",
      states: {
        unlinked: {
          on: {
            LinkApp: [
              toAStranger,
              { guard: "stolen", actions: refuse("VehicleStolen") },
              { guard: "noPairingCode", actions: refuse("NoPairingCode") },
              { guard: "pairingCodeUsed", actions: refuse("PairingCodeUsed") },
              { guard: "pairingCodeExpired", actions: refuse("PairingCodeExpired") },
              { guard: "pairingCodeWrong", actions: refuse("WrongPairingCode") },
              { target: "linked", actions: link }
            ]
          }
        },
        linked: {
          on: {
            UnlinkApp: [toAStranger, { target: "unlinked", actions: [...unlink, notifyOwner("PhoneUnlinked")] }],
            SendRemoteCommand: [
              toAStranger,
              { guard: "stolen", actions: refuse("VehicleStolen") },
              { guard: "behindTheApi", actions: refuse("NoRoadForCommands") },
              { guard: "sentBefore", actions: refuse("AlreadySent") },
              { actions: carryOut }
            ],
            TransferOwnership: { target: "unlinked", actions: unlink } // A transfer that `security` refuses unlinks nothing.
          }
        }
      }
    },
    security: {
      initial: "secure",
      states: {
        secure: {
          on: {
            ReportTheft: [
              toAStranger,
              { guard: "ownedByNobody", actions: refuse("NotHandedOver") },
              { target: "stolen", actions: reportTheft }
            ],
            EndTheft: toItsOwner("NotStolen"),
            TransferOwnership: [
              { guard: "soldByAnother", actions: refuse("NotTheOwner") },
              { guard: "boughtByItsOwner", actions: refuse("AlreadyOwner") },
              { actions: transfer }
            ]
          }
        },
        stolen: {
          on: {
            ReportTheft: toItsOwner("AlreadyStolen"),
            EndTheft: [toAStranger, { target: "secure", actions: endTheft }],
            TransferOwnership: { actions: refuse("VehicleStolen") }
          }
        }
      }
    },
    warranty: {
      initial: "valid",
      states: {
        valid: { on: { MaintenanceChecked: { guard: "overdue", target: "lost", actions: [keepMaintenance, ...loseWarranty] } } },
        lost: {}
      }
    },
    configuration: {
      initial: "synchronised",
      states: {
        synchronised: {},
        waiting: { after: { nextTry: { target: "waiting", reenter: true, actions: tryAgain } } }
      },
      on: {
        OptionWanted: [
          { guard: "noRoad", actions: reject("NoRoadToVehicle") },
          { guard: "stolen", actions: reject("VehicleStolen") },
          { guard: "takenByAnother", actions: reject("OptionTaken") },
          { guard: "inConflict", actions: rejectConflict },
          { guard: "confirmedAlready", actions: confirmAgain },
          { guard: "waitsForParking", actions: delayAgain },
          { target: ".waiting", actions: want }
        ],
        OptionDropped: [
          { guard: "notPurchased", actions: record("NotPurchased") },
          { guard: "neverWanted", actions: release },
          { target: ".waiting", actions: [release, drop] }
        ],
        VehicleReported: [
          { guard: "noRoad", actions: record("NoRoadToVehicle") },
          { guard: "reportKnown", ...known },
          { guard: "reportOlder", actions: record("OlderThanKnown") },
          { guard: "implausible", actions: record("Implausible") },
          { guard: "inStep", target: ".synchronised", actions: hear },
          { target: ".waiting", actions: hear }
        ]
      }
    }
  },

  // What no state answers differently.
  on: {
    AssignVehicle: { actions: refuse("AlreadyAssigned") },
    PurchaseOption: [{ guard: "notEligible", actions: refuseFirstObjection }, { actions: reserve }],
    LinkApp: toItsOwner("AlreadyLinked"),
    UnlinkApp: toItsOwner("AppNotLinked"),
    SendRemoteCommand: [toAStranger, { guard: "stolen", actions: refuse("VehicleStolen") }, { actions: refuse("AppNotLinked") }],
    VehicleBuilt: { actions: record("AlreadyBuilt") },
    VehicleStocked: [
      { guard: "meantForNobody", actions: record("AlreadyStock") },
      notOfThisOrder,
      { actions: record("AlreadyWithCustomer") }
    ],
    MaintenanceChecked: [{ guard: "olderAnswer", actions: record("OlderThanKnown") }, { actions: keepMaintenance }],
    CommandParked: { actions: record("WaitsForAnOperator") }
  }
})
