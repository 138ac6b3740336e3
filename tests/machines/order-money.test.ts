/** What an order does with money: deposit (señal), final payment, forfeiture, return; one sentence per branch. */
import { describe, test } from "bun:test"
import { orderMachine, RegisterSale } from "#machines/order.ts"
import { given as givenMachine, passed, type Said } from "./scenario.ts"
import * as w from "./words.ts"

const given = (...past: ReadonlyArray<Said>) => givenMachine(orderMachine, ...past)
const day = 86_400_000
const deposited = "manufacturing.awaitingFinalPayment"
const late = { amountMinor: 100_000, currency: "EUR" }
const declinedTwice = [...w.toFinalPayment(), w.payFinalAmount, w.declined("final", 1), w.payFinalAmount, w.declined("final", 2)]

describe("an order and its deposit", () => {
  test("begins with the customer's credentials, and waits seven days for the deposit", () =>
    void given()
      .when(w.sold)
      .thenStands("reserved.awaitingDeposit", "SendCredentials")
      .thenWaits({ depositWindow: 7 * day }))
  test("is not opened by a plan whose deposit is not a part of the price", () => {
    const unfit = (plan: object) => RegisterSale.make({ ...w.sold, plan: { ...w.plan, ...plan } })
    given()
      .when(unfit({ deposit: w.price }))
      .thenRefused("PlanDoesNotFitPrice")
    given()
      .when(unfit({ deposit: { amountMinor: 0, currency: "EUR" } }))
      .thenRefused("PlanDoesNotFitPrice")
    given()
      .when(unfit({ finalPaymentAttempts: 0 }))
      .thenRefused("PlanDoesNotFitPrice")
  })
  test("is opened once", () => given(w.sold).when(w.sold).thenRefused("OrderExists"))
  test("charges the deposit when the customer pays it", () =>
    void given(w.sold)
      .when(w.payReservation)
      .thenStands("reserved.awaitingDeposit", "ChargePayment")
      .thenSays({ type: "ChargePayment", paymentId: w.paymentId("reservation"), amount: w.deposit, customerId: w.customerId })
      .thenWaits({}))
  test("takes no payment from a stranger", () =>
    given(w.sold)
      .when(w.but(w.payReservation, { customerId: w.stranger }))
      .thenRefused("NotYourOrder"))
  test("takes one payment at a time", () => given(w.sold, w.payReservation).when(w.payReservation).thenRefused("PaymentInProgress"))
  test("takes no new payment while the outcome of one is unknown", () =>
    given(w.sold, w.payReservation, w.parked("ChargePayment")).when(w.payReservation).thenRefused("PaymentOutcomeUnknown"))
  test("welcomes the outcome when it becomes known", () => {
    const unknown = given(w.sold, w.payReservation, w.parked("ChargePayment"))
    unknown
      .when(w.succeeded("reservation"))
      .thenStands("reserved.ordering", "Transfer depositReceived", "Notify DepositReceived", "PlaceFactoryOrder")
    unknown.when(w.declined("reservation")).thenStands("reserved.awaitingDeposit", "Notify DepositDeclined")
  })
  test("takes no payment when the window has closed, though its timer may be late", () =>
    given(w.sold)
      .when(w.but(w.payReservation, { at: "2026-03-09T09:00:00.000Z" }))
      .thenRefused("PaymentWindowClosed"))
  test("lets the customer try again after a decline, under a new payment id", () => {
    given(w.sold, w.payReservation).when(w.declined("reservation")).thenStands("reserved.awaitingDeposit", "Notify DepositDeclined")
    given(w.sold, w.payReservation, w.declined("reservation"))
      .when(w.payReservation)
      .thenSays({ type: "ChargePayment", paymentId: w.paymentId("reservation", 2) })
  })
  test("orders from the factory by itself once the deposit is there", () =>
    void given(w.sold, w.payReservation)
      .when(w.succeeded("reservation"))
      .thenStands("reserved.ordering", "Transfer depositReceived", "Notify DepositReceived", "PlaceFactoryOrder")
      .thenSays({ kind: "depositReceived", debit: "gateway", credit: "customerDeposits", amountMinor: 100_000 }))
  test("believes a settlement that overtakes the gateway's answer, and counts the money once", () => {
    given(w.sold, w.payReservation)
      .when(w.settled("reservation"))
      .thenStands(
        "reserved.ordering",
        "Transfer depositReceived",
        "Transfer paymentSettled",
        "Notify DepositReceived",
        "PlaceFactoryOrder"
      )
      .thenKnows({ charges: { [w.paymentId("reservation")]: { status: "received", settlement: "settled" } } })
    given(w.sold, w.payReservation, w.settled("reservation")).when(w.succeeded("reservation")).thenRecorded("AlreadyKnown")
  })
  test("does not believe another amount, or a payment it never asked for", () => {
    const waiting = given(w.sold, w.payReservation)
    waiting.when(w.but(w.succeeded("reservation"), { amount: w.rest })).thenRecorded("AmountMismatch")
    waiting.when(w.succeeded("reservation", 7)).thenRecorded("UnknownPayment")
    waiting.when(w.but(w.succeeded("reservation"), { kind: "final" })).thenRecorded("UnknownPayment")
    waiting.when(w.declined("reservation", 7)).thenRecorded("UnknownPayment")
  })
  test("is cancelled when nobody pays the deposit in time", () =>
    void given(w.sold)
      .when(w.depositWindow)
      .thenStands("cancelled", "Notify OrderCancelled")
      .thenKnows({ closedBecause: "DepositNotPaid" }))
  test("puts a stock car back when nobody pays the deposit in time", () =>
    void given(w.soldFromStock).when(w.depositWindow).thenStands("cancelled", "StockVehicle", "Notify OrderCancelled"))
  test("is cancelled though a payment is under way, and gives it back in full when it arrives", () => {
    const history = [w.sold, w.payReservation, w.depositWindow]
    given(...history)
      .when(w.succeeded("reservation"))
      .thenStands("cancelled", "Transfer latePaymentReceived", "ReturnPayment")
      .thenSays(
        { kind: "latePaymentReceived", debit: "gateway", credit: "refundsDue", amountMinor: 100_000 },
        { type: "ReturnPayment", amount: late }
      )
    given(...history, w.succeeded("reservation"))
      .when(w.returned("reservation"))
      .thenStands("cancelled", "Transfer paymentReturned", "Notify DepositReturned")
      .thenSays({ kind: "paymentReturned", debit: "refundsDue", credit: "gateway" })
    given(...history, w.succeeded("reservation"), w.returned("reservation"))
      .when(w.returned("reservation"))
      .thenRecorded("AlreadyKnown")
  })
  test("gives late money back once, whichever word of it comes first", () => {
    const history = [w.sold, w.payReservation, w.depositWindow]
    given(...history)
      .when(w.settled("reservation"))
      .thenStands("cancelled", "Transfer latePaymentReceived", "Transfer paymentSettled", "ReturnPayment")
    given(...history, w.settled("reservation"))
      .when(w.succeeded("reservation"))
      .thenRecorded("AlreadyKnown")
    given(...history)
      .when(w.declined("reservation"))
      .thenStands("cancelled")
  })
  test("gives the second of two deposits back, should a gateway change its mind", () => {
    const history = [w.sold, w.payReservation, w.declined("reservation"), w.payReservation, w.succeeded("reservation", 2)]
    given(...history)
      .when(w.succeeded("reservation", 1))
      .thenStands("reserved.ordering", "Transfer latePaymentReceived", "ReturnPayment")
  })
  test("notes a return it did not order", () =>
    given(...w.toOrdering())
      .when(w.returned("reservation"))
      .thenRecorded("NotOrderedBack"))
  test("knows what has settled, and never undoes anything when a settlement fails", () => {
    const id = w.paymentId("reservation")
    given(...w.toOrdering())
      .when(w.settled("reservation"))
      .thenStands("reserved.ordering", "Transfer paymentSettled")
      .thenKnows({ charges: { [id]: { settlement: "settled" } } })
    given(...w.toDelivered())
      .when(w.settlementFailed("final"))
      .thenStands("delivered", "Transfer paymentSettlementFailed", "RiskCase", "Notify SettlementFailed")
      .thenSays({ kind: "paymentSettlementFailed", debit: "receivables", credit: "gateway" })
      .thenKnows({ handover: { proof: "signature_7" } })
    given(...w.toOrdering(), w.settlementFailed("reservation"))
      .when(w.settled("reservation"))
      .thenRecorded("AlreadyKnown")
    given(...w.toOrdering(), w.settled("reservation"))
      .when(w.settled("reservation"))
      .thenRecorded("AlreadyKnown")
    given(...w.toOrdering(), w.settled("reservation"))
      .when(w.settlementFailed("reservation"))
      .thenStands("reserved.ordering", "Transfer paymentSettlementFailed", "RiskCase", "Notify SettlementFailed")
      .thenSays({ kind: "paymentSettlementFailed", debit: "receivables", credit: "bank" })
  })
})

