/**
 * The money of a purchased service, side by side with the service itself (machines/activation.ts):
 *
 *   free   authorising ⇄ actionRequired → authorised → capturing → captured → refunding → refunded
 *          mandating → mandated → charging ⇄ confirming           ↓ ↑ it bounced     ↓ it did not arrive
 *                         ↓    ↗  ↓ asked in vain                owed              refundFailed → refunded
 *                       running   owed ⇄ charging … uncollected → writtenOff      voiding → voided   declined
 *                         ↓ nothing left to bill
 *                       billed
 *
 * It is taken when the car has confirmed, month by month where the service recurs (mes vencido), and let go or given back when
 * nobody may keep it. Whatever is owed, nothing here is ever said to the car.
 */
import {
  alarm,
  arrives,
  askAgain,
  askForHold,
  askForMandate,
  bankAnswers,
  billMonth,
  bounce,
  capture,
  charge,
  chargeFails,
  goesBack,
  handToFinance,
  keepActionUrl,
  markDeclined,
  markGranted,
  markLapsed,
  markLost,
  markVoided,
  priceArrives,
  renewHold,
  setDebtAside,
  takeMethod,
  takenAtOnce,
  takeUpBill,
  undone,
  undoSale,
  voidCurrent,
  writeOff
} from "./activation-money.ts"
import { activation, notify, refuse } from "./activation-rules.ts"

const toTheBank = { guard: "askedByAStranger", actions: refuse("NotYourService") } as const
const paysDebt = [toTheBank, { target: "#activation.money.charging", actions: takeMethod }] as const
const paysOldMonth = [
  toTheBank,
  { guard: "hasUncollectedBill", target: "#activation.money.charging", actions: [takeMethod, takeUpBill] },
  { actions: refuse("NothingOwed") }
] as const
const bankIsAsked = [toTheBank, { actions: refuse("PaymentInProgress") }] as const
const ofLateMoney = {
  PaymentCaptured: [goesBack, { guard: "currentInVain", target: "#activation.money.declined", actions: markLost }],
  PaymentSettled: goesBack
} as const
const ofMoneyAsked = { PaymentCaptured: arrives, PaymentSettled: arrives } as const
const ofThePrice = { PaymentCaptured: priceArrives, PaymentSettled: priceArrives } as const
/** Of a charge: the bank says no, or lets it go by itself. */
const chargeIsRefused = {
  PaymentDeclined: { guard: "currentRefused", target: "#activation.money.owed", actions: [markDeclined, chargeFails] },
  PaymentVoided: { guard: "currentRefused", target: "#activation.money.owed", actions: [markVoided, chargeFails] }
} as const
/** Whatever becomes of a refund is heard at the root; where its money stands follows. */
const goingBack = { guard: "moneyGoesBack", target: "#activation.money.refunding" } as const
const notArrived = { guard: "moneyDidNotArrive", target: "#activation.money.refundFailed" } as const

