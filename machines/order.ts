/**
 * Order: the sale of one vehicle, from the dealer's desk to the customer's hands.
 *
 *   reserved ─────→ manufacturing ──→ paid ────────→ registered ─→ delivered
 *   │ deposit,      │ building,       │ the plate;   │ on its way, back at the
 *   │ then ordering │ final payment   │ papers       │ dealership, picked up
 *   ↓               ↓
 *   cancelled       forfeited           Closed is not deaf: late money goes back, a late car becomes stock.
 */
import { SendCredentials } from "./order-messages.ts"
import { risks, settlement } from "./order-risk.ts"
import {
  accepted,
  arrived,
  askFactory,
  bookTransport,
  byAnotherCarrier,
  carIsReady,
  close,
  closed,
  confirmReturn,
  daysAfter,
  departed,
  depositPaid,
  earnPayments,
  factoryReport,
  finalAmountPaid,
  forfeit,
  fromElsewhere,
  giveBack,
  introduceVehicle,
  keepFactoryNews,
  keepHandover,
  keepMissing,
  keepPapers,
  keepPlate,
  keepShipping,
  keepTransport,
  markDeclined,
  markUnknown,
  moveVehicle,
  notify,
  order,
  pay,
  placeFactoryOrder,
  record,
  refuse,
  refuseUnfitPlan,
  registerVehicle,
  theCustomerLeaves,
  toAnyone,
  toTheCustomer,
  unbelievedPayment,
  weCannotDeliver
} from "./order-rules.ts"

export * from "./order-messages.ts"
export {
  type Charge,
  type ClosingReason,
  type OrderContext,
  type OrderRefusal,
  type OrderRemark,
  planFitsPrice
} from "./order-rules.ts"

// ── The chart ─────────────────────────────────────────────────────────────────────────────────────────────────────

