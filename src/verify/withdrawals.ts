/** Whoever was told that the period was over was told the truth (I26): the calendar once more, in Postgres' own hand. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { Findings } from "./findings.ts"

/** By the law that stands in the contract; without one, fourteen days by the country's clock. The day of the submission is compared, so no clock change matters. */
export const withdrawals = Effect.fn("verify.withdrawals")(function* (findings: Findings) {
  const sql = yield* SqlClient.SqlClient
  const [accepted] = yield* sql<{ times: number }>`
    SELECT count(*)::int AS times FROM whole.journal WHERE path LIKE 'activation/%' AND type = 'RequestWithdrawal'`
  const refused = yield* sql<{ activationId: string; submittedAt: Date; lastDay: string | null; inTime: boolean | null }>`
    SELECT r.activation_id AS "activationId", r.submitted_at AS "submittedAt", period.last_day::text AS "lastDay",
           (r.submitted_at AT TIME ZONE contract.zone)::date <= period.last_day AS "inTime"
    FROM refused_withdrawals r
    LEFT JOIN LATERAL (
      SELECT (body ->> 'purchasedAt')::timestamptz AS concluded_at, body -> 'law' AS law,
             coalesce(body -> 'law' ->> 'timeZone', CASE body ->> 'country'
               WHEN 'ES' THEN 'Europe/Madrid' WHEN 'DE' THEN 'Europe/Berlin' WHEN 'FR' THEN 'Europe/Paris'
               WHEN 'PT' THEN 'Europe/Lisbon' WHEN 'IT' THEN 'Europe/Rome'
             END) AS zone
      FROM whole.journal
      WHERE path = 'activation/' || r.vin || '/' || r.activation_id AND version = 1
    ) contract ON true
    LEFT JOIN LATERAL (
      SELECT min(day) AS last_day
      FROM generate_series(0, 60) AS more,
           LATERAL (SELECT (contract.concluded_at AT TIME ZONE contract.zone)::date
                           + coalesce((contract.law ->> 'withdrawalDays')::int, 14) + more AS day) AS days
      WHERE coalesce((contract.law ->> 'endsOnWorkingDay')::boolean, false) IS FALSE
         OR (extract(isodow FROM day) < 6 AND NOT contract.law -> 'holidays' ? day::text)
    ) period ON true`
  findings.checked("I26", accepted!.times + refused.length)
  for (const { activationId, submittedAt, lastDay, inTime } of refused) {
    const what = `The withdrawal from ${activationId} of ${submittedAt.toISOString()} was refused as late`
    if (inTime === null) findings.violated("I26", `${what}, and nobody knows such a service`)
    else if (inTime) findings.violated("I26", `${what}, and its last day was ${lastDay}`)
  }
})
