/** The journal itself: nothing skipped, nobody writing who may not, and nothing heard without a cause (I01, I03, I07, I15). */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { partitionCount } from "#actors/system/partition.ts"
import type { Findings } from "./findings.ts"

export const journal = Effect.fn("verify.journal")(function* (findings: Findings) {
  const sql = yield* SqlClient.SqlClient
  const [count] = yield* sql<{ actors: number; turns: number; partitions: number }>`
    SELECT (SELECT count(*)::int FROM actors) AS actors, (SELECT count(*)::int FROM whole.journal) AS turns,
           (SELECT count(*)::int FROM partitions) AS partitions`
  const { actors, turns, partitions } = count!

  findings.checked("I01", actors)
  const skipped = yield* sql<{ path: string; version: number | null; first: number | null; last: number | null; turns: number }>`
    SELECT path, a.version, first, last, coalesce(turns, 0) AS turns
    FROM (SELECT path, min(version) AS first, max(version) AS last, count(*)::int AS turns FROM whole.journal GROUP BY path) j
    FULL JOIN actors a USING (path)
    WHERE a.version IS NULL OR j.last IS NULL OR first <> 1 OR last <> turns OR last <> a.version`
  for (const { path, version, first, last, turns } of skipped)
    findings.violated("I01", `${path} is at version ${version}; its journal has ${turns} turns, from ${first} to ${last}`)
  // No constraint spans the journal and the archive: that the archive is asked, too, is the code's to see to.
  const again = yield* sql<{ path: string; message_id: string; turns: number }>`
    SELECT path, message_id, count(*)::int AS turns FROM whole.journal GROUP BY path, message_id HAVING count(*) > 1`
  for (const { path, message_id, turns } of again) findings.violated("I01", `${path} heard ${message_id} ${turns} times`)

  findings.checked("I03", turns)
  const sunk = yield* sql<{ path: string; version: number; epoch: number; was: number }>`
    SELECT path, version, epoch, was
    FROM (SELECT path, version, epoch, lag(epoch) OVER (PARTITION BY partition, path ORDER BY version) AS was FROM whole.journal) j
    WHERE was > epoch`
  for (const { path, version, epoch, was } of sunk)
    findings.violated("I03", `${path} version ${version} was written in epoch ${epoch}, after epoch ${was}`)

  findings.checked("I15", actors)
  if (partitions !== partitionCount) findings.violated("I15", `There are ${partitions} partitions, not ${partitionCount}`)
  const foreign = yield* sql<{ path: string; epoch: number; owner: number | null; last: number | null }>`
    SELECT a.path, a.epoch, p.epoch AS owner, j.epoch AS last
    FROM actors a
    LEFT JOIN partitions p USING (partition)
    LEFT JOIN LATERAL (
      SELECT epoch FROM whole.journal WHERE partition = a.partition AND path = a.path ORDER BY version DESC LIMIT 1
    ) j ON true
    WHERE p.epoch IS NULL OR a.epoch > p.epoch OR a.epoch IS DISTINCT FROM j.epoch`
  for (const { path, epoch, owner, last } of foreign)
    findings.violated("I15", `${path} was written in epoch ${epoch}; its journal says ${last}, its partition is in ${owner}`)

  findings.checked("I07", turns)
  const causeless = yield* sql<{ path: string; version: number; message_id: string }>`
    SELECT path, version, message_id
    FROM (
      SELECT *, regexp_match(message_id, '^([a-z]+/[^#]+)#([0-9]{1,9})[.]([0-9]{1,4})(/parked/[0-9]+)?$') AS command,
             regexp_match(message_id, '^([a-z]+/[^#]+)#([0-9]{1,9})/(.+)$') AS timer
      FROM whole.journal
    ) j
    WHERE NOT CASE
      WHEN message_id ~ '^sub_[^/]+/'
        THEN EXISTS (SELECT FROM persons WHERE subject_id = split_part(message_id, '/', 1))
      WHEN message_id ~ '^(factory|payments|transport)/[^/]+$'
        THEN EXISTS (SELECT FROM webhooks WHERE source = split_part(message_id, '/', 1) AND webhook_id = split_part(message_id, '/', 2))
      WHEN message_id ~ '^reconcile/[^/]+/[^/]+$' -- The gateway's own list told it.
        THEN EXISTS (SELECT FROM gateway_statements WHERE gateway_id = split_part(message_id, '/', 2) AND payment_id = body ->> 'paymentId')
      WHEN message_id ~ '^car/rep_[0-9a-f]{64}$' -- A report that changed nothing leaves no row of its own.
        THEN type = 'VehicleReported' AND (outcome LIKE 'recorded: %' OR EXISTS (
          SELECT FROM vehicle_reports r WHERE r.receipt_id = split_part(message_id, '/', 2) AND r.path = j.path AND r.version = j.version
        ))
      WHEN message_id ~ '^workshops/' -- A door asked them, and they said it of this car.
        THEN type = 'MaintenanceChecked' AND path = 'vehicle/' || split_part(message_id, '/', 2)
      WHEN command IS NOT NULL -- Of its own, or of another actor that speaks; the story they belong to is the same.
        THEN EXISTS (
          SELECT FROM whole.outbox o
          WHERE o.path = command[1] AND o.version = command[2]::int AND o.position = command[3]::int AND o.correlation = j.correlation
        )
      WHEN timer IS NOT NULL
        THEN timer[1] = path AND timer[3] = type AND timer[2]::int BETWEEN 1 AND version - 1
      ELSE false
    END`
  for (const { path, version, message_id } of causeless)
    findings.violated("I07", `${path} version ${version} heard ${message_id}, which nothing caused`)
})
