/** What an order does with the factory: it may accept, refuse, be silent, repeat itself, or tell things out of order. */
import { describe, test } from "bun:test"
import { FactoryReportedReady, orderMachine } from "#machines/order.ts"
import { given as givenMachine, type Said } from "./scenario.ts"
import * as w from "./words.ts"

const given = (...past: ReadonlyArray<Said>) => givenMachine(orderMachine, ...past)
const hour = 3_600_000

describe("an order at the factory", () => {
  test("is being built once accepted, and asks after a day of silence", () =>
    void given(...w.toOrdering())
      .when(w.accepted)
      .thenStands("manufacturing.building")
      .thenWaits({ factorySilence: 24 * hour }))
  test("asks the factory when it is silent, and again after another day", () =>
    void given(...w.toBuilding())
      .when(w.factorySilence)
      .thenStands("manufacturing.building", "AskFactory")
      .thenWaits({ factorySilence: 24 * hour }))
  test("waits another day after every news", () =>
    void given(...w.toBuilding())
      .when(w.inProgress)
      .thenStands("manufacturing.building")
      .thenWaits({ factorySilence: 24 * hour }))
  test("introduces the car when it is ready, and asks the customer for the rest", () =>
    void given(...w.toBuilding(), w.inProgress)
      .when(w.ready)
      .thenStands("manufacturing.awaitingFinalPayment", "IntroduceVehicle", "Notify VehicleReady")
      .thenSays({ type: "IntroduceVehicle", vin: w.vin, assigned: true }))
  test("tells the car's key to the car, whenever the factory tells it", () => {
    const key = { publicKey: "A".repeat(43), link: "nats" as const }
    given(...w.toBuilding())
      .when(w.but(w.ready, { key }))
      .thenSays({ type: "IntroduceVehicle", vin: w.vin, assigned: true, key })
    given(...w.toOrdering(), w.cancelled)
      .when(w.but(w.ready, { key }))
      .thenSays({ type: "IntroduceVehicle", vin: w.vin, assigned: false, key })
  })
  test("believes jumps forward: what is in progress, shipped or ready was accepted", () => {
    for (const history of [w.toOrdering(), w.toUnknown()]) {
      given(...history)
        .when(w.inProgress)
        .thenStands("manufacturing.building")
      given(...history)
        .when(w.shipped)
        .thenStands("manufacturing.building")
        .thenKnows({ factory: { stage: "accepted" } })
      given(...history)
        .when(w.ready)
        .thenStands("manufacturing.awaitingFinalPayment", "IntroduceVehicle", "Notify VehicleReady")
    }
  })
  test("keeps what it knows when older news arrive, or the same twice", () => {
    given(...w.toFinalPayment())
      .when(w.inProgress)
      .thenRecorded("OlderThanKnown")
    given(...w.toFinalPayment())
      .when(w.ready)
      .thenRecorded("AlreadyKnown")
    given(...w.toBuilding())
      .when(w.accepted)
      .thenRecorded("AlreadyKnown")
    given(...w.toBuilding(), w.inProgress)
      .when(w.inProgress)
      .thenRecorded("AlreadyKnown")
    given(...w.toBuilding())
      .when(w.refusedByFactory)
      .thenRecorded("OlderThanKnown")
  })
  test("hears of the shipping whenever it is told, once", () => {
    given(...w.toBuilding())
      .when(w.shipped)
      .thenStands("manufacturing.building")
    given(...w.toTransit())
      .when(w.shipped)
      .thenStands("registered.inTransit")
    given(...w.toTransit(), w.shipped)
      .when(w.shipped)
      .thenRecorded("AlreadyKnown")
  })
  test("does not listen to what is told of another factory order, or another car", () => {
    given(...w.toBuilding())
      .when(w.but(w.inProgress, { factoryOrderId: "fac_2" }))
      .thenRecorded("AnotherFactoryOrder")
    given(...w.toFinalPayment())
      .when(FactoryReportedReady.make({ ...w.ready, vin: w.anotherVin }))
      .thenRecorded("AnotherVehicle")
    given(w.sold).when(w.ready).thenRecorded("NoFactoryOrder")
  })
})

describe("an order of which nobody knows whether it arrived", () => {
  test("stops hoping when the command is parked, and asks every quarter of an hour", () => {
    given(...w.toOrdering())
      .when(w.parked("PlaceFactoryOrder"))
      .thenStands("reserved.orderUnknown")
      .thenWaits({ factoryInquiry: hour / 4 })
    given(...w.toUnknown())
      .when(w.factoryInquiry)
      .thenStands("reserved.orderUnknown", "AskFactory")
      .thenWaits({ factoryInquiry: hour / 4 })
  })
  test("is being built when the factory knew it all along", () =>
    void given(...w.toUnknown(), w.factoryInquiry)
      .when(w.accepted)
      .thenStands("manufacturing.building"))
  test("is placed again only when the factory knows nothing of it, under the same reference", () =>
    void given(...w.toUnknown(), w.factoryInquiry)
      .when(w.factoryKnowsNothing)
      .thenStands("reserved.ordering", "PlaceFactoryOrder")
      .thenSays({ type: "PlaceFactoryOrder", orderId: w.orderId, attempt: 2 }))
  test("is not placed a third time when the factory says so twice", () =>
    given(...w.toUnknown(), w.factoryKnowsNothing)
      .when(w.factoryKnowsNothing)
      .thenRecorded("AlreadyOrdering"))
  test("leaves a contradiction to an operator", () => {
    given(...w.toBuilding())
      .when(w.factoryKnowsNothing)
      .thenRecorded("FactoryContradictsItself")
    given(...w.toFinalPayment())
      .when(w.factoryKnowsNothing)
      .thenRecorded("OlderThanKnown")
    given(w.sold).when(w.factoryKnowsNothing).thenRecorded("NoFactoryOrder")
  })
})

