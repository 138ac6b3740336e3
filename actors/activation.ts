/** How a purchased service gets things done. What it decides is in machines/activation.ts. */
import { Effect } from "effect"
import { Evidence } from "#integrations/evidence/evidence.ts"
import { Invoices } from "#integrations/invoices/invoices.ts"
import { Notifications } from "#integrations/notifications/notifications.ts"
import { Papers } from "#integrations/papers/papers.ts"
import { type GatewayPayment, Payments } from "#integrations/payments/payments.ts"
import { PurchaseFile } from "#integrations/purchase-file/purchase-file.ts"
import {
  ActivationCommand,
  type ActivationContext,
  type ActivationMessage,
  ActivationRequest,
  activationMachine,
  CaptureFailed,
  MandateGranted,
  PaymentActionRequired,
  PaymentAuthorised,
  PaymentCannotBeHeld,
  PaymentCaptured,
  PaymentDeclined,
  PaymentReturned,
  PaymentVoided
} from "#machines/activation.ts"
import { toMonths } from "#machines/activation-migrations.ts"
import { refundDays } from "#machines/activation-rules.ts"
import { addDays, dayOf } from "#machines/calendar.ts"
import { OptionDropped, OptionWanted, type VehicleMessage } from "#machines/vehicle.ts"
import type { Vin } from "#machines/vocabulary.ts"
import { Activation, Vehicle } from "./addresses.ts"
import { ledger, riskCaseResolutions, riskCases } from "./ledger.ts"
import { ofService, ofWithdrawal } from "./notices.ts"
import { ActorSystem } from "./system/actor-system.ts"
import { behavior, type CommandOrder, wordsOf } from "./system/behavior.ts"

const closedStates = new Set(["ended", "withdrawn", "cancelled", "declined", "escalated.closed"])
/** Nothing is asked of the bank any more, and nothing is owed to anybody. */
const restingMoney = new Set(["free", "mandated", "captured", "billed", "voided", "refunded", "declined", "writtenOff"])

