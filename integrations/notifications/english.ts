/** What customers are told, in English: a subject and plain sentences. `{fact}` stands for a fact that the occasion brings. */
import type { Fact, Occasion } from "./occasions.ts"

export const english: Readonly<Record<Occasion, readonly [subject: string, text: string]>> = {
  DepositReceived: ["We have your deposit", "Thank you. Your car is ordered from the factory; we will tell you of every step."],
  DepositDeclined: ["Your bank declined the deposit", "You may try again with this or another method while the period lasts."],
  OrderCancelled: ["Your order is cancelled", "Whatever you had paid goes back to the same method, as your contract says."],
  VehicleReady: ["Your car is ready", "To register and deliver it, the final payment is due. You can make it in the portal."],
  FinalPaymentReminder: [
    "Reminder: final payment",
    "Your car is waiting. If the period ends without the final payment, the deposit is lost."
  ],
  FinalPaymentDeclined: ["Your bank declined the final payment", "Please try again before the period ends."],
  FinalPaymentReceived: ["We have your final payment", "We are now registering your car."],
  OrderForfeited: [
    "The period for the final payment has ended",
    "The car becomes dealership stock and the deposit is lost, as your contract says."
  ],
  PapersNeeded: ["Papers are missing", "The authority asks for more papers. Your dealership will tell you which."],
  VehicleRegistered: ["Your car is registered", "It has its plate. We are preparing the transport."],
  OnItsWay: [
    "Your car is on its way",
    "It is handed over in person. If nobody is there it returns to the dealership; it is never left in the street."
  ],
  CustomerWasAbsent: ["We did not find you", "The car returns to the dealership, where you can pick it up."],
  ReadyForPickup: ["You can pick up your car", "It is waiting at your dealership."],
  PickupReminder: ["Your car is still waiting", "It is waiting at your dealership."],
  HandedOver: ["Enjoy your car", "The handover is confirmed. The base platform is active."],
  DepositReturned: ["We returned your deposit", "It goes back to the same method."],
  PaymentReturned: ["We returned your payment", "It goes back to the same method."],

  PurchaseConfirmed: [
    "Your purchase is confirmed",
    "You bought {option} for your car {vin}. The terms and the withdrawal form are in your purchase file."
  ],
  PaymentActionRequired: [
    "Confirm the payment with your bank",
    "Your bank asks you to confirm the payment of the service. You can do so in the app."
  ],
  PaymentConfirmationNeeded: [
    "Your bank asks you to confirm a payment",
    "The charge for {option} waits for your confirmation. You can give it in the portal; meanwhile the service stays active."
  ],
  ServicePaymentDeclined: ["The payment did not go through", "The service was not activated, and you are charged nothing."],
  ServiceActive: ["Your service is active", "Your car has confirmed it."],
  ServiceDelayed: [
    "Your service takes a little longer",
    "Your car has not answered yet. We try again; until then nothing is charged."
  ],
  ServiceRetrying: ["We are trying again", "Your car is asked once more to switch on {option}. You need not do anything."],
  ServiceFailed: ["We could not activate your service", "Our technical support takes care of it. You are charged nothing."],
  ServiceGiven: ["Your service is on us", "It becomes active as soon as your car answers, and is not charged."],
  ServiceCancelled: ["Your service is cancelled", "Nothing is charged for what you did not receive."],
  ServiceEnded: ["Your service has ended", "Your car switches it off as soon as it knows."],
  WithdrawalAcknowledged: [
    "We received your withdrawal",
    "This acknowledges your withdrawal from {option}. The receipt is attached, and is in your purchase file."
  ],
  WithdrawalAccepted: ["Your withdrawal is confirmed", "The contract is void. Whatever you had paid goes back to the same method."],
  ServicePaymentReturned: ["We returned your payment", "It goes back to the same method."],
  MonthBilled: [
    "Your invoice for {month}",
    "We charge {amount} for {option}, as used in that month. The invoice is in your purchase file."
  ],
  PaymentOverdue: [
    "We could not collect the payment for your service",
    "We will try again. You may change the payment method of {option} in the portal; the service stays active."
  ],
  PaymentUncollected: [
    "Your service ends because it was not paid",
    "We could not collect the payment for {option}, and it is not renewed. Your car goes on working as ever; what is due stands in the portal."
  ],
  SettlementFailed: [
    "Your bank returned a payment",
    "A payment that counted as made has not reached us. In the portal you can repeat it with another method."
  ],
  RefundDelayed: [
    "Your refund takes longer than planned",
    "The money is yours, and we are taking care of it. We will tell you when it is done."
  ],

  PhoneLinked: ["A phone is linked to your car", "If it was not you, unlink it in the portal."],
  PhoneUnlinked: ["The phone is no longer linked", "Your car does not obey that phone any more."],
  TheftReported: ["Your car is reported stolen", "We stopped what was pending, and closed the link and purchases."],
  TheftEnded: ["The theft report is lifted", "You may link your phone and buy services again."],
  WarrantyLost: ["The warranty is lost", "A mandatory service was missed. Your car and your services go on working."],
  VehicleTransferred: ["Your car has a new owner", "What is permanent stays with the car; what recurs has ended."]
}

/** How each fact is called where it stands below the words. */
export const englishLabels: Readonly<Record<Fact, string>> = {
  handoverPin: "Handover PIN",
  option: "Service",
  vin: "Car",
  orderId: "Order",
  activationId: "Reference",
  month: "Month",
  amount: "Amount",
  attempt: "Try",
  until: "Until (UTC)",
  at: "Date (UTC)"
}