describe("a seller who cannot deliver", () => {
  const back = ["Transfer depositReturnOrdered", "ReturnPayment", "Notify OrderCancelled"]
  const backDouble = [
    "Transfer depositReturnOrdered",
    "ReturnPayment",
    "Transfer depositPenaltyOrdered",
    "Payout",
    "Notify OrderCancelled"
  ]

  test("gives a confirmatory deposit back once", () => {
    given(...w.toOrdering())
      .when(w.refusedByFactory)
      .thenStands("cancelled", ...back)
      .thenSays({ kind: "depositReturnOrdered", debit: "customerDeposits", credit: "refundsDue", amountMinor: 100_000 })
      .thenKnows({ closedBecause: "FactoryRefused" })
    given(...w.toUnknown())
      .when(w.refusedByFactory)
      .thenStands("cancelled", ...back)
    given(...w.toBuilding())
      .when(w.cancelledByFactory)
      .thenStands("cancelled", ...back)
      .thenKnows({ closedBecause: "FactoryCancelled" })
    given(...w.toOrdering())
      .when(w.cancelledByFactory)
      .thenStands("cancelled", ...back)
  })
  test("gives a penitential deposit back double: once by the gateway, once by bank transfer", () =>
    void given(...w.toBuilding(w.soldPenitential))
      .when(w.cancelledByFactory)
      .thenStands("cancelled", ...backDouble)
      .thenSays(
        { kind: "depositPenaltyOrdered", debit: "depositPenalties", credit: "refundsDue", amountMinor: 100_000 },
        { type: "Payout", customerId: w.customerId, amount: w.deposit }
      ))
  test("tells the customer when the money has gone back, once", () => {
    const history = [...w.toBuilding(), w.cancelledByFactory]
    given(...history)
      .when(w.returned("reservation"))
      .thenStands("cancelled", "Transfer paymentReturned", "Notify DepositReturned")
    given(...history, w.returned("reservation"))
      .when(w.returned("reservation"))
      .thenRecorded("AlreadyKnown")
    given(...history)
      .when(w.but(w.returned("reservation"), { amount: w.rest }))
      .thenRecorded("AmountMismatch")
    given(...history)
      .when(w.cancelledByFactory)
      .thenRecorded("AlreadyKnown")
  })
  test("puts the car to stock, should the factory build it after all", () =>
    void given(...w.toBuilding(), w.cancelledByFactory)
      .when(w.ready)
      .thenStands("cancelled", "IntroduceVehicle")
      .thenSays({ assigned: false }))
  test("does not take back a car that is built: an operator decides", () => {
    given(...w.toFinalPayment())
      .when(w.cancelledByFactory)
      .thenRecorded("AlreadyBuilt")
    given(...w.toPaid())
      .when(w.cancelledByFactory)
      .thenRecorded("AlreadyBuilt")
  })
})

describe("a sale from stock", () => {
  test("needs no factory order: the car is ready when the deposit is paid", () => {
    given(w.soldFromStock, w.payReservation)
      .when(w.succeeded("reservation"))
      .thenStands("manufacturing.awaitingFinalPayment", "Transfer depositReceived", "Notify DepositReceived", "Notify VehicleReady")
      .thenKnows({ vin: w.vin, finalPaymentDueAt: "2026-03-17T09:02:00.000Z" })
    given(w.soldFromStock, w.payReservation)
      .when(w.settled("reservation"))
      .thenStands(
        "manufacturing.awaitingFinalPayment",
        "Transfer depositReceived",
        "Transfer paymentSettled",
        "Notify DepositReceived",
        "Notify VehicleReady"
      )
  })
  test("does not listen to a factory", () => {
    const history = [w.soldFromStock, w.payReservation, w.succeeded("reservation")]
    for (const report of [
      w.accepted,
      w.inProgress,
      w.ready,
      w.shipped,
      w.refusedByFactory,
      w.cancelledByFactory,
      w.factoryKnowsNothing
    ])
      given(...history)
        .when(report)
        .thenRecorded("NoFactoryOrder")
  })
  test("is ready for pickup at once where the car already stands", () => {
    const paid = [w.soldAtDealership, w.payReservation, w.succeeded("reservation"), w.payFinalAmount, w.succeeded("final")]
    given(...paid)
      .when(w.registered)
      .thenStands("registered.awaitingPickup", "Notify VehicleRegistered", "Notify ReadyForPickup")
    given(...paid, w.registered)
      .when(w.departed)
      .thenRecorded("NoTransport")
    given(...paid, w.registered)
      .when(w.handover())
      .thenStands("delivered", "MoveVehicle", "Transfer depositApplied", "Transfer finalPaymentApplied", "Notify HandedOver")
  })
})