describe("an order and its final payment", () => {
  test("gives the customer fifteen days, and reminds half way", () =>
    void given(...w.toBuilding())
      .when(w.ready)
      .thenStands(deposited, "IntroduceVehicle", "Notify VehicleReady")
      .thenWaits({ finalPaymentReminder: 7.5 * day, finalPaymentWindow: 15 * day }))
  test("reminds half way", () =>
    void given(...w.toFinalPayment())
      .when(w.finalPaymentReminder)
      .thenStands(deposited, "Notify FinalPaymentReminder"))
  test("does not remind of what has passed", () => {
    const reminder = passed("finalPaymentReminder", "order.manufacturing.awaitingFinalPayment", "2026-04-20T09:00:00.000Z")
    given(...w.toFinalPayment())
      .when(reminder)
      .thenRecorded("PaymentWindowClosed")
  })
  test("takes no final payment before the car is built", () => {
    given(w.sold).when(w.payFinalAmount).thenRefused("NotReadyYet")
    given(...w.toBuilding())
      .when(w.payFinalAmount)
      .thenRefused("NotReadyYet")
    given(...w.toBuilding())
      .when(w.but(w.payFinalAmount, { customerId: w.stranger }))
      .thenRefused("NotYourOrder")
  })
  test("charges the price less the deposit", () =>
    void given(...w.toFinalPayment())
      .when(w.payFinalAmount)
      .thenStands(deposited, "ChargePayment")
      .thenSays({ type: "ChargePayment", paymentId: w.paymentId("final"), kind: "final", amount: w.rest }))
  test("takes one payment at a time, of nobody else, and none too late", () => {
    given(...w.toFinalPayment(), w.payFinalAmount)
      .when(w.payFinalAmount)
      .thenRefused("PaymentInProgress")
    given(...w.toFinalPayment(), w.payFinalAmount, w.parked("ChargePayment"))
      .when(w.payFinalAmount)
      .thenRefused("PaymentOutcomeUnknown")
    given(...w.toFinalPayment())
      .when(w.but(w.payFinalAmount, { customerId: w.stranger }))
      .thenRefused("NotYourOrder")
    given(...w.toFinalPayment())
      .when(w.but(w.payFinalAmount, { at: "2026-04-20T09:00:00.000Z" }))
      .thenRefused("PaymentWindowClosed")
  })
  test("registers only what is paid", () =>
    void given(...w.toFinalPayment(), w.payFinalAmount)
      .when(w.succeeded("final"))
      .thenStands("paid.registering", "Transfer finalPaymentReceived", "Notify FinalPaymentReceived", "RegisterVehicle")
      .thenSays({ kind: "finalPaymentReceived", debit: "gateway", credit: "customerPayments", amountMinor: 3_090_000 }))
  test("believes a final settlement that overtakes the gateway's answer", () =>
    void given(...w.toFinalPayment(), w.payFinalAmount)
      .when(w.settled("final"))
      .thenStands(
        "paid.registering",
        "Transfer finalPaymentReceived",
        "Transfer paymentSettled",
        "Notify FinalPaymentReceived",
        "RegisterVehicle"
      ))
  test("lets the customer try as often as the plan says", () => {
    given(...w.toFinalPayment(), w.payFinalAmount)
      .when(w.declined("final"))
      .thenStands(deposited, "Notify FinalPaymentDeclined")
      .thenWaits({})
    given(...declinedTwice)
      .when(w.payFinalAmount)
      .thenStands(deposited, "ChargePayment")
  })
  test("forfeits the deposit and frees the car in one turn when the last attempt is declined", () =>
    void given(...declinedTwice, w.payFinalAmount)
      .when(w.declined("final", 3))
      .thenStands("forfeited", "Transfer depositForfeited", "StockVehicle", "Notify OrderForfeited")
      .thenSays(
        { kind: "depositForfeited", debit: "customerDeposits", credit: "forfeitedDeposits", amountMinor: 100_000 },
        { type: "StockVehicle", vin: w.vin, reason: "FinalPaymentDeclined" }
      ))
  test("forfeits the deposit and frees the car when the deadline passes", () =>
    void given(...w.toFinalPayment())
      .when(w.finalPaymentWindow)
      .thenStands("forfeited", "Transfer depositForfeited", "StockVehicle", "Notify OrderForfeited")
      .thenKnows({ closedBecause: "FinalPaymentOverdue" }))
  test("is forfeited though a payment is under way, and gives that one back in full", () => {
    const history = [...w.toFinalPayment(), w.payFinalAmount, w.finalPaymentWindow]
    given(...history)
      .when(w.succeeded("final"))
      .thenStands("forfeited", "Transfer latePaymentReceived", "ReturnPayment")
      .thenSays({ type: "ReturnPayment", amount: w.rest, kind: "final" })
    given(...history, w.succeeded("final"))
      .when(w.returned("final"))
      .thenStands("forfeited", "Transfer paymentReturned", "Notify PaymentReturned")
  })
  test("is paid once", () => {
    given(...w.toOrdering())
      .when(w.payReservation)
      .thenRefused("AlreadyPaid")
    given(...w.toPaid())
      .when(w.payFinalAmount)
      .thenRefused("AlreadyPaid")
    given(...w.toDelivered())
      .when(w.payFinalAmount)
      .thenRefused("AlreadyPaid")
    given(...w.toForfeited())
      .when(w.payFinalAmount)
      .thenRefused("OrderClosed")
  })
})

