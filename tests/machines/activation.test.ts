/** What a purchased service does, told in sentences. */
import { describe, expect, test } from "bun:test"
import { activationMachine } from "#machines/activation.ts"
import { endOf } from "#machines/option-terms.ts"
import * as a from "./activation-words.ts"
import { after, given, say } from "./scenario.ts"
import * as w from "./words.ts"

const service = (...past: a.Past) => given(activationMachine, ...past)
const minute = 60_000
const caseId = "case_1"

describe("paying", () => {
  test("holds the amount first, by a name that says which service of which car", () => {
    service()
      .when(a.purchased())
      .thenStands("money.authorising service.pending.paying", "AuthorisePayment")
      .thenSays({ paymentId: `pay_${w.vin}-1-service-1`, amount: a.price, paymentMethod: "tok_card" })
      .thenWaits({ paymentWindow: 30 * minute })
  })
  test("tells the car once the amount is held, and not before", () => {
    service(a.purchased())
      .when(a.authorised())
      .thenStands("money.authorised service.pending.configuring", "Transfer serviceHeld", "Notify PurchaseConfirmed", "WantOption")
      .thenSays({
        kind: "serviceHeld",
        phase: "pending",
        debit: "gateway",
        credit: "serviceSales",
        amountMinor: 4_900,
        vatMinor: 850
      })
      .thenSays({ type: "WantOption", attempt: 1, option: a.option, terms: a.week })
      .thenWaits({ acknowledgement: minute })
  })
  test("asks for a mandate where the method cannot be held", () => {
    service(a.purchased())
      .when(a.cannotBeHeld())
      .thenStands("money.mandating service.pending.paying", "SetUpMandate")
      .thenSays({ paymentId: a.paymentId(2), paymentMethod: "tok_card" })
  })
  test("asks for a mandate at once where the service recurs", () => {
    service().when(a.purchased(a.monthly)).thenStands("money.mandating service.pending.paying", "SetUpMandate")
  })
  test.each([
    ["a trial", a.purchased(a.trial), ["Notify PurchaseConfirmed"]],
    ["what the car's price includes", a.bundled, []]
  ])("asks nobody for %s", (_, opening, told) => {
    service()
      .when(opening)
      .thenStands("money.free service.pending.configuring", ...told, "WantOption")
      .thenKnows({ way: "free" })
  })
  test("ends at once where there is nothing to pay with", () => {
    service()
      .when(a.withoutMethod)
      .thenStands("money.declined service.declined", "DropOption", "Notify ServicePaymentDeclined")
      .thenKnows({ closedBecause: "PaymentDeclined" })
  })
  test("sends the customer to the bank where the bank wants to hear from them, and asks the gateway every minute", () => {
    service(a.purchased())
      .when(a.actionRequired())
      .thenStands("money.actionRequired service.pending.paying", "Notify PaymentActionRequired")
      .thenKnows({ actionUrl: "https://bank.example/7" })
      .thenWaits({ paymentQuestion: minute })
    service(a.purchased(), a.actionRequired(), a.paymentQuestion)
      .when(a.paymentQuestion)
      .thenStands("money.actionRequired service.pending.paying", "AskPayment")
      .thenSays({ type: "AskPayment", paymentId: a.paymentId(), question: 2 })
      .thenWaits({ paymentQuestion: minute })
  })
  test("gives up after half an hour, and lets go of what the bank may hold", () => {
    service(a.purchased(), a.actionRequired())
      .when(a.paymentWindow)
      .thenStands("money.voiding service.declined", "DropOption", "Notify ServicePaymentDeclined", "VoidPayment")
      .thenKnows({ closedBecause: "PaymentTimedOut" })
  })
  test("ends when the bank declines", () => {
    service(a.purchased())
      .when(a.declined())
      .thenStands("money.declined service.declined", "DropOption", "Notify ServicePaymentDeclined")
  })
  test("lets go of a hold that comes after it was given up", () => {
    service(a.purchased(), a.paymentWindow, a.voided())
      .when(a.authorised())
      .thenStands("money.voiding service.declined", "VoidPayment")
  })
  test("gives back what a bank takes that should only hold it", () => {
    service(a.purchased())
      .when(a.captured())
      .thenStands(
        "money.refunding service.declined",
        "Transfer lateServicePayment",
        "ReturnPayment",
        "DropOption",
        "Notify ServicePaymentDeclined"
      )
      .thenSays({ kind: "lateServicePayment", debit: "gateway", credit: "refundsDue", receiptId: null })
  })
})

