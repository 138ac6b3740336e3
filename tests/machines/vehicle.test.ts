/** What a vehicle does: somebody always holds it, and it is meant for one order at a time; one sentence per branch. */
import { describe, test } from "bun:test"
import { VehicleStocked, vehicleMachine } from "#machines/vehicle.ts"
import { given as givenMachine, type Said } from "./scenario.ts"
import * as w from "./words.ts"

const given = (...past: ReadonlyArray<Said>) => givenMachine(vehicleMachine, ...past)

describe("a vehicle", () => {
  test("begins at the factory, meant for the order that had it built", () =>
    void given().when(w.built).thenStands("assignment.assigned custody.atFactory").thenKnows({ orderId: w.orderId }))
  test("begins as stock where that order had closed", () =>
    void given()
      .when(w.builtForNobody)
      .thenStands("assignment.unassigned custody.atFactory")
      .thenKnows({ orderId: null, lineage: [{ orderId: w.orderId }] }))
  test("is built once", () => given(w.built).when(w.built).thenRecorded("AlreadyBuilt"))
  test("goes from hand to hand, and belongs to whom it is handed", () => {
    given(w.built).when(w.moved("carrier")).thenStands("assignment.assigned custody.withCarrier")
    given(w.built, w.moved("carrier")).when(w.moved("dealership")).thenStands("assignment.assigned custody.atDealership")
    given(w.built, w.moved("carrier"), w.moved("dealership"))
      .when(w.moved("customer"))
      .thenStands("assignment.owned custody.withCustomer")
    given(w.built, w.moved("carrier")).when(w.moved("customer")).thenStands("assignment.owned custody.withCustomer")
    given(w.built, w.moved("dealership")).when(w.moved("carrier")).thenStands("assignment.assigned custody.withCarrier")
  })
  test("is with its customer where only the last move was told", () => {
    given(w.built).when(w.moved("customer")).thenStands("assignment.owned custody.withCustomer")
    given(w.built).when(w.moved("dealership")).thenStands("assignment.assigned custody.atDealership")
  })
  test("is moved once", () => {
    given(w.built, w.moved("carrier")).when(w.moved("carrier")).thenRecorded("AlreadyKnown")
    given(w.built, w.moved("dealership")).when(w.moved("dealership")).thenRecorded("AlreadyKnown")
    given(w.built, w.moved("customer")).when(w.moved("customer")).thenRecorded("AlreadyKnown")
    given(w.built, w.moved("customer")).when(w.moved("carrier")).thenRecorded("AlreadyWithCustomer")
  })
  test("is moved by its own order alone, wherever it is", () => {
    for (const to of ["carrier", "dealership", "customer"] as const) {
      given(w.built).when(w.moved(to, w.nextOrderId)).thenRecorded("NotTheCurrentOrder")
      given(w.built, w.stocked()).when(w.moved(to)).thenRecorded("NotTheCurrentOrder")
      for (const there of ["carrier", "dealership", "customer"] as const)
        given(w.built, w.moved(there)).when(w.moved(to, w.nextOrderId)).thenRecorded("NotTheCurrentOrder")
    }
  })
  test("becomes stock, sin asignar, when its order closes", () =>
    void given(w.built)
      .when(w.stocked())
      .thenStands("assignment.unassigned custody.atFactory")
      .thenKnows({ orderId: null, lineage: [{ orderId: w.orderId, reason: "FinalPaymentOverdue" }] }))
  test("becomes stock by its own order alone, once, and not once it is owned", () => {
    given(w.built).when(w.stocked(w.nextOrderId)).thenRecorded("NotTheCurrentOrder")
    given(w.built, w.stocked()).when(w.stocked()).thenRecorded("AlreadyStock")
    given(w.built, w.moved("customer")).when(w.stocked()).thenRecorded("AlreadyWithCustomer")
    given(w.built, w.moved("customer")).when(w.stocked(w.nextOrderId)).thenRecorded("NotTheCurrentOrder")
  })
  test("is sold again from stock, without a factory order", () => {
    given(w.built, w.stocked()).when(w.assigned).thenStands("assignment.assigned custody.atFactory", "OpenStockSale").thenSays({
      type: "OpenStockSale",
      orderId: w.nextOrderId,
      vin: w.vin,
      model: "Modelo Uno",
      vehicleAt: "factory",
      handoverPin: "042137"
    })
    given(w.built, w.moved("carrier"), w.moved("dealership"), w.stocked())
      .when(w.assigned)
      .thenStands("assignment.assigned custody.atDealership", "OpenStockSale")
      .thenSays({ vehicleAt: "dealership" })
  })
  test("is sold to one of two who try at once", () => {
    given(w.built, w.stocked(), w.assigned)
      .when(w.but(w.assigned, { orderId: "ord_3" }))
      .thenRefused("AlreadyAssigned")
    given(w.built).when(w.assigned).thenRefused("AlreadyAssigned")
    given(w.built, w.moved("customer")).when(w.assigned).thenRefused("AlreadyAssigned")
  })
  test("is sold by the dealership that keeps it", () => {
    given(w.built, w.stocked())
      .when(w.but(w.assigned, { dealershipId: w.anotherDealership }))
      .thenRefused("OtherDealership")
    const elsewhere = VehicleStocked.make({ ...w.stocked(), dealershipId: w.anotherDealership })
    given(w.built, elsewhere).when(w.assigned).thenRefused("OtherDealership")
  })
  test("is not sold under a plan that fits no price, or to an order that had it before", () => {
    given(w.built, w.stocked())
      .when(w.but(w.assigned, { plan: { ...w.plan, deposit: w.price } }))
      .thenRefused("PlanDoesNotFitPrice")
    given(w.built, w.stocked())
      .when(w.but(w.assigned, { orderId: w.orderId }))
      .thenRefused("OrderExists")
  })
  test("becomes stock again, and remembers everyone it was meant for", () =>
    void given(w.built, w.stocked(), w.assigned)
      .when(w.stocked(w.nextOrderId))
      .thenStands("assignment.unassigned custody.atFactory")
      .thenKnows({ lineage: [{ orderId: w.orderId }, { orderId: w.nextOrderId }] }))
  test("leaves a sale that could not be opened to an operator", () =>
    given(w.built, w.stocked(), w.assigned).when(w.parked("OpenStockSale")).thenRecorded("WaitsForAnOperator"))
})
