/** How much we trust a customer with before it is settled (S12.3): data with an edition, changed by a new one, read at each purchase. */
import type { Country } from "#machines/vocabulary.ts"

export interface RiskPolicy {
  readonly edition: number
  /** Minor units, of services delivered and not settled: beyond it nothing new is sold. What was delivered stays. */
  readonly exposureLimitMinor: Readonly<Record<Country, number>>
  /** Days after its bill in which a month counts as owed, and not yet as overdue: the bank is being asked. */
  readonly billGraceDays: number
}

const perCustomer = 5_000_00

export const riskPolicy: RiskPolicy = {
  edition: 1,
  exposureLimitMinor: { ES: perCustomer, DE: perCustomer, FR: perCustomer, PT: perCustomer, IT: perCustomer },
  billGraceDays: 3
}
