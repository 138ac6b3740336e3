/** The whole table: what each message does in each situation of a purchased service. One line per outcome, with where it happens; `handled` alone: it stays where it stood. */

const asking = "paying atTheBank mandating"
const trying = "configuring configuringByMandate configuringForFree waitingForParking"
const askedInVain = "owed uncollected writtenOff confirming"
const months = "monthEnd monthPaid monthOwed monthUncollected"
const running = `capturing charging active permanent monthly ${askedInVain} ${months}`
const supported = "escalated giving given uncharged"
const withdrawn = "withdrawnVoiding withdrawnCapturing withdrawnRefunding withdrawnRefunded withdrawnDisputed withdrawnUnreturned"
const over = "cancelled declined"
const everywhere = `${asking} ${trying} retry renewing ${running} ${supported} ended billed ${withdrawn} ${over}`
const paidFor = everywhere.replace("configuringForFree ", "")

export const activationTable: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  OptionPurchased: {
    "recorded AlreadyKnown": everywhere
  },
  RequestWithdrawal: {
    "handled → money.voiding service.withdrawn":
      "paying atTheBank configuring waitingForParking retry renewing confirming escalated",
    "handled → money.voided service.withdrawn": "mandating configuringByMandate monthly monthUncollected giving given",
    "handled → money.free service.withdrawn": "configuringForFree",
    "handled → money.capturing service.withdrawn": "capturing",
    "handled → money.charging service.withdrawn": "charging monthEnd",
    "handled → money.refunding service.withdrawn": "active permanent monthPaid ended billed",
    "handled → money.declined service.withdrawn": "owed uncollected monthOwed",
    "handled → money.writtenOff service.withdrawn": "writtenOff",
    "refused AlreadyClosed": `uncharged ${withdrawn} ${over}`
  },
  "RequestWithdrawal after day 14": {
    "refused WithdrawalPeriodExpired": `${asking} ${trying} retry renewing ${running} escalated giving given ended billed`,
    "refused AlreadyClosed": `uncharged ${withdrawn} ${over}`
  },
  "RequestWithdrawal by a stranger": {
    "refused NotYourService": everywhere
  },
  CancelService: {
    "refused NotRecurring": `${asking} ${trying} retry renewing capturing charging active permanent ${askedInVain} given`,
    "handled → money.running service.ended": "monthly",
    "handled → money.charging service.ended": "monthEnd",
    "handled → money.billed service.ended": "monthPaid monthUncollected",
    "handled → money.owed service.ended": "monthOwed",
    "refused NotActive": "escalated giving uncharged",
    "refused AlreadyClosed": `ended billed ${withdrawn} ${over}`
  },
  "CancelService by a stranger": {
    "refused NotYourService": everywhere
  },
  PayDebt: {
    "refused NothingOwed": `${asking} ${trying} retry renewing capturing active permanent monthly writtenOff monthPaid ${supported} ended billed ${withdrawn} ${over}`,
    "refused PaymentInProgress": "charging confirming monthEnd",
    "handled → money.charging service.active": "owed uncollected monthOwed monthUncollected"
  },
  "PayDebt by a stranger": {
    "refused NotYourService": everywhere
  },
  "ResolveRiskCase written off": {
    "refused NoRiskCase": `${asking} ${trying} retry renewing capturing charging active permanent monthly owed confirming monthEnd monthPaid monthOwed ${supported} ended billed withdrawnVoiding withdrawnCapturing withdrawnRefunding withdrawnRefunded ${over}`,
    "handled → money.writtenOff service.active": "uncollected",
    "refused RiskCaseClosed": "writtenOff",
    handled: "monthUncollected",
    "refused NotThisKindOfCase": "withdrawnDisputed withdrawnUnreturned"
  },
  "ResolveRiskCase paid out": {
    "refused NoRiskCase": `${asking} ${trying} retry renewing capturing charging active permanent monthly owed confirming monthEnd monthPaid monthOwed ${supported} ended billed withdrawnVoiding withdrawnCapturing withdrawnRefunding withdrawnRefunded ${over}`,
    "refused NotThisKindOfCase": "uncollected monthUncollected withdrawnDisputed",
    "refused RiskCaseClosed": "writtenOff",
    "handled → money.refunded service.withdrawn": "withdrawnUnreturned"
  },
  "ResolveSupportCase uncharged": {
    "refused NoSupportCase": `${asking} ${trying} retry renewing ${running} ended billed ${withdrawn} ${over}`,
    "handled → money.voiding service.escalated.closed": "escalated",
    "refused SupportCaseClosed": "giving given uncharged"
  },
  "ResolveSupportCase as a gift": {
    "refused NoSupportCase": `${asking} ${trying} retry renewing ${running} ended billed ${withdrawn} ${over}`,
    "handled → money.voiding service.escalated.giving": "escalated",
    "refused SupportCaseClosed": "giving given uncharged"
  },
  PaymentAuthorised: {
    "handled → money.authorised service.pending.configuring": "paying atTheBank",
    handled: `mandating configuringByMandate charging ${askedInVain}`,
    "recorded AlreadyKnown": `configuring waitingForParking retry renewing capturing active permanent monthly ${months} escalated ended billed ${withdrawn}`,
    "recorded UnknownPayment": "configuringForFree",
    "handled → money.voiding service.escalated.giving": "giving",
    "handled → money.voiding service.active": "given",
    "handled → money.voiding service.escalated.closed": "uncharged",
    "handled → money.voiding service.cancelled": "cancelled",
    "handled → money.voiding service.declined": "declined"
  },
  "PaymentAuthorised of another amount": {
    "recorded AmountMismatch": paidFor,
    "recorded UnknownPayment": "configuringForFree"
  },
  PaymentActionRequired: {
    "handled → money.actionRequired service.pending.paying": "paying",
    "recorded OlderThanKnown": `atTheBank mandating configuring configuringByMandate waitingForParking retry renewing ${running} ${supported} ended billed ${withdrawn} ${over}`,
    "recorded UnknownPayment": "configuringForFree"
  },
  PaymentDeclined: {
    "handled → money.declined service.declined": "paying atTheBank",
    "recorded OlderThanKnown": `mandating configuring configuringByMandate waitingForParking retry renewing ${running} ${supported} ended billed ${withdrawn} ${over}`,
    "recorded UnknownPayment": "configuringForFree"
  },
  PaymentCannotBeHeld: {
    "handled → money.mandating service.pending.paying": "paying atTheBank",
    "recorded OlderThanKnown": `mandating configuring configuringByMandate waitingForParking retry renewing ${running} ${supported} ended billed ${withdrawn} ${over}`,
    "recorded UnknownPayment": "configuringForFree"
  },
  "MandateGranted of the second question": {
    "recorded UnknownPayment": `paying atTheBank configuring configuringForFree waitingForParking retry capturing active permanent monthly ${supported} ended withdrawnVoiding withdrawnCapturing withdrawnRefunding withdrawnRefunded withdrawnUnreturned ${over}`,
    "handled → money.mandated service.pending.configuring": "mandating",
    "recorded AlreadyKnown": `configuringByMandate charging ${askedInVain} monthPaid monthOwed monthUncollected billed withdrawnDisputed`,
    handled: "renewing monthEnd"
  },
  PaymentCaptured: {
    "handled → money.refunding service.declined": "paying atTheBank configuring waitingForParking retry declined",
    handled: `mandating configuringByMandate renewing charging ${askedInVain}`,
    "recorded UnknownPayment": "configuringForFree",
    "handled → money.captured service.active": "capturing",
    "recorded AlreadyKnown": `active permanent monthly ${months} ended billed withdrawnRefunding withdrawnRefunded withdrawnDisputed withdrawnUnreturned`,
    "handled → money.refunding service.escalated.open": "escalated",
    "handled → money.refunding service.escalated.giving": "giving",
    "handled → money.refunding service.active": "given",
    "handled → money.refunding service.escalated.closed": "uncharged",
    "handled → money.refunding service.withdrawn": "withdrawnVoiding withdrawnCapturing",
    "handled → money.refunding service.cancelled": "cancelled"
  },
  "PaymentCaptured of the third question": {
    "recorded UnknownPayment": `${asking} ${trying} retry renewing capturing active permanent monthly monthEnd monthPaid monthOwed ${supported} ended billed ${withdrawn} ${over}`,
    "handled → money.captured service.active": "charging owed confirming",
    handled: "uncollected writtenOff",
    "recorded AmountMismatch": "monthUncollected"
  },
  "PaymentCaptured of another amount": {
    "recorded AmountMismatch": paidFor,
    "recorded UnknownPayment": "configuringForFree"
  },
  CaptureFailed: {
    "recorded OlderThanKnown": `${asking} configuring configuringByMandate waitingForParking retry renewing charging active permanent monthly ${askedInVain} ${months} ${supported} ended billed withdrawnVoiding withdrawnRefunding withdrawnRefunded withdrawnDisputed withdrawnUnreturned ${over}`,
    "recorded UnknownPayment": "configuringForFree",
    "handled → money.charging service.active": "capturing",
    "handled → money.voided service.withdrawn": "withdrawnCapturing"
  },
  PaymentVoided: {
    "handled → money.declined service.declined": "paying atTheBank",
    "recorded AlreadyKnown": `mandating configuringByMandate charging active permanent monthly ${askedInVain} ${months} giving given uncharged ended billed withdrawnRefunding withdrawnRefunded withdrawnDisputed withdrawnUnreturned ${over}`,
    handled: "configuring waitingForParking retry renewing capturing withdrawnCapturing",
    "recorded UnknownPayment": "configuringForFree",
    "handled → money.voided service.escalated.open": "escalated",
    "handled → money.voided service.withdrawn": "withdrawnVoiding"
  },
  PaymentReturned: {
    "recorded NotOrderedBack": `${asking} configuring configuringByMandate waitingForParking retry renewing ${running} ${supported} ended billed withdrawnVoiding withdrawnCapturing withdrawnDisputed ${over}`,
    "recorded UnknownPayment": "configuringForFree",
    "handled → money.refunded service.withdrawn": "withdrawnRefunding",
    "recorded AlreadyKnown": "withdrawnRefunded withdrawnUnreturned"
  },
  "PaymentReturned of another amount": {
    "recorded AmountMismatch": paidFor,
    "recorded UnknownPayment": "configuringForFree"
  },
  PaymentSettled: {
    "handled → money.refunding service.declined": "paying atTheBank configuring waitingForParking retry declined",
    handled: `mandating configuringByMandate renewing charging active permanent monthly ${askedInVain} ${months} ended billed withdrawnRefunding withdrawnRefunded withdrawnDisputed withdrawnUnreturned`,
    "recorded UnknownPayment": "configuringForFree",
    "handled → money.captured service.active": "capturing",
    "handled → money.refunding service.escalated.open": "escalated",
    "handled → money.refunding service.escalated.giving": "giving",
    "handled → money.refunding service.active": "given",
    "handled → money.refunding service.escalated.closed": "uncharged",
    "handled → money.refunding service.withdrawn": "withdrawnVoiding withdrawnCapturing",
    "handled → money.refunding service.cancelled": "cancelled"
  },
  PaymentSettlementFailed: {
    handled: `${asking} configuring configuringByMandate waitingForParking retry renewing capturing charging monthly ${askedInVain} ${months} ${supported} billed ${withdrawn} ${over}`,
    "recorded UnknownPayment": "configuringForFree",
    "handled → money.owed service.active": "active permanent",
    "handled → money.owed service.ended": "ended"
  },
  "PaymentSettlementFailed of a month": {
    "recorded UnknownPayment": `paying atTheBank configuring configuringForFree waitingForParking retry capturing active permanent monthly ${supported} ended withdrawnVoiding withdrawnCapturing withdrawnRefunding withdrawnRefunded withdrawnUnreturned ${over}`,
    "recorded AmountMismatch": `mandating configuringByMandate renewing charging ${askedInVain} billed`,
    handled: "monthEnd monthOwed monthUncollected withdrawnDisputed",
    "handled → money.owed service.active": "monthPaid"
  },
  "PaymentCaptured of a month": {
    "recorded UnknownPayment": `paying atTheBank configuring configuringForFree waitingForParking retry capturing active permanent monthly ${supported} ended withdrawnVoiding withdrawnCapturing withdrawnRefunding withdrawnRefunded withdrawnUnreturned ${over}`,
    "recorded AmountMismatch": `mandating configuringByMandate renewing charging ${askedInVain} billed`,
    "handled → money.running service.active": "monthEnd monthOwed",
    "recorded AlreadyKnown": "monthPaid withdrawnDisputed",
    handled: "monthUncollected"
  },
  PaymentDisputed: {
    "recorded NeverTaken": `${asking} configuring configuringByMandate waitingForParking retry renewing capturing charging monthly ${askedInVain} ${months} ${supported} billed withdrawnVoiding withdrawnCapturing withdrawnDisputed ${over}`,
    "recorded UnknownPayment": "configuringForFree",
    handled: "active permanent ended withdrawnRefunding withdrawnRefunded withdrawnUnreturned"
  },
  DisputeClosed: {
    "recorded NeverTaken": `${asking} configuring configuringByMandate waitingForParking retry renewing capturing charging monthly ${askedInVain} ${months} ${supported} billed withdrawnVoiding withdrawnCapturing withdrawnDisputed ${over}`,
    "recorded UnknownPayment": "configuringForFree",
    handled: "active permanent ended withdrawnRefunding withdrawnRefunded withdrawnUnreturned"
  },
  RefundFailed: {
    "recorded NotOrderedBack": `${asking} configuring configuringByMandate waitingForParking retry renewing ${running} ${supported} ended billed withdrawnVoiding withdrawnCapturing withdrawnDisputed ${over}`,
    "recorded UnknownPayment": "configuringForFree",
    "handled → money.refundFailed service.withdrawn": "withdrawnRefunding withdrawnRefunded",
    "recorded AlreadyKnown": "withdrawnUnreturned"
  },
  OptionConfirmed: {
    "recorded NotAskedFor": `${asking} declined`,
    "handled → money.capturing service.active": "configuring waitingForParking retry",
    "handled → money.charging service.active": "configuringByMandate",
    "handled → money.free service.active": "configuringForFree",
    "handled → money.authorising service.active": "renewing",
    "recorded AlreadyActive": `${running} given`,
    "recorded TooLate": `escalated uncharged ended billed ${withdrawn} cancelled`,
    "handled → money.voided service.active": "giving"
  },
  "OptionConfirmed for longer": {
    "recorded NotAskedFor": `${asking} declined`,
    "handled → money.capturing service.active": "configuring waitingForParking retry",
    "handled → money.charging service.active": "configuringByMandate",
    "handled → money.free service.active": "configuringForFree",
    "handled → money.authorising service.active": "renewing",
    handled: `capturing charging active ${askedInVain} given`,
    "recorded AlreadyActive": `permanent monthly ${months}`,
    "recorded TooLate": `escalated uncharged ended billed ${withdrawn} cancelled`,
    "handled → money.voided service.active": "giving"
  },
  "OptionConfirmed of another option": {
    "recorded AnotherOption": everywhere
  },
  OptionRejected: {
    "recorded OlderThanKnown": `${asking} retry renewing ended billed ${withdrawn} ${over}`,
    "handled → money.authorised service.retry": "configuring waitingForParking",
    "handled → money.mandated service.retry": "configuringByMandate",
    "handled → money.free service.retry": "configuringForFree",
    "recorded AlreadyActive": `${running} given`,
    "recorded WithSupport": "escalated giving uncharged"
  },
  "OptionRejected of another option": {
    "recorded AnotherOption": `${asking} ${trying} retry renewing ended billed ${withdrawn} ${over}`,
    "recorded AlreadyActive": `${running} given`,
    "recorded WithSupport": "escalated giving uncharged"
  },
  OptionDelayed: {
    "recorded OlderThanKnown": `${asking} retry renewing ended billed ${withdrawn} ${over}`,
    "handled → money.authorised service.pending.waitingForParking": "configuring",
    "handled → money.mandated service.pending.waitingForParking": "configuringByMandate",
    "handled → money.free service.pending.waitingForParking": "configuringForFree",
    "recorded AlreadyKnown": "waitingForParking",
    "recorded AlreadyActive": `${running} given`,
    "recorded WithSupport": "escalated giving uncharged"
  },
  "OptionDelayed of another option": {
    "recorded AnotherOption": `${asking} ${trying} retry renewing ended billed ${withdrawn} ${over}`,
    "recorded AlreadyActive": `${running} given`,
    "recorded WithSupport": "escalated giving uncharged"
  },
  VehicleStolen: {
    "handled → money.voiding service.cancelled": "paying atTheBank configuring waitingForParking retry renewing",
    "handled → money.voided service.cancelled": "mandating configuringByMandate",
    "handled → money.free service.cancelled": "configuringForFree",
    "recorded StaysWithTheCar": `${running} given`,
    "recorded WithSupport": "escalated giving uncharged",
    "recorded AlreadyClosed": `ended billed ${withdrawn} ${over}`
  },
  OwnershipChanged: {
    "handled → money.voiding service.cancelled": "paying atTheBank configuring waitingForParking retry renewing",
    "handled → money.voided service.cancelled": "mandating configuringByMandate",
    "handled → money.free service.cancelled": "configuringForFree",
    "recorded StaysWithTheCar": `capturing charging active permanent ${askedInVain} given`,
    "handled → money.running service.ended": "monthly",
    "handled → money.charging service.ended": "monthEnd",
    "handled → money.billed service.ended": "monthPaid monthUncollected",
    "handled → money.owed service.ended": "monthOwed",
    "recorded WithSupport": "escalated giving uncharged",
    "recorded AlreadyClosed": `ended billed ${withdrawn} ${over}`
  },
  "CommandParked: WantOption": {
    "recorded WaitsForAnOperator": `${asking} renewing ${running} ${supported} ended billed ${withdrawn} ${over}`,
    "handled → money.authorised service.retry": "configuring waitingForParking",
    "handled → money.mandated service.retry": "configuringByMandate",
    "handled → money.free service.retry": "configuringForFree",
    handled: "retry"
  },
  "CommandParked: CapturePayment": {
    "recorded WaitsForAnOperator": everywhere
  }
}
