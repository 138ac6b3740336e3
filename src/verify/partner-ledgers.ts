/** What partners themselves remember, read as data: a witness that shares no code with us. Only simulated partners tell. */
import { Schema } from "effect"

const Text = Schema.NullOr(Schema.String)

const FactoryLine = Schema.Struct({
  at: Schema.String,
  kind: Schema.String,
  reference: Schema.String,
  factoryOrderId: Text,
  vin: Text
})
const PaymentLine = Schema.Struct({
  at: Schema.String,
  kind: Schema.String,
  reference: Schema.String,
  amountMinor: Schema.Int,
  capture: Text, // What was asked for: `immediate`, or a hold (`manual`).
  refundReference: Text
})
const RegistrationLine = Schema.Struct({
  at: Schema.String,
  kind: Schema.String,
  reference: Schema.String,
  registrationId: Text,
  vin: Schema.String,
  plate: Text
})
const TransportLine = Schema.Struct({
  at: Schema.String,
  kind: Schema.String,
  reference: Schema.String,
  to: Schema.String,
  vin: Schema.String
})
const MailLine = Schema.Struct({ messageId: Schema.String, subject: Schema.String, text: Schema.String })
const PushLine = Schema.Struct({ messageId: Schema.String, title: Schema.String, text: Schema.String })
const SmsLine = Schema.Struct({ kind: Schema.String, reference: Schema.String })
const WitnessLine = Schema.Struct({
  kind: Schema.String,
  chain: Schema.String,
  position: Schema.NullOr(Schema.Int),
  hash: Text,
  signed: Schema.String,
  publicKey: Schema.String
})
const Version = Schema.optionalKey(Schema.NullOr(Schema.Int))
const Maybe = Schema.optionalKey(Text)
/** `at`: when it really was; `carAt`: what the car believed. Each kind has some of the rest. */
const CarLine = Schema.Struct({
  at: Schema.String,
  carAt: Schema.String,
  vin: Schema.String,
  kind: Schema.String,
  verdict: Maybe,
  reason: Maybe,
  why: Maybe,
  document: Maybe,
  cfgVersion: Version,
  flashVersion: Version,
  highestVersion: Version,
  expiresAt: Maybe,
  namesThisBoot: Schema.optionalKey(Schema.Boolean),
  parked: Schema.optionalKey(Schema.Boolean),
  feature: Maybe,
  activationId: Maybe,
  until: Maybe
})
export type CarLine = typeof CarLine.Type
const CarFeature = Schema.Struct({ id: Schema.String, option: Schema.String, activationId: Schema.String, until: Text })
/** What a car runs now. */
const CarFlash = Schema.Struct({
  vin: Schema.String,
  cfgVersion: Schema.Int,
  highestVersion: Schema.Int,
  features: Schema.Array(CarFeature)
})
export type CarFlash = typeof CarFlash.Type
const SentWebhook = Schema.Struct({ id: Schema.String, body: Schema.String, delivered: Schema.Boolean })

/** A list is null where that partner tells nothing. */
export const PartnerLedgers = Schema.Struct({
  factory: Schema.NullOr(Schema.Array(FactoryLine)),
  payments: Schema.NullOr(Schema.Array(PaymentLine)),
  registration: Schema.NullOr(Schema.Array(RegistrationLine)),
  transport: Schema.NullOr(Schema.Array(TransportLine)),
  mail: Schema.NullOr(Schema.Array(MailLine)),
  push: Schema.NullOr(Schema.Array(PushLine)),
  sms: Schema.NullOr(Schema.Array(SmsLine)),
  witness: Schema.NullOr(Schema.Array(WitnessLine)),
  cars: Schema.NullOr(Schema.Array(CarLine)),
  flash: Schema.NullOr(Schema.Array(CarFlash)),
  /** What they sent us, and whether we said 2xx. */
  webhooks: Schema.Struct({
    factory: Schema.NullOr(Schema.Array(SentWebhook)),
    payments: Schema.NullOr(Schema.Array(SentWebhook)),
    transport: Schema.NullOr(Schema.Array(SentWebhook))
  })
})
export type PartnerLedgers = typeof PartnerLedgers.Type

export type ReadLedgers = () => Promise<PartnerLedgers>

export const noLedgers: PartnerLedgers = {
  factory: null,
  payments: null,
  registration: null,
  transport: null,
  mail: null,
  push: null,
  sms: null,
  witness: null,
  cars: null,
  flash: null,
  webhooks: { factory: null, payments: null, transport: null }
}

const patienceMillis = 10_000 // Wall clock: of a socket.
const decode = Schema.decodeUnknownSync(PartnerLedgers)

/** By FACTORY_URL, PAYMENTS_URL, REGISTRATION_URL, TRANSPORT_URL, SMS_URL, AUDIT_WITNESS_URL, and by the doors that the mail sink, the push service and the fleet have for other programs. */
export const ledgersOf =
  (env: Readonly<Record<string, string | undefined>>): ReadLedgers =>
  async () => {
    const read = (variable: string, book: "ledger" | "webhooks" | "flash") => bookOf(env[variable], book)
    const [factory, payments, registration, transport, mail, push, sms, witness, cars, flash, told, settled, carried] =
      await Promise.all([
        read("FACTORY_URL", "ledger"),
        read("PAYMENTS_URL", "ledger"),
        read("REGISTRATION_URL", "ledger"),
        read("TRANSPORT_URL", "ledger"),
        read("MAIL_LEDGER_URL", "ledger"),
        read("PUSH_LEDGER_URL", "ledger"),
        read("SMS_URL", "ledger"),
        read("AUDIT_WITNESS_URL", "ledger"),
        read("FLEET_LEDGER_URL", "ledger"),
        read("FLEET_LEDGER_URL", "flash"),
        read("FACTORY_URL", "webhooks"),
        read("PAYMENTS_URL", "webhooks"),
        read("TRANSPORT_URL", "webhooks")
      ])
    const webhooks = { factory: told, payments: settled, transport: carried }
    return decode({ factory, payments, registration, transport, mail, push, sms, witness, cars, flash, webhooks })
  }

/** Null where nobody is there, or where a real partner is: they keep their books to themselves. */
const bookOf = async (url: string | undefined, book: string): Promise<unknown> => {
  if (!url) return null
  try {
    const answer = await fetch(new URL(`/_simulator/${book}`, url), { signal: AbortSignal.timeout(patienceMillis) })
    return answer.ok ? await answer.json() : null
  } catch {
    return null
  }
}
