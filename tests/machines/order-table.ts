/** The whole table: what each message does in each situation of an order. One line per outcome, with where it happens. */

const unpaid = "awaitingDeposit depositUnderWay"
const making = "ordering orderUnknown building"
const payable = "awaitingFinalPayment finalPaymentUnderWay"
const paid = "registering papersMissing portalDown"
const registered = "inTransit inTransitToDealership returned awaitingPickup"
const closed = "cancelledUnpaid cancelledBySeller forfeited"
const unregistered = `${unpaid} ${making} ${payable} ${paid}`
const everywhere = `${unregistered} ${registered} delivered ${closed}`

export const orderTable: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  RegisterSale: {
    "refused OrderExists": everywhere
  },
  PayReservation: {
    "handled → reserved.awaitingDeposit": "awaitingDeposit",
    "refused PaymentInProgress": "depositUnderWay",
    "refused AlreadyPaid": `${making} ${payable} ${paid} ${registered} delivered`,
    "refused OrderClosed": closed
  },
  "PayReservation by a stranger": {
    "refused NotYourOrder": everywhere
  },
  PayFinalAmount: {
    "refused NotReadyYet": `${unpaid} ${making}`,
    "handled → manufacturing.awaitingFinalPayment": "awaitingFinalPayment",
    "refused PaymentInProgress": "finalPaymentUnderWay",
    "refused AlreadyPaid": `${paid} ${registered} delivered`,
    "refused OrderClosed": closed
  },
  "PayFinalAmount by a stranger": {
    "refused NotYourOrder": everywhere
  },
  CancelOrder: {
    "handled → cancelled": unpaid,
    "handled → forfeited": `${making} ${payable}`,
    "refused AlreadyPaid": `${paid} ${registered}`,
    "refused AlreadyDelivered": "delivered",
    "refused OrderClosed": closed
  },
  SupplyPapers: {
    "handled → reserved.awaitingDeposit": unpaid,
    "handled → reserved.ordering": "ordering",
    "handled → reserved.orderUnknown": "orderUnknown",
    "handled → manufacturing.building": "building",
    "handled → manufacturing.awaitingFinalPayment": payable,
    "handled → paid.registering": "registering papersMissing",
    "handled → paid.portalDown": "portalDown",
    "refused AlreadyRegistered": `${registered} delivered`,
    "refused OrderClosed": closed
  },
  ConfirmHandover: {
    "refused NotRegisteredYet": unregistered,
    "handled → delivered": "inTransit awaitingPickup",
    "refused NotAtDealershipYet": "inTransitToDealership returned",
    "refused AlreadyDelivered": "delivered",
    "refused OrderClosed": closed
  },
  "ConfirmHandover with a wrong PIN": {
    "refused NotRegisteredYet": unregistered,
    "refused WrongPin": "inTransit awaitingPickup",
    "refused NotAtDealershipYet": "inTransitToDealership returned",
    "refused AlreadyDelivered": "delivered",
    "refused OrderClosed": closed
  },
  ReportCustomerAbsent: {
    "refused NotRegisteredYet": unregistered,
    "handled → registered.returned": "inTransit",
    "refused NotDeliveredHome": "inTransitToDealership",
    "refused AlreadyReturning": "returned",
    "refused AlreadyAtDealership": "awaitingPickup",
    "refused AlreadyDelivered": "delivered",
    "refused OrderClosed": closed
  },
  "PaymentSucceeded of the deposit": {
    "recorded UnknownPayment": "awaitingDeposit",
    "handled → reserved.ordering": "depositUnderWay",
    "recorded AlreadyKnown": `${making} ${payable} ${paid} ${registered} delivered cancelledBySeller forfeited`,
    "handled → cancelled": "cancelledUnpaid"
  },
  "PaymentSucceeded of the rest": {
    "recorded UnknownPayment": `${unpaid} ${making} awaitingFinalPayment ${closed}`,
    "handled → paid.registering": "finalPaymentUnderWay",
    "recorded AlreadyKnown": `${paid} ${registered} delivered`
  },
  "PaymentDeclined of the deposit": {
    "recorded UnknownPayment": "awaitingDeposit",
    "handled → reserved.awaitingDeposit": "depositUnderWay",
    "recorded AlreadyKnown": `${making} ${payable} ${paid} ${registered} delivered cancelledBySeller forfeited`,
    "handled → cancelled": "cancelledUnpaid"
  },
  "PaymentDeclined of the rest": {
    "recorded UnknownPayment": `${unpaid} ${making} awaitingFinalPayment ${closed}`,
    "handled → manufacturing.awaitingFinalPayment": "finalPaymentUnderWay",
    "recorded AlreadyKnown": `${paid} ${registered} delivered`
  },
  "PaymentSettled of the deposit": {
    "recorded UnknownPayment": "awaitingDeposit",
    "handled → reserved.ordering": "depositUnderWay ordering",
    "handled → reserved.orderUnknown": "orderUnknown",
    "handled → manufacturing.building": "building",
    "handled → manufacturing.awaitingFinalPayment": payable,
    "handled → paid.registering": "registering",
    "handled → paid.papersMissing": "papersMissing",
    "handled → paid.portalDown": "portalDown",
    "handled → registered.inTransit": "inTransit inTransitToDealership",
    "handled → registered.returned": "returned",
    "handled → registered.awaitingPickup": "awaitingPickup",
    "handled → delivered": "delivered",
    "handled → cancelled": "cancelledUnpaid cancelledBySeller",
    "handled → forfeited": "forfeited"
  },
  "PaymentSettled of the rest": {
    "recorded UnknownPayment": `${unpaid} ${making} awaitingFinalPayment ${closed}`,
    "handled → paid.registering": "finalPaymentUnderWay registering",
    "handled → paid.papersMissing": "papersMissing",
    "handled → paid.portalDown": "portalDown",
    "handled → registered.inTransit": "inTransit inTransitToDealership",
    "handled → registered.returned": "returned",
    "handled → registered.awaitingPickup": "awaitingPickup",
    "handled → delivered": "delivered"
  },
  "PaymentSettlementFailed of the deposit": {
    "recorded UnknownPayment": "awaitingDeposit",
    "handled → reserved.awaitingDeposit": "depositUnderWay",
    "handled → reserved.ordering": "ordering",
    "handled → reserved.orderUnknown": "orderUnknown",
    "handled → manufacturing.building": "building",
    "handled → manufacturing.awaitingFinalPayment": payable,
    "handled → paid.registering": "registering",
    "handled → paid.papersMissing": "papersMissing",
    "handled → paid.portalDown": "portalDown",
    "handled → registered.inTransit": "inTransit inTransitToDealership",
    "handled → registered.returned": "returned",
    "handled → registered.awaitingPickup": "awaitingPickup",
    "handled → delivered": "delivered",
    "handled → cancelled": "cancelledUnpaid cancelledBySeller",
    "handled → forfeited": "forfeited"
  },
  "PaymentSettlementFailed of the rest": {
    "recorded UnknownPayment": `${unpaid} ${making} awaitingFinalPayment ${closed}`,
    "handled → manufacturing.awaitingFinalPayment": "finalPaymentUnderWay",
    "handled → paid.registering": "registering",
    "handled → paid.papersMissing": "papersMissing",
    "handled → paid.portalDown": "portalDown",
    "handled → registered.inTransit": "inTransit inTransitToDealership",
    "handled → registered.returned": "returned",
    "handled → registered.awaitingPickup": "awaitingPickup",
    "handled → delivered": "delivered"
  },
  "PaymentReturned of the deposit": {
    "recorded UnknownPayment": "awaitingDeposit",
    "recorded NotOrderedBack": `depositUnderWay ${making} ${payable} ${paid} ${registered} delivered cancelledUnpaid forfeited`,
    "handled → cancelled": "cancelledBySeller"
  },
  "PaymentReturned of the rest": {
    "recorded UnknownPayment": `${unpaid} ${making} awaitingFinalPayment ${closed}`,
    "recorded NotOrderedBack": `finalPaymentUnderWay ${paid} ${registered} delivered`
  },
  FactoryAccepted: {
    "recorded NoFactoryOrder": `${unpaid} cancelledUnpaid`,
    "handled → manufacturing.building": "ordering orderUnknown",
    "recorded AlreadyKnown": "building",
    "recorded OlderThanKnown": `${payable} ${paid} ${registered} delivered cancelledBySeller forfeited`
  },
  FactoryRefused: {
    "recorded NoFactoryOrder": `${unpaid} cancelledUnpaid`,
    "handled → cancelled": "ordering orderUnknown",
    "recorded OlderThanKnown": `building ${payable} ${paid} ${registered} delivered forfeited`,
    "recorded AlreadyKnown": "cancelledBySeller"
  },
  FactoryReportedInProgress: {
    "recorded NoFactoryOrder": `${unpaid} cancelledUnpaid`,
    "handled → manufacturing.building": making,
    "recorded OlderThanKnown": `${payable} ${paid} ${registered} delivered cancelledBySeller forfeited`
  },
  FactoryReportedReady: {
    "recorded NoFactoryOrder": `${unpaid} cancelledUnpaid`,
    "handled → manufacturing.awaitingFinalPayment": making,
    "recorded AlreadyKnown": `${payable} ${paid} ${registered} delivered forfeited`,
    "handled → cancelled": "cancelledBySeller"
  },
  FactoryReportedShipped: {
    "recorded NoFactoryOrder": `${unpaid} cancelledUnpaid`,
    "handled → manufacturing.building": making,
    "handled → manufacturing.awaitingFinalPayment": payable,
    "handled → paid.registering": "registering",
    "handled → paid.papersMissing": "papersMissing",
    "handled → paid.portalDown": "portalDown",
    "handled → registered.inTransit": "inTransit inTransitToDealership",
    "handled → registered.returned": "returned",
    "handled → registered.awaitingPickup": "awaitingPickup",
    "handled → delivered": "delivered",
    "handled → cancelled": "cancelledBySeller",
    "handled → forfeited": "forfeited"
  },
  FactoryReportedCancelled: {
    "recorded NoFactoryOrder": `${unpaid} cancelledUnpaid`,
    "handled → cancelled": making,
    "recorded AlreadyBuilt": `${payable} ${paid} ${registered} delivered forfeited`,
    "recorded AlreadyKnown": "cancelledBySeller"
  },
  FactoryKnowsNothing: {
    "recorded NoFactoryOrder": `${unpaid} cancelledUnpaid`,
    "recorded AlreadyOrdering": "ordering",
    "handled → reserved.ordering": "orderUnknown",
    "recorded FactoryContradictsItself": "building",
    "recorded OlderThanKnown": `${payable} ${paid} ${registered} delivered cancelledBySeller forfeited`
  },
  VehicleRegistered: {
    "recorded NotAskedToRegister": `${unpaid} ${making} ${payable} ${closed}`,
    "handled → registered.inTransit": paid,
    "recorded AlreadyKnown": `${registered} delivered`
  },
  RegistrationRefused: {
    "recorded NotAskedToRegister": `${unpaid} ${making} ${payable} ${closed}`,
    "handled → paid.papersMissing": paid,
    "recorded OlderThanKnown": `${registered} delivered`
  },
  PapersRequested: {
    "recorded NotAskedToRegister": `${unpaid} ${making} ${payable} ${closed}`,
    "handled → paid.papersMissing": "registering portalDown",
    "recorded AlreadyKnown": "papersMissing",
    "recorded OlderThanKnown": `${registered} delivered`
  },
  TransportBooked: {
    "recorded NoTransport": `${unregistered} ${closed}`,
    "recorded AlreadyKnown": `${registered} delivered`
  },
  TransportDeparted: {
    "recorded NoTransport": `${unregistered} ${closed}`,
    "recorded AlreadyKnown": `${registered} delivered`
  },
  TransportDelivered: {
    "recorded NoTransport": `${unregistered} ${closed}`,
    "handled → delivered": "inTransit returned",
    "recorded NotForTheCustomer": "inTransitToDealership",
    "recorded AlreadyAtDealership": "awaitingPickup",
    "recorded AlreadyDelivered": "delivered"
  },
  TransportCustomerAbsent: {
    "recorded NoTransport": `${unregistered} ${closed}`,
    "handled → registered.returned": "inTransit",
    "recorded NotForTheCustomer": "inTransitToDealership",
    "recorded AlreadyKnown": "returned",
    "recorded OlderThanKnown": "awaitingPickup delivered"
  },
  TransportArrivedAtDealership: {
    "recorded NoTransport": `${unregistered} ${closed}`,
    "handled → registered.awaitingPickup": "inTransit inTransitToDealership returned",
    "recorded AlreadyKnown": "awaitingPickup",
    "recorded OlderThanKnown": "delivered"
  },
  "CommandParked: PlaceFactoryOrder": {
    "recorded WaitsForAnOperator": `${unpaid} orderUnknown building ${payable} ${paid} ${registered} delivered ${closed}`,
    "handled → reserved.orderUnknown": "ordering"
  },
  "CommandParked: ChargePayment": {
    "recorded WaitsForAnOperator": `awaitingDeposit ${making} awaitingFinalPayment ${paid} ${registered} delivered cancelledBySeller forfeited`,
    "handled → reserved.awaitingDeposit": "depositUnderWay",
    "handled → manufacturing.awaitingFinalPayment": "finalPaymentUnderWay",
    "handled → cancelled": "cancelledUnpaid"
  },
  "CommandParked: RegisterVehicle": {
    "recorded WaitsForAnOperator": `${unpaid} ${making} ${payable} papersMissing portalDown ${registered} delivered ${closed}`,
    "handled → paid.portalDown": "registering"
  },
  "CommandParked: Notify": {
    "recorded WaitsForAnOperator": everywhere
  },
  "PaymentDisputed of the deposit": {
    "recorded UnknownPayment": "awaitingDeposit",
    "recorded NeverTaken": "depositUnderWay cancelledUnpaid",
    "handled → reserved.ordering": "ordering",
    "handled → reserved.orderUnknown": "orderUnknown",
    "handled → manufacturing.building": "building",
    "handled → manufacturing.awaitingFinalPayment": payable,
    "handled → paid.registering": "registering",
    "handled → paid.papersMissing": "papersMissing",
    "handled → paid.portalDown": "portalDown",
    "handled → registered.inTransit": "inTransit inTransitToDealership",
    "handled → registered.returned": "returned",
    "handled → registered.awaitingPickup": "awaitingPickup",
    "handled → delivered": "delivered",
    "handled → cancelled": "cancelledBySeller",
    "handled → forfeited": "forfeited"
  },
  "PaymentDisputed of the rest": {
    "recorded UnknownPayment": `${unpaid} ${making} awaitingFinalPayment ${closed}`,
    "recorded NeverTaken": "finalPaymentUnderWay",
    "handled → paid.registering": "registering",
    "handled → paid.papersMissing": "papersMissing",
    "handled → paid.portalDown": "portalDown",
    "handled → registered.inTransit": "inTransit inTransitToDealership",
    "handled → registered.returned": "returned",
    "handled → registered.awaitingPickup": "awaitingPickup",
    "handled → delivered": "delivered"
  },
  "DisputeClosed of the deposit": {
    "recorded UnknownPayment": "awaitingDeposit",
    "recorded NeverTaken": "depositUnderWay cancelledUnpaid",
    "handled → reserved.ordering": "ordering",
    "handled → reserved.orderUnknown": "orderUnknown",
    "handled → manufacturing.building": "building",
    "handled → manufacturing.awaitingFinalPayment": payable,
    "handled → paid.registering": "registering",
    "handled → paid.papersMissing": "papersMissing",
    "handled → paid.portalDown": "portalDown",
    "handled → registered.inTransit": "inTransit inTransitToDealership",
    "handled → registered.returned": "returned",
    "handled → registered.awaitingPickup": "awaitingPickup",
    "handled → delivered": "delivered",
    "handled → cancelled": "cancelledBySeller",
    "handled → forfeited": "forfeited"
  },
  "RefundFailed of the deposit": {
    "recorded UnknownPayment": "awaitingDeposit",
    "recorded NotOrderedBack": `depositUnderWay ${making} ${payable} ${paid} ${registered} delivered cancelledUnpaid forfeited`,
    "handled → cancelled": "cancelledBySeller"
  },
  ResolveRiskCase: {
    "refused NoRiskCase": everywhere
  }
}
