/** What came in: whatever was accepted is there once, whatever was refused is not (I05, I06, I16). */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { partitionOf } from "#actors/system/partition.ts"
import { int4s, texts } from "#integrations/postgres/postgres.ts"
import type { Evidence } from "./evidence.ts"
import type { Findings } from "./findings.ts"
import type { PartnerLedgers } from "./partner-ledgers.ts"

const page = 1_000
const pagesOf = <A>(all: ReadonlyArray<A>): ReadonlyArray<ReadonlyArray<A>> =>
  Array.from({ length: Math.ceil(all.length / page) }, (_, n) => all.slice(n * page, (n + 1) * page))

export const inbox = Effect.fn("verify.inbox")(function* (findings: Findings, evidence: Evidence) {
  yield* webhooksHeard(findings, evidence.quiet)
  for (const source of ["factory", "payments", "transport"] as const)
    yield* acceptedWebhooks(findings, source, evidence.before.webhooks[source])
  yield* forgeries(findings, evidence.forgeries)
  yield* history(findings, evidence.history)
})

const webhooksHeard = Effect.fnUntraced(function* (findings: Findings, quiet: boolean) {
  const sql = yield* SqlClient.SqlClient
  const [count] = yield* sql<{ webhooks: number }>`SELECT count(*)::int AS webhooks FROM webhooks`
  findings.checked("I05", count!.webhooks)
  const wrong = yield* sql<{ id: string; state: string; outcome: string | null; turns: number; heard: string | null }>`
    WITH told AS (
      SELECT message_id, count(*)::int AS turns, min(outcome) AS outcome
      FROM whole.journal
      WHERE message_id ~ '^(factory|payments|transport)/'
      GROUP BY message_id
    )
    SELECT source || '/' || webhook_id AS id, state, w.outcome, coalesce(turns, 0) AS turns, told.outcome AS heard
    FROM webhooks w
    LEFT JOIN told ON message_id = source || '/' || webhook_id
    WHERE coalesce(turns, 0) > 1
       OR (state = 'applied' AND (turns IS DISTINCT FROM 1 OR told.outcome <> w.outcome))
       OR (state = 'rejected' AND (turns IS NOT NULL OR w.outcome !~ '^rejected: .'))
       OR (state = 'received' AND ${quiet} AND w.outcome IS DISTINCT FROM 'waiting: ActorQuarantined')`
  for (const { id, state, outcome, turns, heard } of wrong)
    findings.violated("I05", `${id} is ${state} (${outcome}) and was heard ${turns} times (${heard})`)
})

const acceptedWebhooks = Effect.fnUntraced(function* (
  findings: Findings,
  source: keyof PartnerLedgers["webhooks"],
  sent: PartnerLedgers["webhooks"]["factory"]
) {
  const sql = yield* SqlClient.SqlClient
  const accepted = (sent ?? []).filter(({ delivered }) => delivered)
  findings.checked("I05", accepted.length)
  for (const some of pagesOf(accepted)) {
    const missing = yield* sql<{ id: string }>`
      SELECT sent.id
      FROM unnest(${texts(some.map(({ id }) => id))}, ${texts(some.map(({ body }) => body))}) AS sent (id, body)
      WHERE NOT EXISTS (
        SELECT FROM webhooks w WHERE w.source = ${source} AND w.webhook_id = sent.id AND w.body = convert_to(sent.body, 'UTF8')
      )`
    for (const { id } of missing)
      findings.violated("I05", `${source}/${id} was answered with 2xx and is not kept, or not as it was sent`)
  }
})

const forgeries = Effect.fnUntraced(function* (findings: Findings, forged: ReadonlyArray<string>) {
  const sql = yield* SqlClient.SqlClient
  findings.checked("I06", forged.length)
  if (forged.length === 0) findings.skipped("I06", "no list of forgeries: only whoever sent them knows")
  for (const some of pagesOf(forged)) {
    const accepted = yield* sql<{ id: string }>`
      SELECT id
      FROM unnest(${texts(some)}) AS forged (id)
      WHERE EXISTS (SELECT FROM webhooks WHERE source = split_part(id, '/', 1) AND webhook_id = split_part(id, '/', 2))
         OR EXISTS (SELECT FROM whole.journal WHERE message_id = id)`
    for (const { id } of accepted) findings.violated("I06", `${id} was forged, and is kept`)
  }
})

const history = Effect.fnUntraced(function* (findings: Findings, acts: Evidence["history"]) {
  const sql = yield* SqlClient.SqlClient
  findings.checked("I16", acts.length)
  if (acts.length === 0) findings.skipped("I16", "no callers' history: only whoever called knows")
  for (const some of pagesOf(acts)) {
    const wrong = yield* sql<{ path: string; message_id: string; saw: string; turns: number }>`
      SELECT act.path, act.message_id, act.saw, heard.turns
      FROM unnest(
        ${int4s(some.map(({ path }) => partitionOf(path)))}, ${texts(some.map(({ path }) => path))},
        ${texts(some.map(({ messageId }) => messageId))}, ${texts(some.map(({ saw }) => saw))}
      ) AS act (partition, path, message_id, saw)
      CROSS JOIN LATERAL (
        SELECT count(*)::int AS turns
        FROM whole.journal j
        WHERE j.partition = act.partition AND j.path = act.path AND j.message_id = act.message_id
      ) AS heard
      WHERE turns > 1 OR (saw = 'ok' AND turns <> 1) OR (saw = 'fail' AND turns <> 0)`
    for (const { path, message_id, saw, turns } of wrong)
      findings.violated("I16", `${message_id} to ${path} was seen as ${saw}, and was heard ${turns} times`)
  }
})
