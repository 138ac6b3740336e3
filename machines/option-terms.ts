/** An option as it was bought: every number and rule that its car and its activation need. A later edition of the catalogue never touches it. */
import { Schema } from "effect"
import { type Instant, Money, OptionCode } from "./vocabulary.ts"

/** The seed's six categories (S7). */
export const Category = Schema.Literals([
  "performance",
  "autonomousDriving",
  "traction",
  "climate",
  "entertainment",
  "driverAssistance"
])
export type Category = typeof Category.Type

/** How long it was bought for (S6). A trial is a temporary service that costs nothing. */
export const Term = Schema.Union([
  Schema.Struct({ kind: Schema.Literals(["temporary", "trial"]), count: Schema.Natural, unit: Schema.Literals(["day", "month"]) }),
  Schema.Struct({ kind: Schema.Literals(["permanent", "recurring"]) })
])
export type Term = typeof Term.Type

/** One switch in the car, by the key of its configuration, and what it is set to. */
export const Feature = Schema.Struct({
  id: Schema.String.check(Schema.isPattern(/^[A-Za-z][A-Za-z0-9.]{0,79}$/)),
  parameters: Schema.Record(Schema.String, Schema.Union([Schema.Boolean, Schema.Int, Schema.String]))
})
export type Feature = typeof Feature.Type

export const OptionTerms = Schema.Struct({
  option: OptionCode,
  edition: Schema.Natural,
  category: Category,
  term: Term,
  /** VAT included. Zero for a trial and for what the car's price includes. Of a recurring service: per month, charged at the month's end (mes vencido). */
  price: Money,
  vatPercent: Schema.Natural,
  features: Schema.Array(Feature),
  requires: Schema.Array(OptionCode), // Active in the car already.
  excludes: Schema.Array(OptionCode), // Neither active nor under way.
  models: Schema.Array(Schema.String), // The models that have the hardware.
  /** Power and driving options only: whether this country's type approval covers it (CO-41). */
  homologated: Schema.Boolean,
  /** A safety rule: closed while maintenance is overdue, or while nobody can say (S16). */
  maintenanceGated: Schema.Boolean,
  maintenanceMaxAgeHours: Schema.Natural,
  retries: Schema.Natural, // After the first try (D-18).
  acknowledgementSeconds: Schema.Natural, // How long one try waits for the car.
  backoffSeconds: Schema.Natural // Before the first retry; four times as long before each further one, with jitter.
})
export type OptionTerms = typeof OptionTerms.Type

/** The public key a car signs its reports with, and the road that leads to it. Told by the factory; never changed by a car. */
export const VehicleKey = Schema.Struct({
  /** Ed25519, 32 bytes, base64url (RFC 8037 `x`). */
  publicKey: Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_-]{43}$/)),
  link: Schema.Literals(["nats", "apiIot"])
})
export type VehicleKey = typeof VehicleKey.Type

/** When a service that starts at `from` ends; null: never. A month ends on the same day of the next one, or on its last (UTC). */
export const endOf = (term: Term, from: Instant): Instant | null => {
  if (!("unit" in term)) return null
  const end = new Date(from)
  if (term.unit === "day") end.setUTCDate(end.getUTCDate() + term.count)
  else {
    const day = end.getUTCDate()
    end.setUTCMonth(end.getUTCMonth() + term.count, 1)
    const last = new Date(Date.UTC(end.getUTCFullYear(), end.getUTCMonth() + 1, 0)).getUTCDate()
    end.setUTCDate(Math.min(day, last))
  }
  return end.toISOString()
}
