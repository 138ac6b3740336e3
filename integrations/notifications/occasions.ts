/** Every occasion on which a customer is told something: how weighty it is, and the facts that its words name. The words: spanish.ts, english.ts. */
import { Schema } from "effect"

/**
 * `legal`: by mail always, at once, and kept; nobody can switch it off. `contract`: money and contract; at least one channel.
 * `service`: how things go; any channel, or none. `progress`: one live card that is replaced, never a mail of its own.
 */
export const NoticeClass = Schema.Literals(["legal", "contract", "service", "progress"])
export type NoticeClass = typeof NoticeClass.Type

/** What words may name, and what is listed below them where a notice brings it. Never a name or an address: those are resolved when it is sent. */
export const facts = [
  "option", // The code; read as the option's name.
  "vin",
  "orderId",
  "activationId",
  "at", // An instant.
  "until", // An instant.
  "month", // "2026-03"
  "amount", // Minor units and currency: "1250 EUR". Read as 12,50 €.
  "attempt",
  "handoverPin" // In mails alone: no lock screen shows it.
] as const
export type Fact = (typeof facts)[number]
export type Facts = { readonly [Name in Fact]?: string }

interface Row {
  readonly class: NoticeClass
  readonly needs: ReadonlyArray<Fact>
  /** Whether the car's display may show it, while it is parked: nothing of money, nor of who somebody is. What cars always show is the vehicle's own. */
  readonly display: boolean
}
const occasion = (noticeClass: NoticeClass, ...needs: ReadonlyArray<Fact>): Row => ({ class: noticeClass, needs, display: false })
const alsoShown = (row: Row): Row => ({ ...row, display: true })

export const occasions = {
  // Of an order.
  DepositReceived: occasion("contract", "orderId"),
  DepositDeclined: occasion("contract", "orderId"),
  OrderCancelled: occasion("contract", "orderId"),
  VehicleReady: occasion("contract", "orderId"),
  FinalPaymentReminder: occasion("contract", "orderId"),
  FinalPaymentDeclined: occasion("contract", "orderId"),
  FinalPaymentReceived: occasion("contract", "orderId"),
  OrderForfeited: occasion("contract", "orderId"),
  PapersNeeded: occasion("service", "orderId"),
  VehicleRegistered: occasion("service", "orderId"),
  OnItsWay: occasion("service", "orderId"),
  CustomerWasAbsent: occasion("service", "orderId"),
  ReadyForPickup: occasion("service", "orderId"),
  PickupReminder: occasion("service", "orderId"),
  HandedOver: occasion("service", "orderId"),
  DepositReturned: occasion("contract", "orderId"),
  PaymentReturned: occasion("contract", "orderId"),

  // Of a service. A confirmation on a durable medium says what it is about, and when (Directive 2011/83/EU, art. 8(7), 11(3) and 11a).
  PurchaseConfirmed: occasion("legal", "option", "vin", "activationId", "at"),
  PaymentActionRequired: occasion("contract", "option", "vin"),
  PaymentConfirmationNeeded: occasion("contract", "option", "vin"),
  ServicePaymentDeclined: occasion("contract", "option", "vin"),
  ServiceActive: occasion("service", "option", "vin"),
  ServiceDelayed: alsoShown(occasion("service", "option", "vin")),
  ServiceRetrying: alsoShown(occasion("progress", "option", "vin")),
  ServiceFailed: occasion("contract", "option", "vin"),
  ServiceGiven: occasion("contract", "option", "vin"),
  ServiceCancelled: occasion("contract", "option", "vin"),
  ServiceEnded: occasion("service", "option", "vin"),
  WithdrawalAcknowledged: occasion("legal", "option", "vin", "activationId", "at"),
  WithdrawalAccepted: occasion("legal", "option", "vin", "activationId", "at"),
  ServicePaymentReturned: occasion("contract", "option", "vin"),
  MonthBilled: occasion("contract", "option", "vin", "month", "amount"),
  PaymentOverdue: occasion("contract", "option", "vin"),
  PaymentUncollected: occasion("contract", "option", "vin"),
  SettlementFailed: occasion("contract"),
  RefundDelayed: occasion("contract"),

  // Of a car: what its owner has to know for his own safety is not switched off.
  PhoneLinked: occasion("contract", "vin"),
  PhoneUnlinked: occasion("contract", "vin"),
  TheftReported: occasion("contract", "vin"),
  TheftEnded: occasion("contract", "vin"),
  WarrantyLost: occasion("contract", "vin"),
  VehicleTransferred: occasion("contract", "vin")
} satisfies Readonly<Record<string, Row>>

export type Occasion = keyof typeof occasions
export const Occasion = Schema.Literals(Object.keys(occasions) as [Occasion, ...Array<Occasion>])