export const activation = behavior({
  type: Activation,
  opensWith: "OptionPurchased",
  machineVersion: 2,
  migrations: { 1: toMonths },
  machine: activationMachine,
  requests: wordsOf(ActivationRequest),
  Command: ActivationCommand,

  perform: {
    AuthorisePayment: ({ paymentId, amount, customerId, paymentMethod }, { id }) =>
      Payments.use((payments) =>
        payments.authorise({ reference: paymentId, amount, method: paymentMethod, customer: customerId }, id)
      ).pipe(
        Effect.map(holdOf),
        Effect.catchTags({
          PaymentRefused: ({ reason }) => Effect.succeed(PaymentDeclined.make({ paymentId, reason })),
          CannotBeHeld: () => Effect.succeed(PaymentCannotBeHeld.make({ paymentId }))
        })
      ),
    /** Null: the question overtook the asking. It comes again. */
    AskPayment: ({ paymentId }) =>
      Payments.use((payments) => payments.find(paymentId)).pipe(
        Effect.map((found) => (found === null ? undefined : holdOf(found)))
      ),
    SetUpMandate: ({ paymentId, customerId, paymentMethod }, { id }) =>
      Payments.use((payments) => payments.mandate({ reference: paymentId, method: paymentMethod, customer: customerId }, id)).pipe(
        Effect.map(
          ({ status, id: mandateId, reason }): ActivationMessage =>
            status === "granted"
              ? MandateGranted.make({ paymentId, mandateId })
              : PaymentDeclined.make({ paymentId, reason: reason ?? "NoMandate" })
        ),
        Effect.catchTag("PaymentRefused", ({ reason }) => Effect.succeed(PaymentDeclined.make({ paymentId, reason })))
      ),
    /** Without the car's own word nothing is taken: then this is tried again, and parked for an operator. */
    CapturePayment: Effect.fn("CapturePayment")(function* ({ paymentId, amount, activationId, receiptId }, { id }) {
      yield* Evidence.use((evidence) => evidence.require(receiptId, activationId))
      return yield* Payments.use((payments) => payments.capture({ reference: paymentId, amount }, id)).pipe(
        Effect.map((taken): ActivationMessage => PaymentCaptured.make({ paymentId, amount, gatewayId: taken.id })),
        Effect.catchTag("HoldGone", ({ reason }) => Effect.succeed(CaptureFailed.make({ paymentId, reason })))
      )
    }),
    ChargePayment: Effect.fn("ChargePayment")(function* (
      { paymentId, amount, customerId, paymentMethod, activationId, receiptId },
      { id }
    ) {
      yield* Evidence.use((evidence) => evidence.require(receiptId, activationId))
      return yield* Payments.use((payments) =>
        payments.charge({ reference: paymentId, amount, method: paymentMethod, customer: customerId }, id)
      ).pipe(
        Effect.map(chargeOf),
        Effect.catchTag("PaymentRefused", ({ reason }) => Effect.succeed(PaymentDeclined.make({ paymentId, reason })))
      )
    }),
    VoidPayment: ({ paymentId }, { id }) =>
      Payments.use((payments) =>
        payments.void({ reference: paymentId }, id).pipe(
          Effect.as<ActivationMessage>(PaymentVoided.make({ paymentId })),
          // Taken already: the activation has to hear of that money, to give it back.
          Effect.catchTag("VoidRefused", (refused) =>
            Effect.flatMap(payments.find(paymentId), (found) =>
              found?.status === "captured" ? Effect.succeed(capturedOf(found)) : Effect.fail(refused)
            )
          )
        )
      ),
    ReturnPayment: ({ paymentId, amount }, { id }) =>
      Payments.use((payments) => payments.refund({ reference: paymentId, amount }, id)).pipe(
        Effect.map((refund) => PaymentReturned.make({ paymentId, amount, refundId: refund.id }))
      ),

    /** Too late for the bank is no failure of ours: the case goes on without it. */
    SubmitEvidence: Effect.fn("SubmitEvidence")(function* ({ paymentId, disputeId, activationId, receiptId }, { id }) {
      if (receiptId === null) return // Taken, and no car had confirmed it: there is nothing to show.
      const content = yield* Evidence.use((evidence) => evidence.reportOf(receiptId, activationId))
      const documents = [{ kind: "vehicleReport" as const, name: receiptId, content }]
      yield* Payments.use((payments) => payments.submitEvidence({ reference: paymentId, disputeId, documents }, id)).pipe(
        Effect.catchTag("EvidenceRefused", ({ reason }) =>
          Effect.logWarning("The bank takes no evidence.").pipe(Effect.annotateLogs({ paymentId, disputeId, reason }))
        )
      )
    }),
    IssueInvoice: ({ kind, customerId, country, vin, activationId, paymentId, item, term, from, to, amount, vatPercent }, { id }) =>
      Effect.asVoid(
        Invoices.use((invoices) =>
          invoices.issue(
            {
              kind,
              customerId,
              country,
              orderId: null,
              activationId,
              vin,
              paymentId,
              lines: [{ item, term, from, to, grossMinor: amount.amountMinor, vatPercent }],
              currency: amount.currency
            },
            id
          )
        )
      ),
    AcknowledgeWithdrawal: Effect.fn("AcknowledgeWithdrawal")(function* (command, { id }) {
      const { type: _, purchasedAt: concludedAt, ...withdrawal } = command
      const { customerId: subjectId, country, activationId, vin, submittedAt, timeZone } = withdrawal
      const backBy = addDays(dayOf(submittedAt, timeZone), refundDays)
      const { title, filename, bytes } = yield* Papers.use((papers) =>
        papers.acknowledgement({ ...withdrawal, concludedAt, backBy })
      )
      const mediaType = "application/pdf" as const
      const paper = {
        subjectId,
        country,
        kind: "withdrawalAcknowledgement",
        title,
        mediaType,
        bytes,
        orderId: null,
        activationId,
        vin
      } as const
      yield* PurchaseFile.use((file) => file.keep(paper, id))
      const notice = ofWithdrawal(command, [{ filename, mediaType, bytes }])
      yield* Notifications.use((notifications) => notifications.send(notice, id))
    }),

    WantOption: ({ vin, activationId, option, attempt, until, terms }, told) =>
      tellVehicle(vin, OptionWanted.make({ activationId, option, attempt, until, terms }), told),
    DropOption: ({ vin, activationId, option }, told) => tellVehicle(vin, OptionDropped.make({ activationId, option }), told),

    NotifyCustomer: (command, { id, at }) => Notifications.use((notifications) => notifications.send(ofService(command, at), id))
  },

  lane: (command) => {
    switch (command.type) {
      case "AskPayment": // An answer that is long in coming must not hold up the next question, nor the money itself.
        return `payments/${command.paymentId}/question/${command.question}`
      case "WantOption":
      case "DropOption":
        return "vehicle" // In order: what is dropped last is not wanted.
      case "NotifyCustomer":
      case "AcknowledgeWithdrawal":
        return "mail"
      case "IssueInvoice": // A credit note waits for the invoice that it corrects.
        return `invoices/${command.paymentId}`
      case "SubmitEvidence":
        return `disputes/${command.disputeId}`
      default:
        return `payments/${command.paymentId}`
    }
  },

  records: {
    ServiceTransfer: ledger,
    RiskCase: riskCases,
    RiskCaseResolution: riskCaseResolutions,
    Withdrawal: {
      table: "withdrawals",
      columns: {
        activation_id: { type: "text", field: "activationId" },
        subject_id: { type: "text", field: "subjectId" },
        vin: { type: "text", field: "vin" },
        purchased_at: { type: "timestamptz", field: "purchasedAt" },
        submitted_at: { type: "timestamptz", field: "submittedAt" },
        ends_at: { type: "timestamptz", field: "endsAt" },
        law_edition: { type: "integer", field: "lawEdition" },
        comes_back_minor: { type: "bigint", field: "comesBackMinor" },
        released_minor: { type: "bigint", field: "releasedMinor" },
        legal_minimum_minor: { type: "bigint", field: "legalMinimumMinor" },
        legal_rule: { type: "text", field: "legalRule" },
        currency: { type: "text", field: "currency" }
      }
    },
    RefundAlarm: {
      table: "refund_alarms",
      columns: {
        activation_id: { type: "text", field: "activationId" },
        payment_id: { type: "text", field: "paymentId" },
        subject_id: { type: "text", field: "subjectId" },
        days: { type: "smallint", field: "days" },
        due_at: { type: "timestamptz", field: "dueAt" },
        amount_minor: { type: "bigint", field: "amountMinor" },
        currency: { type: "text", field: "currency" }
      }
    },
    SupportCase: {
      table: "support_cases",
      columns: {
        case_id: { type: "text", field: "caseId" },
        activation_id: { type: "text", field: "activationId" },
        vin: { type: "text", field: "vin" },
        subject_id: { type: "text", field: "subjectId" },
        option: { type: "text", field: "option" },
        reason: { type: "text", field: "reason" },
        tries: { type: "jsonb", field: "tries" }
      }
    },
    SupportCaseResolution: {
      table: "support_case_resolutions",
      columns: {
        case_id: { type: "text", field: "caseId" },
        resolution: { type: "text", field: "resolution" },
        reason: { type: "text", field: "reason" },
        by_subject_id: { type: "text", field: "by" }
      }
    }
  },

  facets: ({ value, context }) => {
    const { country, customerId, vin } = context as ActivationContext
    return {
      closed: closedStates.has(serviceOf(value)) && restingMoney.has(moneyOf(value)),
      country,
      dealershipId: null,
      subjectId: customerId,
      vin
    }
  }
})