describe("a try", () => {
  test("ends in the car by itself, a whole term after the last moment at which it could be confirmed", () => {
    const { context } = after(activationMachine, a.toConfiguring())
    const begun = "2026-03-02T09:01:00.000Z"
    const wait = Date.parse(context.wantedUntil) - Date.parse(begun) - 7 * 24 * 60 * minute - minute
    expect(wait).toBeGreaterThanOrEqual(8_000) // Ten seconds, 20 % more or less.
    expect(wait).toBeLessThanOrEqual(12_000)
    expect(Date.parse(context.wantedUntil)).toBeGreaterThan(Date.parse(endOf(a.week.term, begun)!))
  })
  test("of a permanent service has no end", () => {
    service(a.purchased(a.permanent)).when(a.authorised()).thenSays({ type: "WantOption", until: null })
  })
  test("fails by silence, and is tried again a while later", () => {
    const failed = service(...a.toConfiguring()).when(a.acknowledgement)
    failed
      .thenStands("money.authorised service.retry", "Notify ServiceDelayed")
      .thenKnows({ tries: [{ at: "2026-03-02T09:02:00.000Z", outcome: "NoAnswer", attribution: "iot" }] })
    service(...a.toRetry())
      .when(a.backoff)
      .thenStands("money.authorised service.pending.configuring", "WantOption")
      .thenSays({ type: "WantOption", attempt: 2 })
  })
  test("fails at once by the car's no, and that is the car's", () => {
    service(...a.toConfiguring())
      .when(a.rejected())
      .thenStands("money.authorised service.retry", "Notify ServiceDelayed")
      .thenKnows({ tries: [{ outcome: "UnknownFeature", attribution: "car" }] })
  })
  test("that never left the house is ours, also where that is known only later", () => {
    service(...a.toConfiguring())
      .when(a.parked("WantOption"))
      .thenStands("money.authorised service.retry", "Notify ServiceDelayed")
      .thenKnows({ tries: [{ outcome: "CommandParked", attribution: "caas" }] })
    service(...a.toRetry())
      .when(a.parked("WantOption"))
      .thenStands("money.authorised service.retry")
      .thenKnows({ tries: [{ outcome: "CommandParked", attribution: "caas" }] })
  })
  test("waits four times as long before each further one, 20 % more or less, the same in every replay", () => {
    const patient = { ...a.permanent, retries: 3, backoffSeconds: 60 }
    const past: Array<any> = [...a.toConfiguring(patient)]
    const waits: Array<number> = []
    for (let n = 1; n <= 3; n++) {
      const decision = say(activationMachine, after(activationMachine, past), a.acknowledgement, past.length)
      if (decision._tag !== "Accepted") throw new Error("it was expected")
      for (const timer of decision.timers) if (timer._tag === "Set") waits.push(timer.afterMillis)
      past.push(a.acknowledgement, a.backoff)
    }
    expect(waits).toHaveLength(3)
    for (const [n, wait] of waits.entries()) expect(Math.abs(wait / (minute * 4 ** n) - 1)).toBeLessThanOrEqual(0.2)
    expect(new Set(waits.map((wait, n) => wait / 4 ** n)).size).toBeGreaterThan(1) // Jitter is not one number for all.
  })
  test("is not lost while the car drives: the term begins when it parks", () => {
    const driving = service(...a.toConfiguring()).when(a.delayed())
    driving
      .thenStands("money.authorised service.pending.waitingForParking", "WantOption")
      .thenKnows({ tries: [], attempt: 1 })
      .thenWaits({ parkingPatience: 12 * 60 * minute })
    const { wantedUntil } = after(activationMachine, [...a.toConfiguring(), a.delayed()]).context
    expect(Date.parse(wantedUntil)).toBeGreaterThan(Date.parse("2026-03-09T21:02:00.000Z"))
    service(...a.toConfiguring(a.permanent))
      .when(a.delayed())
      .thenStands("money.authorised service.pending.waitingForParking")
    service(...a.toConfiguring(), a.delayed())
      .when(a.parkingPatience)
      .thenStands("money.authorised service.retry", "Notify ServiceDelayed")
      .thenKnows({ tries: [{ outcome: "NotParked", attribution: "car" }] })
  })
  test("waits for parking no longer than its hold lasts", () => {
    service(a.purchased(), a.authorised(1, "2026-03-02T10:00:00.000Z"))
      .when(a.delayed())
      .thenWaits({ parkingPatience: 48 * minute })
  }) // At 9:02, and ten minutes are left for the capture.
})