describe("a dispute that was decided before anybody told of it", () => {
  test("is in the books both ways, as the bank has it", () => {
    given(...w.toBuilding())
      .when(w.disputeClosed("reservation", "won"))
      .thenStands("manufacturing.building", "Transfer chargedBack", "Transfer disputeWon")
    given(...w.toBuilding())
      .when(w.disputeClosed("reservation", "lost"))
      .thenStands("manufacturing.building", "Transfer chargedBack", "Transfer disputeLost")
  })
})

describe("a disputed deposit of an order that cannot be delivered", () => {
  const disputed = [...w.toBuilding(), w.disputed("reservation")]
  const cancelled = [...disputed, w.cancelledByFactory]
  test("is not ordered back while the bank has it", () => {
    given(...disputed)
      .when(w.cancelledByFactory)
      .thenStands("cancelled", "Notify OrderCancelled")
  })
  test("goes back when the bank has decided for us", () => {
    given(...cancelled)
      .when(w.disputeClosed("reservation", "won"))
      .thenStands("cancelled", "Transfer disputeWon", "RiskCaseResolution", "Transfer depositReturnOrdered", "ReturnPayment")
    given(...cancelled, w.disputeClosed("reservation", "won"))
      .when(w.returned("reservation"))
      .thenStands("cancelled", "Transfer paymentReturned", "Notify DepositReturned")
  })
  test("is with the customer already when the bank has decided for them", () => {
    given(...cancelled)
      .when(w.disputeClosed("reservation", "lost"))
      .thenStands("cancelled", "Transfer disputeLost", "RiskCaseResolution", "Transfer depositWaived")
      .thenSays({ kind: "depositWaived", debit: "customerDeposits", credit: "badDebts", amountMinor: 100_000 })
    given(...disputed, w.disputeClosed("reservation", "lost"))
      .when(w.cancelledByFactory)
      .thenStands("cancelled", "Transfer depositWaived", "Notify OrderCancelled")
      .thenSays({ kind: "depositWaived", debit: "customerDeposits", credit: "badDebts", amountMinor: 100_000 })
  })
  test("that a later word of failure overtakes is waived when the dispute ends", () => {
    given(...cancelled, w.settlementFailed("reservation"))
      .when(w.disputeClosed("reservation", "lost"))
      .thenStands("cancelled", "RiskCaseResolution", "Transfer depositWaived", "RiskCaseResolution")
      .thenSays({ kind: "depositWaived", debit: "customerDeposits", credit: "receivables", amountMinor: 100_000 })
  })
})

