/**
 * Activation: one purchased service, from the customer's click to its end. Two regions, side by side:
 *
 *   service   pending: paying → configuring ⇄ waitingForParking ──→ active ─→ ended
 *                        ↑          ↓ a try failed          ┌──↑
 *                        └────── retry ─→ escalated: open → giving | closed      withdrawn  cancelled  declined
 *   money     free  authorising ⇄ actionRequired → authorised → capturing → captured → refunding → refunded
 *                   mandating → mandated → charging → captured | owed        voiding → voided   declined
 *
 * Money follows the service: it is taken when the car has confirmed, and let go or given back when nobody may keep it.
 * The one door the service waits at for money is `pending.paying`. Closed is not deaf: late money goes back.
 */
import {
  activation,
  arrives,
  askAgain,
  askForHold,
  askForMandate,
  bankAnswers,
  becomesActive,
  blameOurselves,
  capture,
  charge,
  close,
  closeCase,
  confirmReturn,
  drop,
  giveBack,
  goesBack,
  keepActionUrl,
  keepConfirmation,
  known,
  markDeclined,
  markGranted,
  markLapsed,
  markLost,
  markSettlement,
  markVoided,
  moneyGone,
  notify,
  openCase,
  opened,
  prolongTry,
  record,
  refuse,
  renewHold,
  returnCaptured,
  takenAtOnce,
  toTheCustomer,
  tryFails,
  tryNext,
  tryUnderWay,
  unbelievedPayment,
  underWay,
  voidCurrent,
  voidLate,
  wantGift,
  withdrawal
} from "./activation-rules.ts"

export * from "./activation-messages.ts"
export type {
  ActivationContext,
  ActivationRefusal,
  ActivationRemark,
  ServiceClosing,
  ServicePayment
} from "./activation-rules.ts"

// ── The chart ─────────────────────────────────────────────────────────────────────────────────────────────────────