describe("a hold", () => {
  const short = a.authorised(1, "2026-03-02T09:13:00.000Z")
  test("that would not outlive the next try is asked for anew, once, and the old one let go", () => {
    service(a.purchased(), short, a.acknowledgement)
      .when(a.backoff)
      .thenStands("money.authorising service.pending.paying", "AuthorisePayment", "VoidPayment")
      .thenSays({ type: "AuthorisePayment", paymentId: a.paymentId(2) }, { type: "VoidPayment", paymentId: a.paymentId(1) })
      .thenKnows({ renewed: true, tries: [{ outcome: "NoAnswer" }] })
  })
  test("that lapses by itself is asked for anew before the next try", () => {
    service(...a.toConfiguring(), a.voided(), a.acknowledgement)
      .when(a.backoff)
      .thenStands("money.authorising service.pending.paying", "AuthorisePayment", "VoidPayment")
  })
  test("anew goes on where the tries were", () => {
    service(a.purchased(), short, a.acknowledgement, a.backoff)
      .when(a.authorised(2))
      .thenStands("money.authorised service.pending.configuring", "Transfer serviceHeld", "WantOption")
      .thenSays({ type: "WantOption", attempt: 2 })
  })
  test("that is declined the second time ends it, and nobody pays", () => {
    service(a.purchased(), short, a.acknowledgement, a.backoff)
      .when(a.declined(2))
      .thenStands("money.declined service.declined", "DropOption", "Notify ServicePaymentDeclined")
  })
  test("that is too short twice ends it, and is let go", () => {
    service(a.purchased(), short, a.acknowledgement, a.backoff)
      .when(a.authorised(2, "2026-03-02T09:14:00.000Z"))
      .thenStands(
        "money.voiding service.declined",
        "Transfer serviceHeld",
        "DropOption",
        "Notify ServicePaymentDeclined",
        "VoidPayment"
      )
      .thenKnows({ closedBecause: "HoldTooShort" })
  })
  test("declined after the car had confirmed an older try is charged by the method", () => {
    service(a.purchased(), short, a.acknowledgement, a.backoff, a.confirmed())
      .when(a.declined(2))
      .thenStands("money.charging service.active", "ChargePayment")
      .thenSays({ type: "ChargePayment", paymentId: a.paymentId(3), receiptId: a.receiptId })
  })
  test("that the customer's bank asks about, after the car had confirmed, gives way to a charge", () => {
    service(a.purchased(), short, a.acknowledgement, a.backoff, a.actionRequired(2))
      .when(a.confirmed())
      .thenStands("money.charging service.active", "Notify ServiceActive", "ChargePayment", "VoidPayment")
  })
})