describe("a customer who leaves", () => {
  test("loses nothing before the deposit is paid", () =>
    void given(w.sold)
      .when(w.cancelled)
      .thenStands("cancelled", "Notify OrderCancelled")
      .thenKnows({ closedBecause: "CancelledByCustomer" }))
  test("sends a stock car back to stock", () =>
    void given(w.soldFromStock).when(w.cancelled).thenStands("cancelled", "StockVehicle", "Notify OrderCancelled"))
  test("loses the deposit while the factory is at it, as after a failed final payment", () => {
    for (const history of [w.toOrdering(), w.toUnknown(), w.toBuilding()])
      given(...history)
        .when(w.cancelled)
        .thenStands("forfeited", "Transfer depositForfeited", "Notify OrderForfeited")
    given(...w.toFinalPayment())
      .when(w.cancelled)
      .thenStands("forfeited", "Transfer depositForfeited", "StockVehicle", "Notify OrderForfeited")
  })
  test("leaves a car that is built later to stock", () => {
    given(...w.toBuilding(), w.cancelled)
      .when(w.ready)
      .thenStands("forfeited", "IntroduceVehicle")
      .thenSays({ vin: w.vin, assigned: false })
    given(...w.toOrdering(), w.cancelled)
      .when(w.accepted)
      .thenStands("forfeited")
      .thenKnows({ factory: { stage: "accepted" } })
    given(...w.toOrdering(), w.cancelled)
      .when(w.refusedByFactory)
      .thenStands("forfeited")
      .thenKnows({ factory: { stage: "cancelled" } })
    given(...w.toBuilding(), w.cancelled, w.ready)
      .when(w.ready)
      .thenRecorded("AlreadyKnown")
  })
  test("cannot leave a car that is paid, or delivered, or an order that is over", () => {
    given(...w.toPaid())
      .when(w.cancelled)
      .thenRefused("AlreadyPaid")
    given(...w.toTransit())
      .when(w.cancelled)
      .thenRefused("AlreadyPaid")
    given(...w.toDelivered())
      .when(w.cancelled)
      .thenRefused("AlreadyDelivered")
    given(...w.toCancelled())
      .when(w.cancelled)
      .thenRefused("OrderClosed")
  })
})