export const orderMachine = order.createMachine({
  id: "order",
  context: ({ input: { type: _, at, vehicleAt, ...sale } }) => ({
    ...sale,
    fromStock: sale.vin !== null,
    vehicleAt: vehicleAt ?? "factory",
    soldAt: at,
    depositDueAt: daysAfter(at, sale.plan.depositWindowDays),
    finalPaymentDueAt: null,
    charges: {},
    riskCases: [],
    factory: { stage: "none", orderId: null, expectedAt: null, shippedAt: null, attempts: 0, questions: 0 },
    papers: [],
    missing: [],
    registration: { attempts: 0, id: null, plate: null, newPapers: false },
    transport: null,
    handover: null,
    closedBecause: null
  }),
  entry: refuseUnfitPlan,
  initial: "reserved",
  states: {
    reserved: {
      initial: "awaitingDeposit",
      on: {
        PayFinalAmount: toTheCustomer("NotReadyYet"),
        CancelOrder: theCustomerLeaves,
        FactoryAccepted: accepted,
        FactoryReportedInProgress: accepted,
        FactoryReportedShipped: { guard: "shippingIsNews", target: "manufacturing.building", actions: keepShipping },
        FactoryReportedReady: carIsReady,
        FactoryRefused: weCannotDeliver("FactoryRefused"),
        FactoryReportedCancelled: weCannotDeliver("FactoryCancelled")
      },
      states: {
        awaitingDeposit: {
          entry: order.emit(({ context: { customerId, orderId } }) => SendCredentials.make({ customerId, orderId })),
          after: { depositWindow: { target: "#order.cancelled", actions: close("DepositNotPaid") } },
          on: {
            PayReservation: pay("reservation"),
            PaymentSucceeded: depositPaid,
            PaymentSettled: depositPaid,
            PaymentDeclined: { guard: "declineIsNews", actions: [markDeclined, notify("DepositDeclined")] },
            CancelOrder: { target: "#order.cancelled", actions: close("CancelledByCustomer") } // Nothing was paid: nothing is forfeited.
          }
        },
        ordering: {
          entry: placeFactoryOrder,
          on: {
            CommandParked: { guard: "factoryOrderParked", target: "orderUnknown" },
            FactoryKnowsNothing: { actions: record("AlreadyOrdering") }
          }
        },
        orderUnknown: {
          after: { factoryInquiry: { target: "orderUnknown", reenter: true, actions: askFactory } },
          on: { FactoryKnowsNothing: "ordering" } // The same reference, so never two factory orders.
        }
      }
    },
    manufacturing: {
      initial: "building",
      on: { CancelOrder: theCustomerLeaves },
      states: {
        building: {
          after: { factorySilence: { target: "building", reenter: true, actions: askFactory } },
          on: {
            PayFinalAmount: toTheCustomer("NotReadyYet"),
            FactoryReportedInProgress: { guard: "factoryNews", target: "building", reenter: true, actions: keepFactoryNews },
            FactoryReportedReady: carIsReady,
            FactoryReportedCancelled: weCannotDeliver("FactoryCancelled"),
            FactoryKnowsNothing: { actions: record("FactoryContradictsItself") }
          }
        },
        awaitingFinalPayment: {
          entry: notify("VehicleReady"),
          after: {
            finalPaymentReminder: [
              { guard: "finalPaymentOverdue", actions: record("PaymentWindowClosed") }, // Both timers slept through it.
              { actions: notify("FinalPaymentReminder") }
            ],
            finalPaymentWindow: { target: "#order.forfeited", actions: forfeit("FinalPaymentOverdue") }
          },
          on: {
            PayFinalAmount: pay("final"),
            PaymentSucceeded: finalAmountPaid,
            PaymentSettled: finalAmountPaid,
            PaymentDeclined: [
              {
                guard: "lastAttemptDeclined",
                target: "#order.forfeited",
                actions: [markDeclined, ...forfeit("FinalPaymentDeclined")]
              },
              { guard: "finalPaymentDeclined", actions: [markDeclined, notify("FinalPaymentDeclined")] }
            ]
          }
        }
      }
    },
    paid: {
      initial: "registering",
      on: {
        VehicleRegistered: [
          {
            guard: "waitsAtDealership",
            target: "registered.awaitingPickup",
            actions: [keepPlate, notify("VehicleRegistered"), notify("ReadyForPickup")]
          },
          { target: "registered.inTransit", actions: [keepPlate, notify("VehicleRegistered")] }
        ],
        PapersRequested: { target: ".papersMissing", actions: keepMissing },
        RegistrationRefused: { target: ".papersMissing", actions: keepMissing } // Somebody must bring something: a paid car is never cancelled.
      },
      states: {
        registering: {
          entry: registerVehicle,
          on: {
            PapersRequested: { guard: "papersSinceAsked", target: "registering", reenter: true },
            RegistrationRefused: { guard: "papersSinceAsked", target: "registering", reenter: true },
            CommandParked: { guard: "registrationParked", target: "portalDown" }
          }
        },
        papersMissing: {
          entry: notify("PapersNeeded"),
          on: {
            SupplyPapers: { target: "registering", actions: keepPapers },
            PapersRequested: [
              { guard: "sameMissingPapers", actions: record("AlreadyKnown") },
              { actions: [keepMissing, notify("PapersNeeded")] }
            ],
            RegistrationRefused: [
              { guard: "sameMissingPapers", actions: record("AlreadyKnown") },
              { actions: [keepMissing, notify("PapersNeeded")] }
            ]
          }
        },
        portalDown: { after: { portalPause: "registering" } }
      }
    },
    registered: {
      initial: "inTransit",
      on: { SupplyPapers: toAnyone("AlreadyRegistered") },
      states: {
        inTransit: {
          entry: bookTransport,
          on: {
            TransportDeparted: { guard: "departureIsNews", actions: [keepTransport, departed, notify("OnItsWay")] },
            TransportDelivered: {
              guard: "boundForCustomer",
              target: "#order.delivered",
              actions: [keepTransport, departed, keepHandover]
            },
            TransportCustomerAbsent: { guard: "boundForCustomer", target: "returned", actions: [keepTransport, departed] },
            TransportArrivedAtDealership: { guard: "ourTransport", target: "awaitingPickup", actions: arrived },
            ReportCustomerAbsent: [
              { guard: "notDeliveredHome", actions: refuse("NotDeliveredHome") },
              { target: "returned", actions: departed }
            ],
            ConfirmHandover: [
              { guard: "notDeliveredHome", actions: refuse("NotAtDealershipYet") },
              { guard: "pinIsWrong", actions: refuse("WrongPin") },
              { target: "#order.delivered", actions: [departed, keepHandover] }
            ]
          }
        },
        returned: {
          entry: notify("CustomerWasAbsent"),
          on: {
            TransportCustomerAbsent: [
              { guard: "anotherTransport", actions: record("AnotherTransport") },
              { actions: record("AlreadyKnown") }
            ],
            TransportDelivered: { guard: "ourTransport", target: "#order.delivered", actions: [keepTransport, keepHandover] }, // They met after all.
            TransportArrivedAtDealership: { guard: "ourTransport", target: "awaitingPickup", actions: arrived },
            ReportCustomerAbsent: toAnyone("AlreadyReturning"),
            ConfirmHandover: toAnyone("NotAtDealershipYet")
          }
        },
        awaitingPickup: {
          after: { pickupReminder: { target: "awaitingPickup", reenter: true, actions: notify("PickupReminder") } },
          on: {
            TransportArrivedAtDealership: [...byAnotherCarrier, { actions: record("AlreadyKnown") }],
            ReportCustomerAbsent: toAnyone("AlreadyAtDealership"),
            ConfirmHandover: [
              { guard: "pinIsWrong", actions: refuse("WrongPin") },
              { target: "#order.delivered", actions: keepHandover }
            ]
          }
        }
      }
    },
    delivered: {
      tags: "closed",
      entry: [moveVehicle("customer"), earnPayments, notify("HandedOver")],
      on: {
        CancelOrder: toAnyone("AlreadyDelivered"),
        SupplyPapers: toAnyone("AlreadyRegistered"),
        ConfirmHandover: toAnyone("AlreadyDelivered"),
        ReportCustomerAbsent: toAnyone("AlreadyDelivered"),
        TransportDelivered: [...byAnotherCarrier, { actions: record("AlreadyDelivered") }]
      }
    },
    cancelled: { tags: "closed", entry: notify("OrderCancelled"), on: closed },
    forfeited: { tags: "closed", entry: notify("OrderForfeited"), on: closed }
  },

  // What no state answers differently. Every message has its line here, so no cell of the table is silent.
  on: {
    RegisterSale: toAnyone("OrderExists"),
    PayReservation: toTheCustomer("AlreadyPaid"),
    PayFinalAmount: toTheCustomer("AlreadyPaid"),
    CancelOrder: toAnyone("AlreadyPaid"),
    SupplyPapers: { actions: keepPapers },
    ConfirmHandover: toAnyone("NotRegisteredYet"),
    ReportCustomerAbsent: toAnyone("NotRegisteredYet"),

    PaymentSucceeded: [...unbelievedPayment, { guard: "arrivedToGoBack", actions: giveBack }, { actions: record("AlreadyKnown") }],
    PaymentDeclined: [
      { guard: "paymentUnknown", actions: record("UnknownPayment") },
      { guard: "declineIsNews", actions: markDeclined },
      { actions: record("AlreadyKnown") }
    ],
    PaymentSettled: [...unbelievedPayment, { guard: "arrivedToGoBack", actions: giveBack }, ...settlement],
    ...risks,
    PaymentReturned: [
      ...unbelievedPayment,
      { guard: "orderedBack", actions: confirmReturn },
      { guard: "alreadyReturned", actions: record("AlreadyKnown") },
      { actions: record("NotOrderedBack") }
    ],

    FactoryAccepted: factoryReport,
    FactoryRefused: [
      { guard: "notOrdered", actions: record("NoFactoryOrder") },
      { guard: "factoryNews", actions: keepFactoryNews },
      { guard: "sameFactoryNews", actions: record("AlreadyKnown") },
      { actions: record("OlderThanKnown") }
    ],
    FactoryReportedInProgress: factoryReport,
    FactoryReportedReady: [
      ...fromElsewhere,
      { guard: "factoryNews", actions: [keepFactoryNews, introduceVehicle(false)] }, // The order has closed: straight to stock.
      { guard: "anotherVehicle", actions: record("AnotherVehicle") },
      { actions: record("AlreadyKnown") }
    ],
    FactoryReportedShipped: [
      ...fromElsewhere,
      { guard: "shippingIsNews", actions: keepShipping },
      { actions: record("AlreadyKnown") }
    ],
    FactoryReportedCancelled: [
      ...fromElsewhere,
      { guard: "alreadyBuilt", actions: record("AlreadyBuilt") }, // The car stands there: an operator decides.
      { guard: "factoryNews", actions: keepFactoryNews },
      { actions: record("AlreadyKnown") }
    ],
    FactoryKnowsNothing: [{ guard: "notOrdered", actions: record("NoFactoryOrder") }, { actions: record("OlderThanKnown") }],

    VehicleRegistered: [
      { guard: "sameRegistration", actions: record("AlreadyKnown") },
      { guard: "isRegistered", actions: record("AnotherRegistration") },
      { actions: record("NotAskedToRegister") }
    ],
    RegistrationRefused: [{ guard: "isRegistered", actions: record("OlderThanKnown") }, { actions: record("NotAskedToRegister") }],
    PapersRequested: [{ guard: "isRegistered", actions: record("OlderThanKnown") }, { actions: record("NotAskedToRegister") }],

    TransportBooked: [...byAnotherCarrier, { guard: "bookingIsNews", actions: keepTransport }, { actions: record("AlreadyKnown") }],
    TransportDeparted: [...byAnotherCarrier, { actions: record("AlreadyKnown") }],
    TransportDelivered: [
      ...byAnotherCarrier,
      { guard: "notDeliveredHome", actions: record("NotForTheCustomer") },
      { actions: record("AlreadyAtDealership") }
    ],
    TransportCustomerAbsent: [
      ...byAnotherCarrier,
      { guard: "notDeliveredHome", actions: record("NotForTheCustomer") },
      { actions: record("OlderThanKnown") }
    ],
    TransportArrivedAtDealership: [...byAnotherCarrier, { actions: record("OlderThanKnown") }],
    CommandParked: [{ guard: "chargeParked", actions: markUnknown }, { actions: record("WaitsForAnOperator") }]
  }
})