describe("the car's word", () => {
  test("is what is paid for: captured with its receipt, and only then sales", () => {
    service(...a.toConfiguring())
      .when(a.confirmed())
      .thenStands("money.capturing service.active", "Notify ServiceActive", "CapturePayment")
      .thenSays({ type: "CapturePayment", paymentId: a.paymentId(), receiptId: a.receiptId, amount: a.price })
      .thenKnows({ until: "2026-03-09T10:00:00.000Z", receiptId: a.receiptId })
      .thenWaits({ serviceEnd: 7 * 24 * 60 * minute + 58 * minute })
    service(...a.toCapturing())
      .when(a.captured())
      .thenStands("money.captured service.active", "Transfer serviceCaptured", "IssueInvoice")
      .thenSays({
        kind: "serviceCaptured",
        phase: "posted",
        debit: "gateway",
        credit: "serviceSales",
        amountMinor: 4_900,
        vatMinor: 850,
        receiptId: a.receiptId,
        resolves: a.paymentId()
      })
      .thenSays({ type: "IssueInvoice", kind: "invoice", paymentId: a.paymentId(), amount: a.price, vatPercent: 21 })
  })
  test("is what a mandate is charged for", () => {
    service(...a.toMandated())
      .when(a.confirmed())
      .thenStands("money.charging service.active", "Notify ServiceActive", "ChargePayment")
  })
  test("starts a recurring service without a charge: that comes at the month's end", () => {
    service(a.purchased(a.monthly), a.granted())
      .when(a.confirmed(null))
      .thenStands("money.running service.active", "Notify ServiceActive")
  })
  test("counts in the wait between two tries as well", () => {
    service(...a.toRetry())
      .when(a.confirmed())
      .thenStands("money.capturing service.active", "Notify ServiceActive", "CapturePayment")
  })
  test("of a later end moves the end, and takes no money again", () => {
    service(...a.toActive())
      .when(a.confirmed("2026-03-09T11:00:00.000Z"))
      .thenStands("money.captured service.active")
      .thenKnows({ until: "2026-03-09T11:00:00.000Z" })
      .thenWaits({ serviceEnd: 7 * 24 * 60 * minute + 116 * minute })
  })
  test("that comes when it is over is too late: the car was told to drop it", () => {
    service(...a.toEscalated())
      .when(a.confirmed())
      .thenRecorded("TooLate")
  })
})

describe("money that does not come", () => {
  test("because the hold was gone is charged by the method", () => {
    service(...a.toCapturing())
      .when(a.captureFailed())
      .thenStands("money.charging service.active", "Transfer serviceReleased", "ChargePayment")
      .thenSays({ kind: "serviceReleased", phase: "voided", resolves: a.paymentId() })
      .thenSays({ paymentId: a.paymentId(2), receiptId: a.receiptId })
  })
  test("is owed, and what the car has stays", () => {
    service(...a.toCapturing(), a.captureFailed())
      .when(a.declined(2))
      .thenStands("money.owed service.active", "Notify PaymentOverdue", "Transfer serviceOwed", "IssueInvoice")
  })
  test("and comes after all is counted", () => {
    service(...a.toCapturing(), a.captureFailed(), a.declined(2))
      .when(a.settled(2))
      .thenStands("money.captured service.active", "Transfer debtPaid", "Transfer paymentSettled")
  })
  test("is not owed any more by whoever withdraws", () => {
    service(...a.toCapturing(), a.captureFailed(), a.declined(2))
      .when(a.withdrawn())
      .thenStands(
        "money.declined service.withdrawn",
        "DropOption",
        "Withdrawal",
        "AcknowledgeWithdrawal",
        "Transfer billWaived",
        "IssueInvoice"
      )
      .thenSays({ type: "IssueInvoice", kind: "creditNote", paymentId: a.paymentId(2) })
  })
  test("at settlement is owed again, with a case, and switches nothing off", () => {
    service(...a.toActive())
      .when(a.settlementFailed())
      .thenStands("money.owed service.active", "Transfer paymentSettlementFailed", "RiskCase", "Notify SettlementFailed")
      .thenSays({ type: "RiskCase", caseId: a.riskId(), kind: "settlementFailed", receiptId: a.receiptId })
      .thenKnows({ payments: { [a.paymentId()]: { settlement: "failed", status: "captured" } } })
    service(...a.toActive(), a.settlementFailed())
      .when(a.settled())
      .thenRecorded("AlreadyKnown") // Failed stays failed.
  })
  test("because the customer's bank had it for a moment is in the books both ways, as the bank has it", () => {
    service(...a.toActive())
      .when(a.disputeClosed("won"))
      .thenStands("money.captured service.active", "Transfer chargedBack", "Transfer disputeWon")
      .thenSays({ kind: "disputeWon", debit: "gateway", credit: "disputes" })
    service(...a.toActive(), a.settled(), a.disputeClosed("won"))
      .when(a.disputed())
      .thenRecorded("AlreadyKnown")
  })
})

