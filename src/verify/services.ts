/** Purchased services as the database tells them: what each activation was opened with, and what has become of it. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

export interface ServiceRow {
  readonly path: string
  readonly activationId: string
  readonly vin: string
  readonly option: string
  readonly priceMinor: number
  /** `active`, `escalated.open` …: where the service stands, whatever its money does. */
  readonly service: string
  /** The car's report that confirmed it is kept. */
  readonly evident: boolean
}

export const services = Effect.fn("verify.services")(function* () {
  const sql = yield* SqlClient.SqlClient
  return yield* sql<ServiceRow>`
    SELECT a.path, j.body ->> 'activationId' AS "activationId", j.body ->> 'vin' AS vin,
           j.body -> 'terms' ->> 'option' AS option,
           (j.body -> 'terms' -> 'price' ->> 'amountMinor')::float8 AS "priceMinor",
           substring(a.state_path FROM '(?:^|[+])service[.]([^+]+)') AS service,
           EXISTS (SELECT FROM evidence e WHERE e.activation_id = j.body ->> 'activationId') AS evident
    FROM actors a
    JOIN whole.journal j ON j.partition = a.partition AND j.path = a.path AND j.version = 1
    WHERE a.type = 'activation'`
})

/** Under way or active: until then nobody may buy the same for the same car. */
export const isOpen = ({ service }: ServiceRow) => /^(pending|retry|active)($|[.])/.test(service)

/** The activation that a payment is for, by the payment's name; null where it is for an order. */
export const activationOf = (paymentId: string): string | null => {
  const [, activation] = /^pay_[A-HJ-NPR-Z0-9]{17}-([A-Za-z0-9]+)-service-\d+$/.exec(paymentId) ?? []
  return activation === undefined ? null : `act_${activation}`
}
