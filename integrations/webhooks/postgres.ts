/** Webhooks in Postgres, the only place that remembers them. */
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { texts } from "../postgres/postgres.ts"
import { iso, PlatformTime } from "../postgres/time.ts"
import { type StoredWebhook, type WebhookKey, Webhooks, WebhooksUnreachable } from "./webhooks.ts"

const sha256 = (bytes: Uint8Array) => new Uint8Array(new Bun.CryptoHasher("sha256").update(bytes).digest())
const unreachable = Effect.mapError((cause: unknown) => new WebhooksUnreachable({ cause }))

export const WebhooksPostgres = Layer.effect(
  Webhooks,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const time = yield* PlatformTime
    const now = () => iso(time.now())

    return Webhooks.of({
      keep: Effect.fnUntraced(function* ({ source, webhookId, body, rejected }) {
        const digest = sha256(body)
        const at = now()
        const state = rejected === null ? "received" : "rejected"
        const kept = yield* sql`
          INSERT INTO webhooks (source, webhook_id, received_at, body, body_sha256, state, outcome, applied_at)
          VALUES (${source}, ${webhookId}, ${at}::timestamptz, ${body}, ${digest}, ${state},
                  ${rejected === null ? null : `rejected: ${rejected}`}, ${rejected === null ? null : at}::timestamptz)
          ON CONFLICT (source, webhook_id) DO NOTHING
          RETURNING true AS kept`
        if (kept.length > 0) return "new" as const
        const [same] = yield* sql<{ same: boolean }>`
          SELECT body_sha256 = ${digest} AS same FROM webhooks WHERE source = ${source} AND webhook_id = ${webhookId}`
        if (same?.same === true) return "known" as const
        yield* sql`
          INSERT INTO webhook_conflicts (source, webhook_id, body_sha256, at)
          VALUES (${source}, ${webhookId}, ${digest}, ${at}::timestamptz)
          ON CONFLICT DO NOTHING`
        return "conflicting" as const
      }, unreachable),

      load: (keys) =>
        sql<StoredWebhook>`
          SELECT w.source, w.webhook_id AS "webhookId", w.body, w.state
          FROM unnest(${texts(keys.map(({ source }) => source))}, ${texts(keys.map(({ webhookId }) => webhookId))}) AS k (source, webhook_id)
          JOIN webhooks w USING (source, webhook_id)`.pipe(unreachable),

      finish: ({ source, webhookId }, { state, outcome }) =>
        sql`
          UPDATE webhooks SET state = ${state}, outcome = ${outcome}, applied_at = ${now()}::timestamptz
          WHERE source = ${source} AND webhook_id = ${webhookId} AND state = 'received'`.pipe(Effect.asVoid, unreachable),

      postpone: ({ source, webhookId }, { reason, seconds }) =>
        sql`
          UPDATE webhooks SET outcome = ${`waiting: ${reason}`}, due_at = now() + ${seconds}::integer * interval '1 second'
          WHERE source = ${source} AND webhook_id = ${webhookId} AND state = 'received'`.pipe(Effect.asVoid, unreachable),

      claimDue: (limit) =>
        sql<WebhookKey & { tries: number }>`
          UPDATE webhooks SET published_at = now(), tries = tries + 1,
            due_at = now() + LEAST(5 * 2 ^ LEAST(tries + 1, 6), 300) * interval '1 second'
          WHERE ctid = ANY (ARRAY (
            SELECT ctid FROM webhooks
            WHERE state = 'received' AND due_at <= now()
            ORDER BY due_at
            LIMIT ${limit}
            FOR UPDATE SKIP LOCKED
          ))
          RETURNING source, webhook_id AS "webhookId", tries`.pipe(unreachable),

      makeAllDue: sql<{ count: number }>`
        WITH due AS (UPDATE webhooks SET due_at = now() WHERE state = 'received' RETURNING 1)
        SELECT count(*)::integer AS count FROM due`.pipe(
        Effect.map(([row]) => row!.count),
        unreachable
      )
    })
  })
)