describe("escalation", () => {
  test("comes after the first try and all retries: one case, nothing paid, the car told to drop it", () => {
    service(...a.toRetry(), a.backoff)
      .when(a.acknowledgement)
      .thenStands("money.voiding service.escalated.open", "SupportCase", "DropOption", "Notify ServiceFailed", "VoidPayment")
      .thenSays({
        caseId,
        reason: "NoAnswer",
        tries: [
          { at: "2026-03-02T09:02:00.000Z", outcome: "NoAnswer", attribution: "iot" },
          { at: "2026-03-02T09:04:00.000Z", outcome: "NoAnswer", attribution: "iot" }
        ]
      })
  })
  test("is closed uncharged by support", () => {
    service(...a.toEscalated())
      .when(a.resolved("uncharged"))
      .thenStands("money.voiding service.escalated.closed", "SupportCaseResolution")
      .thenSays({ caseId, resolution: "uncharged", reason: "the car was replaced", by: w.sellerId })
  })
  test("is closed as a gift, which the car gets when it wakes up, told anew each day", () => {
    service(...a.toEscalated(), a.voided())
      .when(a.resolved("gift"))
      .thenStands("money.voided service.escalated.giving", "SupportCaseResolution", "Notify ServiceGiven", "WantOption")
      .thenSays({ type: "WantOption", attempt: 3 })
      .thenWaits({ giftRenewal: 24 * 60 * minute })
    service(...a.toEscalated(), a.voided(), a.resolved("gift"))
      .when(a.giftRenewal)
      .thenStands("money.voided service.escalated.giving", "WantOption")
    service(...a.toEscalated(), a.voided(), a.resolved("gift"))
      .when(a.confirmed())
      .thenStands("money.voided service.active", "Notify ServiceActive")
  })
  test("is refused twice", () => {
    service(...a.toEscalated(), a.resolved("uncharged"))
      .when(a.resolved("gift"))
      .thenRefused("SupportCaseClosed")
    service(...a.toActive())
      .when(a.resolved("gift"))
      .thenRefused("NoSupportCase")
  })
  test("withdrawn from closes its case", () => {
    service(...a.toEscalated())
      .when(a.withdrawn())
      .thenStands("money.voiding service.withdrawn", "SupportCaseResolution", "DropOption", "Withdrawal", "AcknowledgeWithdrawal")
      .thenSays({ caseId, resolution: "withdrawn", by: null })
  })
})

