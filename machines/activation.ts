/**
 * Activation: one purchased service, from the customer's click to its end. Two regions, side by side:
 *
 *   service   pending: paying → configuring ⇄ waitingForParking ──→ active ─→ ended
 *                        ↑          ↓ a try failed          ┌──↑
 *                        └────── retry ─→ escalated: open → giving | closed      withdrawn  cancelled  declined
 *   money     in machines/activation-money-region.ts: asked for, taken, billed by the month, owed, given back
 *
 * Money follows the service: it is taken when the car has confirmed, and let go or given back when nobody may keep it.
 * The one door the service waits at for money is `pending.paying`. Closed is not deaf: late money goes back.
 */
import { opened } from "./activation-context.ts"
import {
  chargeBack,
  closeDispute,
  confirmReturn,
  decideDispute,
  dismiss,
  giveBack,
  keepSettlement,
  markDeclined,
  markGranted,
  markLost,
  markVoided,
  payOut,
  receiveOldBill,
  returnFails,
  unbelievedPayment,
  undoSale,
  voidLate,
  writeOff
} from "./activation-money.ts"
import { money } from "./activation-money-region.ts"
import { activation, known, notify, record, refuse, toTheCustomer } from "./activation-rules.ts"
import {
  acknowledge,
  becomesActive,
  blameOurselves,
  close,
  closeCase,
  drop,
  keepConfirmation,
  markEnded,
  moneyGone,
  openCase,
  prolongTry,
  tryFails,
  tryNext,
  tryUnderWay,
  underWay,
  wantGift,
  withdrawal
} from "./activation-service.ts"

export type {
  ActivationContext,
  ActivationRefusal,
  ActivationRemark,
  Bill,
  ServiceClosing,
  ServicePayment
} from "./activation-context.ts"
export * from "./activation-messages.ts"

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
          entry: [markEnded, drop, notify("ServiceEnded")],
          on: { RequestWithdrawal: withdrawal }
        },
        withdrawn: { tags: "closed", entry: [drop, acknowledge] },
        cancelled: { tags: "closed", entry: [drop, notify("ServiceCancelled")] },
        declined: { tags: "closed", entry: [drop, notify("ServicePaymentDeclined")] }
      }
    },
    money
  },

  // What no state answers differently. Every message has its line here, so no cell of the table is silent.
  on: {
    OptionPurchased: known,
    RequestWithdrawal: toTheCustomer("AlreadyClosed"),
    CancelService: toTheCustomer("AlreadyClosed"),
    PayDebt: toTheCustomer("NothingOwed"),
    ResolveRiskCase: [
      { guard: "riskCaseUnknown", actions: refuse("NoRiskCase") },
      { guard: "riskCaseClosed", actions: refuse("RiskCaseClosed") },
      { guard: "writesOffBill", actions: writeOff },
      { guard: "writesOffLoss", actions: writeOff },
      { guard: "paidOut", actions: payOut },
      { guard: "dismisses", actions: dismiss },
      { actions: refuse("NotThisKindOfCase") }
    ],
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
    PaymentCaptured: [
      ...unbelievedPayment,
      { guard: "paysOldBill", actions: receiveOldBill },
      { guard: "arrivedToGoBack", actions: giveBack },
      { guard: "arrivedInVain", actions: markLost },
      known
    ],
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
      { guard: "paysOldBill", actions: receiveOldBill },
      { guard: "arrivedToGoBack", actions: giveBack },
      { guard: "settlementIsNews", actions: keepSettlement },
      known
    ],
    PaymentSettlementFailed: [...unbelievedPayment, { guard: "settlementIsNews", actions: keepSettlement }, known],
    PaymentDisputed: [
      ...unbelievedPayment,
      { guard: "disputable", actions: chargeBack },
      { guard: "neverTaken", actions: record("NeverTaken") },
      known
    ],
    DisputeClosed: [
      ...unbelievedPayment,
      { guard: "wonBackInVain", actions: [closeDispute, undoSale] },
      { guard: "disputeIsOpen", actions: closeDispute },
      { guard: "disputable", actions: decideDispute }, // It overtook the word that there is one.
      { guard: "neverTaken", actions: record("NeverTaken") },
      known
    ],
    RefundFailed: [
      ...unbelievedPayment,
      { guard: "returnFails", actions: returnFails },
      { guard: "alreadyReturned", ...known },
      { actions: record("NotOrderedBack") }
    ],

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
