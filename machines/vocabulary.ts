/** The words every room speaks. Their Spanish originals live in docs/glossary.md. */
import { Schema } from "effect"

const id = (prefix: string) => Schema.String.check(Schema.isPattern(new RegExp(`^${prefix}_[A-Za-z0-9-]{1,64}$`)))

/** ISO 3779: 17 characters, without I, O and Q. The check digit in place 9 is a North American rule and is not asked for. */
export const Vin = Schema.String.check(Schema.isPattern(/^[A-HJ-NPR-Z0-9]{17}$/)).pipe(Schema.brand("Vin"))
export type Vin = typeof Vin.Type

export const OrderId = id("ord").pipe(Schema.brand("OrderId"))
export type OrderId = typeof OrderId.Type

/** A person as the rest of the house knows them: never a name, a mail address or a phone number. */
export const SubjectId = id("sub").pipe(Schema.brand("SubjectId"))
export type SubjectId = typeof SubjectId.Type

export const DealershipId = id("dea").pipe(Schema.brand("DealershipId"))
export type DealershipId = typeof DealershipId.Type

/** One try to take money: `pay_<order>-reservation-1`. It is also our reference at the gateway. */
export const PaymentId = id("pay").pipe(Schema.brand("PaymentId"))
export type PaymentId = typeof PaymentId.Type

/** One purchased service on one car. Letters and digits, so that a payment's name can hold it. */
export const ActivationId = Schema.String.check(Schema.isPattern(/^act_[A-Za-z0-9]{1,32}$/)).pipe(Schema.brand("ActivationId"))
export type ActivationId = typeof ActivationId.Type

/** A service in the catalogue: `power-plus`. */
export const OptionCode = Schema.String.check(Schema.isPattern(/^[a-z][a-z0-9-]{0,39}$/)).pipe(Schema.brand("OptionCode"))
export type OptionCode = typeof OptionCode.Type

/** A report of a car, by the SHA-256 of its bytes: the same bytes are the same report, however they came. */
export const ReceiptId = Schema.String.check(Schema.isPattern(/^rep_[0-9a-f]{64}$/)).pipe(Schema.brand("ReceiptId"))
export type ReceiptId = typeof ReceiptId.Type

/** ISO 3166-1 alpha-2, of the countries we register cars in. */
export const Country = Schema.Literals(["ES", "DE", "FR", "PT", "IT"])
export type Country = typeof Country.Type

/** ISO 4217. */
export const Currency = Schema.Literals(["EUR"])
export type Currency = typeof Currency.Type

/** Minor units (cents), never a float. At most 10^12, so that no sum leaves the safe integers. */
export const Minor = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000_000_000 }))

export const Money = Schema.Struct({ amountMinor: Minor, currency: Currency })
export type Money = typeof Money.Type

/**
 * The VAT within a gross price, in minor units: what is left when the net is rounded half up. In BigInt: twice a hundred times a large sum
 * leaves the safe integers.
 */
export const vatWithin = (grossMinor: number, vatPercent: number): number => {
  const [gross, of] = [BigInt(grossMinor), BigInt(100 + vatPercent)]
  return grossMinor - Number((200n * gross + of) / (2n * of))
}

/** An instant as it is stored and told: ISO 8601, UTC, milliseconds. */
export const Instant = Schema.String.check(Schema.isPattern(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/))
export type Instant = typeof Instant.Type

/** The gateway's token for a card or account; never the card itself. */
export const PaymentMethod = Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_-]{1,64}$/))

/** A text the customer agreed to: which, in which edition and language, and when. Without a language: agreed to before that was kept. */
export const Consent = Schema.Struct({
  text: Schema.String,
  edition: Schema.Natural,
  at: Instant,
  language: Schema.optionalKey(Schema.Literals(["es", "en"]))
})

/** A paper in the document store: what it is, and the SHA-256 of its bytes. */
export const Paper = Schema.Struct({ kind: Schema.String, sha256: Schema.String.check(Schema.isPattern(/^[0-9a-f]{64}$/)) })
export type Paper = typeof Paper.Type

/** A message is plain JSON with a `type`. XState, NATS and Postgres all read the same value. */
export const message = <const Type extends string, const Fields extends Schema.Struct.Fields>(type: Type, fields: Fields) =>
  Schema.Struct({ type: Schema.tag(type), ...fields })

/** What a machine hears: the message, and when it was heard (platform time, stamped by the actor system). */
export type Heard<Message> = Message & { readonly at: Instant }

/** Told to an actor when one of its commands ran out of patience and waits for an operator. Every chart has an answer. */
export const CommandParked = message("CommandParked", { commandId: Schema.String, command: Schema.String, cause: Schema.String })

/** What a machine emits when the answer to a request is no. It is told to whoever asked, and nothing is stored. */
export interface Refusal<Reason extends string> {
  readonly type: "Refused"
  readonly reason: Reason
}

/** What a machine emits when a fact changes nothing: the journal keeps the fact and this reason. */
export interface Remark<Reason extends string> {
  readonly type: "Recorded"
  readonly reason: Reason
}