/** `active`, `escalated.open` …: where the service stands, whatever its money does. */
const serviceOf = (value: unknown): string => {
  const { service } = value as { readonly service: string | Readonly<Record<string, string>> }
  return typeof service === "string" ? service : Object.entries(service)[0]!.join(".")
}

const moneyOf = (value: unknown): string => (value as { readonly money: string }).money

const capturedOf = ({ reference: paymentId, capturedMinor: amountMinor, currency, id: gatewayId }: GatewayPayment) =>
  PaymentCaptured.make({ paymentId, amount: { amountMinor, currency }, gatewayId })

/** What the gateway's own record says of a hold, as its first answer would have said it. */
const holdOf = (payment: GatewayPayment): ActivationMessage => {
  const { reference: paymentId, status, amountMinor, currency, id: gatewayId, captureBefore, actionUrl, reason } = payment
  switch (status) {
    case "authorised":
      // A hold that nobody says the end of is not relied on: it is over already, and asked for once more.
      return PaymentAuthorised.make({
        paymentId,
        amount: { amountMinor, currency },
        gatewayId,
        captureBefore: captureBefore ?? "1970-01-01T00:00:00.000Z"
      })
    case "requires_action":
      return PaymentActionRequired.make({ paymentId, actionUrl: actionUrl ?? null })
    case "captured":
      return capturedOf(payment)
    case "declined":
      return PaymentDeclined.make({ paymentId, reason: reason ?? "declined" })
    case "voided":
    case "expired":
      return PaymentVoided.make({ paymentId })
  }
}

/** Of all answers to a charge only a capture is money. A bank may want the customer first (SCA). */
const chargeOf = (payment: GatewayPayment): ActivationMessage => {
  const { reference: paymentId, status, actionUrl } = payment
  if (status === "captured") return capturedOf(payment)
  if (status === "requires_action") return PaymentActionRequired.make({ paymentId, actionUrl: actionUrl ?? null })
  return PaymentDeclined.make({ paymentId, reason: `NotCaptured: ${status}` })
}

const tellVehicle = (vin: Vin, message: VehicleMessage, { id, path, version, correlation, traceId }: CommandOrder) =>
  ActorSystem.use((actors) =>
    Effect.asVoid(actors.tell(Vehicle.at(vin), message, { id, cause: id, correlation, traceId, sender: { path, version } }))
  )