export const activationMachine = activation.createMachine({
  id: "activation",
  type: "parallel",
  context: ({ input }) => opened(input),
  states: {
    service: {
      initial: "pending",
      states: {
        pending: {
          initial: "paying",
          always: moneyGone,
          on: underWay,
          states: {
            paying: {
              always: [
                { guard: "moneyIsSecured", target: "configuring" },
                { guard: "holdTooShortAgain", target: "#activation.service.declined", actions: close("HoldTooShort") }
              ],
              after: { paymentWindow: { target: "#activation.service.declined", actions: close("PaymentTimedOut") } }
            },
            configuring: {
              entry: tryNext,
              after: { acknowledgement: tryFails },
              on: {
                ...tryUnderWay,
                OptionDelayed: { guard: "ofThisOption", target: "waitingForParking" }
              }
            },
            waitingForParking: {
              entry: prolongTry,
              after: { parkingPatience: tryFails },
              on: { ...tryUnderWay, OptionDelayed: { guard: "ofThisOption", actions: record("AlreadyKnown") } }
            }
          }
        },
        retry: {
          after: { backoff: "pending.paying" }, // Where the money is looked at again: a try may not outlive its hold.
          always: moneyGone,
          on: { ...underWay, CommandParked: { guard: "wantParked", actions: blameOurselves } }
        },
        active: {
          after: {
            serviceEnd: [
              { guard: "termIsOver", target: "ended", actions: close("TermEnded") },
              { target: "active", reenter: true }
            ]
          },
          on: {
            RequestWithdrawal: withdrawal,
            CancelService: [
              { guard: "askedByAStranger", actions: refuse("NotYourService") },
              { guard: "isRecurring", target: "ended", actions: close("CancelledByCustomer") },
              { actions: refuse("NotRecurring") }
            ],
            OwnershipChanged: [
              { guard: "isRecurring", target: "ended", actions: close("VehicleSold") },
              { actions: record("StaysWithTheCar") }
            ],
            VehicleStolen: { actions: record("StaysWithTheCar") },
            OptionConfirmed: [
              { guard: "prolongs", target: "active", reenter: true, actions: keepConfirmation },
              { guard: "confirms", actions: record("AlreadyActive") }
            ],
            OptionRejected: { actions: record("AlreadyActive") },
            OptionDelayed: { actions: record("AlreadyActive") }
          }
        },
        escalated: {
          entry: [openCase, drop, notify("ServiceFailed")],
          initial: "open",
          states: {
            open: {
              on: {
                RequestWithdrawal: withdrawal,
                ResolveSupportCase: [
                  { guard: "asAGift", target: "giving", actions: [closeCase, notify("ServiceGiven")] },
                  { target: "closed", actions: closeCase }
                ]
              }
            },
            giving: {
              entry: wantGift,
              after: { giftRenewal: { target: "giving", reenter: true } },
              on: { RequestWithdrawal: withdrawal, OptionConfirmed: becomesActive }
            },
            closed: { tags: "closed" }
          },
          on: {
            CancelService: toTheCustomer("NotActive"),
            VehicleStolen: { actions: record("WithSupport") },
            OwnershipChanged: { actions: record("WithSupport") },
            OptionRejected: { actions: record("WithSupport") },
            OptionDelayed: { actions: record("WithSupport") }
          }
        },
        ended: {
          tags: "closed",
          entry: [drop, notify("ServiceEnded")],
          on: { RequestWithdrawal: withdrawal }
        },
        withdrawn: { tags: "closed", entry: [drop, notify("WithdrawalAccepted")] },
        cancelled: { tags: "closed", entry: [drop, notify("ServiceCancelled")] },
        declined: { tags: "closed", entry: [drop, notify("ServicePaymentDeclined")] }
      }
    },
    money: {
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
          on: { ...bankAnswers, PaymentCaptured: goesBack, PaymentSettled: goesBack }
        },
        authorised: {
          always: [
            { guard: "served", target: "capturing" },
            { guard: "unneeded", target: "voiding" },
            { guard: "needsNewHold", target: "authorising", actions: renewHold }
          ],
          on: {
            PaymentVoided: { guard: "holdLapsed", actions: markLapsed },
            PaymentCaptured: goesBack,
            PaymentSettled: goesBack
          }
        },
        capturing: {
          entry: capture,
          on: {
            PaymentCaptured: arrives,
            PaymentSettled: arrives,
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
            { guard: "servedOnce", target: "charging" } // What recurs is charged at the month's end (mes vencido).
          ]
        },
        charging: {
          entry: charge,
          on: {
            PaymentCaptured: arrives,
            PaymentSettled: arrives,
            PaymentDeclined: { guard: "currentRefused", target: "owed", actions: markDeclined }
          }
        },
        captured: {
          always: [
            { guard: "unneededAndUnsettled", target: "declined" }, // It never came, so nothing of it goes back.
            { guard: "unneeded", target: "refunding", actions: returnCaptured }
          ]
        },
        owed: {
          always: { guard: "unneeded", target: "declined" },
          on: { PaymentCaptured: arrives, PaymentSettled: arrives }
        },
        voiding: {
          entry: voidCurrent,
          on: {
            PaymentVoided: { guard: "currentAnswered", target: "voided", actions: markVoided },
            PaymentCaptured: goesBack,
            PaymentSettled: goesBack
          }
        },
        voided: {
          on: {
            PaymentAuthorised: { guard: "currentHeld", target: "voiding" },
            PaymentCaptured: goesBack,
            PaymentSettled: goesBack
          }
        },
        refunding: { on: { PaymentReturned: { guard: "currentOrderedBack", target: "refunded", actions: confirmReturn } } },
        refunded: {},
        declined: {
          always: { guard: "served", target: "charging" }, // A new hold was declined after the car had confirmed.
          on: {
            PaymentAuthorised: { guard: "currentHeld", target: "voiding" },
            PaymentCaptured: goesBack,
            PaymentSettled: goesBack
          }
        }
      }
    }
  },

  // What no state answers differently. Every message has its line here, so no cell of the table is silent.
  on: {
    OptionPurchased: known,
    RequestWithdrawal: toTheCustomer("AlreadyClosed"),
    CancelService: toTheCustomer("AlreadyClosed"),
    ResolveSupportCase: [{ guard: "hadSupportCase", actions: refuse("SupportCaseClosed") }, { actions: refuse("NoSupportCase") }],

    PaymentAuthorised: [...unbelievedPayment, { guard: "lateHold", actions: voidLate }, known],
    PaymentActionRequired: [{ guard: "paymentUnknown", actions: record("UnknownPayment") }, { actions: record("OlderThanKnown") }],
    PaymentDeclined: [
      { guard: "paymentUnknown", actions: record("UnknownPayment") },
      { guard: "refusalIsNews", actions: markDeclined },
      { actions: record("OlderThanKnown") }
    ],
    PaymentCannotBeHeld: [{ guard: "paymentUnknown", actions: record("UnknownPayment") }, { actions: record("OlderThanKnown") }],
    MandateGranted: [
      { guard: "paymentUnknown", actions: record("UnknownPayment") },
      { guard: "refusalIsNews", actions: markGranted },
      known
    ],
    PaymentCaptured: [...unbelievedPayment, { guard: "moneyArrived", actions: giveBack }, known],
    CaptureFailed: [{ guard: "paymentUnknown", actions: record("UnknownPayment") }, { actions: record("OlderThanKnown") }],
    PaymentVoided: [
      { guard: "paymentUnknown", actions: record("UnknownPayment") },
      { guard: "voidIsNews", actions: markVoided },
      known
    ],
    PaymentReturned: [
      ...unbelievedPayment,
      { guard: "orderedBack", actions: confirmReturn },
      { guard: "alreadyReturned", ...known },
      { actions: record("NotOrderedBack") }
    ],
    PaymentSettled: [
      ...unbelievedPayment,
      { guard: "moneyArrived", actions: giveBack },
      { guard: "settlementIsNews", actions: markSettlement },
      known
    ],
    PaymentSettlementFailed: [...unbelievedPayment, { guard: "settlementIsNews", actions: markSettlement }, known],

    OptionConfirmed: [
      { guard: "anotherOption", actions: record("AnotherOption") },
      { guard: "neverWanted", actions: record("NotAskedFor") },
      { actions: record("TooLate") } // The car switches it off again: it was told to drop it.
    ],
    OptionRejected: [{ guard: "anotherOption", actions: record("AnotherOption") }, { actions: record("OlderThanKnown") }],
    OptionDelayed: [{ guard: "anotherOption", actions: record("AnotherOption") }, { actions: record("OlderThanKnown") }],
    VehicleStolen: { actions: record("AlreadyClosed") },
    OwnershipChanged: { actions: record("AlreadyClosed") },
    CommandParked: { actions: record("WaitsForAnOperator") }
  }
})