export const money = activation.createStateConfig({
  initial: "free",
  states: {
    free: {
      always: [
        { guard: "cannotPay", target: "declined" },
        { guard: "paysByHold", target: "authorising" },
        { guard: "paysByMandate", target: "mandating" }
      ]
    },
    authorising: {
      entry: askForHold,
      always: { guard: "unneeded", target: "voiding" },
      on: {
        ...bankAnswers,
        PaymentActionRequired: {
          guard: "currentAnswered",
          target: "actionRequired",
          actions: [keepActionUrl, notify("PaymentActionRequired")]
        },
        PaymentCaptured: takenAtOnce,
        PaymentSettled: takenAtOnce
      }
    },
    actionRequired: {
      always: [
        { guard: "unneeded", target: "voiding" },
        { guard: "served", target: "charging" } // The car confirmed meanwhile: nobody waits for the bank any more.
      ],
      after: { paymentQuestion: { target: "actionRequired", reenter: true, actions: askAgain } },
      on: { ...bankAnswers, ...ofLateMoney }
    },
    authorised: {
      always: [
        { guard: "served", target: "capturing" },
        { guard: "unneeded", target: "voiding" },
        { guard: "needsNewHold", target: "authorising", actions: renewHold }
      ],
      on: { PaymentVoided: { guard: "holdLapsed", actions: markLapsed }, ...ofLateMoney }
    },
    capturing: {
      entry: capture,
      on: {
        ...ofThePrice,
        CaptureFailed: [
          { guard: "lostWhileServed", target: "charging", actions: markLost },
          { guard: "currentAnswered", target: "voided", actions: markLost }
        ]
      }
    },
    mandating: {
      entry: askForMandate,
      always: { guard: "unneeded", target: "voided" }, // A mandate holds nothing.
      on: {
        MandateGranted: { guard: "currentAnswered", target: "mandated", actions: markGranted },
        PaymentDeclined: { guard: "currentRefused", target: "declined", actions: markDeclined }
      }
    },
    mandated: {
      always: [
        { guard: "unneeded", target: "voided" },
        { guard: "servedOnce", target: "charging" },
        { guard: "servedMonthly", target: "running" }
      ]
    },
    running: {
      always: [
        { guard: "bouncedBefore", target: "owed", actions: bounce },
        ...undone("voided"),
        { guard: "nothingLeftToBill", target: "billed" }
      ],
      after: {
        monthEnd: [
          { guard: "monthIsFree", target: "running", reenter: true, actions: billMonth },
          { target: "charging", actions: billMonth }
        ]
      },
      on: { PayDebt: paysOldMonth, PaymentSettlementFailed: { guard: "monthBounces", target: "owed", actions: bounce } }
    },
    charging: {
      entry: charge,
      on: {
        ...ofMoneyAsked,
        PaymentActionRequired: {
          guard: "currentRefused",
          target: "confirming",
          actions: [keepActionUrl, notify("PaymentConfirmationNeeded")]
        },
        ...chargeIsRefused,
        PayDebt: bankIsAsked
      }
    },
    confirming: {
      always: { guard: "unneeded", target: "voiding", actions: undoSale },
      after: { confirmationPatience: { target: "owed", actions: [voidCurrent, chargeFails] } },
      on: {
        ...ofMoneyAsked,
        ...chargeIsRefused,
        PayDebt: bankIsAsked
      }
    },
    owed: {
      always: [...undone("declined"), { guard: "askedEnough", target: "uncollected" }],
      after: { dunningPause: "charging" },
      on: {
        ...ofMoneyAsked,
        PayDebt: paysDebt,
        ResolveRiskCase: { guard: "writesOffDebt", target: "writtenOff", actions: writeOff }
      }
    },
    uncollected: {
      entry: handToFinance,
      always: [...undone("declined"), { guard: "isRecurring", target: "running", actions: setDebtAside }],
      on: {
        ...ofThePrice,
        PayDebt: paysDebt,
        ResolveRiskCase: { guard: "writesOffDebt", target: "writtenOff", actions: writeOff }
      }
    },
    writtenOff: { always: { guard: "isRecurring", target: "running" } },
    captured: {
      always: [
        { guard: "bouncedBefore", target: "owed", actions: bounce },
        { guard: "unneededAndKept", target: "refunding", actions: undoSale },
        { guard: "unneededAndLost", target: "declined" } // It is with the customer already: nothing goes back.
      ],
      on: { PaymentSettlementFailed: { guard: "bounces", target: "owed", actions: bounce } }
    },
    billed: {
      always: undone("voided"),
      on: { PayDebt: paysOldMonth, PaymentSettlementFailed: { guard: "monthBounces", target: "owed", actions: bounce } }
    },
    voiding: {
      entry: voidCurrent,
      on: {
        PaymentVoided: { guard: "currentAnswered", target: "voided", actions: markVoided },
        ...ofLateMoney
      }
    },
    voided: { always: goingBack, on: { PaymentAuthorised: { guard: "currentHeld", target: "voiding" }, ...ofLateMoney } },
    refunding: {
      always: [notArrived, { guard: "moneyWentBack", target: "refunded" }],
      after: {
        refundReminder: { actions: alarm(7) },
        refundWarning: { actions: alarm(10) },
        refundDeadline: { actions: alarm(14) }
      }
    },
    refundFailed: { always: [goingBack, { guard: "moneyWentBack", target: "refunded" }] },
    refunded: { always: [goingBack, notArrived] },
    declined: {
      always: [{ guard: "served", target: "charging" }, goingBack], // A new hold was declined after the car had confirmed.
      on: { PaymentAuthorised: { guard: "currentHeld", target: "voiding" }, ...ofLateMoney }
    }
  }
})
