/** Where a purchased service can stand, by the name the table uses, with a history that leads there; and what is said to it. */
import * as a from "./activation-words.ts"
import { withdrawn } from "./activation-words.ts"
import type { Said } from "./scenario.ts"
import * as w from "./words.ts"

const renewed: a.Past = [...a.toConfiguring(), a.voided(), a.acknowledgement, a.backoff]

export const situations: Readonly<Record<string, a.Past>> = {
  paying: [a.purchased()],
  atTheBank: [a.purchased(), a.actionRequired()],
  mandating: [a.purchased(), a.cannotBeHeld()],
  configuring: a.toConfiguring(),
  configuringByMandate: a.toMandated(),
  configuringForFree: [a.purchased(a.trial)],
  waitingForParking: [...a.toConfiguring(), a.delayed()],
  retry: a.toRetry(),
  renewing: renewed,
  capturing: a.toCapturing(),
  charging: [...a.toMandated(), a.confirmed()],
  active: a.toActive(),
  permanent: a.toActive(a.permanent),
  monthly: a.toMonthly(),
  owed: [...a.toMandated(), a.confirmed(), a.declined(3)],
  escalated: a.toEscalated(),
  giving: [...a.toEscalated(), a.voided(), a.resolved("gift")],
  given: [...a.toEscalated(), a.voided(), a.resolved("gift"), a.confirmed()],
  uncharged: [...a.toEscalated(), a.voided(), a.resolved("uncharged")],
  ended: [...a.toActive(), a.serviceEnd()],
  withdrawnVoiding: [...a.toRetry(), withdrawn()],
  withdrawnCapturing: [...a.toCapturing(), withdrawn()],
  withdrawnRefunding: [...a.toActive(), withdrawn()],
  withdrawnRefunded: [...a.toActive(), withdrawn(), a.returned()],
  cancelled: [...a.toRetry(), a.stolen, a.voided()],
  declined: [a.purchased(), a.declined()]
}

/** Every message of an activation, in the variants that matter everywhere. */
export const sayings: Readonly<Record<string, Said>> = {
  OptionPurchased: a.purchased(),
  RequestWithdrawal: withdrawn(),
  "RequestWithdrawal after day 14": withdrawn("2026-03-17T00:00:00.000Z"),
  "RequestWithdrawal by a stranger": w.but(withdrawn(), { customerId: w.stranger }),
  CancelService: a.cancelled,
  "CancelService by a stranger": w.but(a.cancelled, { customerId: w.stranger }),
  "ResolveSupportCase uncharged": a.resolved("uncharged"),
  "ResolveSupportCase as a gift": a.resolved("gift"),
  PaymentAuthorised: a.authorised(),
  "PaymentAuthorised of another amount": w.but(a.authorised(), { amount: a.anotherPrice }),
  PaymentActionRequired: a.actionRequired(),
  PaymentDeclined: a.declined(),
  PaymentCannotBeHeld: a.cannotBeHeld(),
  "MandateGranted of the second question": a.granted(2),
  PaymentCaptured: a.captured(),
  "PaymentCaptured of the third question": a.captured(3),
  "PaymentCaptured of another amount": w.but(a.captured(), { amount: a.anotherPrice }),
  CaptureFailed: a.captureFailed(),
  PaymentVoided: a.voided(),
  PaymentReturned: a.returned(),
  "PaymentReturned of another amount": w.but(a.returned(), { amount: a.anotherPrice }),
  PaymentSettled: a.settled(),
  PaymentSettlementFailed: a.settlementFailed(),
  OptionConfirmed: a.confirmed(),
  "OptionConfirmed for longer": a.confirmed("2026-03-09T11:00:00.000Z"),
  "OptionConfirmed of another option": a.confirmed(null, a.anotherOption),
  OptionRejected: a.rejected(),
  "OptionRejected of another option": a.rejected(a.anotherOption),
  OptionDelayed: a.delayed(),
  "OptionDelayed of another option": a.delayed(a.anotherOption),
  VehicleStolen: a.stolen,
  OwnershipChanged: a.sold,
  "CommandParked: WantOption": a.parked("WantOption"),
  "CommandParked: CapturePayment": a.parked("CapturePayment")
}