describe("withdrawal", () => {
  test("gives everything back, in the same turn", () => {
    service(...a.toActive())
      .when(a.withdrawn())
      .thenStands(
        "money.refunding service.withdrawn",
        "DropOption",
        "Withdrawal",
        "AcknowledgeWithdrawal",
        "Transfer serviceReturnOrdered",
        "IssueInvoice",
        "ReturnPayment"
      )
      .thenSays(
        { kind: "serviceReturnOrdered", debit: "serviceSales", credit: "refundsDue" },
        { type: "ReturnPayment", amount: a.price }
      )
      .thenKnows({ closedBecause: "Withdrawn", withdrawal: { submittedAt: "2026-03-02T09:30:00.000Z" } })
    service(...a.toActive(), a.withdrawn())
      .when(a.returned())
      .thenStands("money.refunded service.withdrawn", "Transfer serviceReturned", "Notify ServicePaymentReturned")
  })
  test("while the bank takes the money gives it back when it is taken", () => {
    service(...a.toCapturing(), a.withdrawn())
      .when(a.captured())
      .thenStands(
        "money.refunding service.withdrawn",
        "Transfer serviceCaptured",
        "IssueInvoice",
        "Transfer serviceReturnOrdered",
        "IssueInvoice",
        "ReturnPayment"
      )
  })
  test("is possible until the end of the fourteenth day, by the instant it was sent, however late it is heard", () => {
    const late = w.but(a.withdrawn("2026-03-16T22:59:59.999Z"), { at: "2026-03-18T08:00:00.000Z" }) // Midnight in Spain.
    service(...a.toActive(), a.serviceEnd())
      .when(late)
      .thenStands(
        "money.refunding service.withdrawn",
        "DropOption",
        "Withdrawal",
        "AcknowledgeWithdrawal",
        "Transfer serviceReturnOrdered",
        "IssueInvoice",
        "ReturnPayment"
      )
    service(...a.toActive())
      .when(a.withdrawn("2026-03-16T23:00:00.000Z"))
      .thenRefused("WithdrawalPeriodExpired")
  })
  test("gives nothing back of what never came: the settlement had failed", () => {
    for (const past of [
      [...a.toActive(), a.settlementFailed()],
      [...a.toCapturing(), a.settlementFailed(), a.captured()]
    ])
      service(...past)
        .when(a.withdrawn())
        .thenStands(
          "money.declined service.withdrawn",
          "DropOption",
          "Withdrawal",
          "AcknowledgeWithdrawal",
          "Transfer billWaived",
          "IssueInvoice",
          "RiskCaseResolution"
        )
        .thenSays({ type: "Withdrawal", comesBackMinor: 0, releasedMinor: 4_900, legalMinimumMinor: 0 })
        .thenSays({ type: "RiskCaseResolution", resolution: "withdrawn", by: null })
    service(...a.toActive(), a.settled())
      .when(a.withdrawn())
      .thenSays({ type: "Withdrawal", comesBackMinor: 4_900, legalRule: "fullRefund" })
    service(...a.toActive(), a.settlementFailed(), a.withdrawn())
      .when(a.settled())
      .thenRecorded("AlreadyKnown") // Failed stays failed.
  })
  test("of what the car's price includes gives nothing back", () => {
    service(a.bundled, a.confirmed())
      .when(a.withdrawn())
      .thenStands("money.free service.withdrawn", "DropOption", "Withdrawal", "AcknowledgeWithdrawal")
  })
  test("is the customer's alone, and happens once", () => {
    service(...a.toActive())
      .when(w.but(a.withdrawn(), { customerId: w.stranger }))
      .thenRefused("NotYourService")
    service(...a.toActive(), a.withdrawn())
      .when(a.withdrawn())
      .thenRefused("AlreadyClosed")
  })
})

describe("the end", () => {
  test("comes with the term, and the money stays", () => {
    service(...a.toActive())
      .when(a.serviceEnd())
      .thenStands("money.captured service.ended", "DropOption", "Notify ServiceEnded")
      .thenKnows({ closedBecause: "TermEnded" })
  })
  test("never comes by itself to what has no term: it is looked at again in ten years", () => {
    service(...a.toActive(a.permanent))
      .when(a.serviceEnd("2036-03-02T09:03:00.000Z"))
      .thenStands("money.captured service.active")
  })
  test("of a recurring service comes when the customer cancels, or sells the car", () => {
    service(...a.toMonthly())
      .when(a.cancelled)
      .thenStands("money.running service.ended", "DropOption", "Notify ServiceEnded")
    service(...a.toMonthly())
      .when(a.sold)
      .thenStands("money.running service.ended", "DropOption", "Notify ServiceEnded")
    service(...a.toActive())
      .when(a.cancelled)
      .thenRefused("NotRecurring")
  })
  test("of what is under way comes with a theft or a sale, and nobody pays", () => {
    for (const fact of [a.stolen, a.sold])
      service(...a.toRetry())
        .when(fact)
        .thenStands("money.voiding service.cancelled", "DropOption", "Notify ServiceCancelled", "VoidPayment")
    service(...a.toActive())
      .when(a.stolen)
      .thenRecorded("StaysWithTheCar")
    service(...a.toActive())
      .when(a.sold)
      .thenRecorded("StaysWithTheCar")
  })
})
