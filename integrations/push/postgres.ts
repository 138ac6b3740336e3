/** Devices in Postgres, sealed before they get there. */
import { createHash } from "node:crypto"
import { Effect, Layer, type Redacted } from "effect"
import { SqlClient } from "effect/sql"
import type { SubjectId } from "#machines/vocabulary.ts"
import { envelope, type Sealed } from "../persons/envelope.ts"
import { iso, PlatformTime } from "../postgres/time.ts"
import { Push, type PushSubscription } from "./push.ts"
import { devicesAtMost, EndpointNotAllowed, PushSubscriptions, SubscriptionId, TooManyDevices } from "./subscriptions.ts"

/** `key`: the key-encryption key of people's data. */
export const PushSubscriptionsPostgres = (options: { readonly key: Redacted.Redacted<Uint8Array> }) =>
  Layer.effect(
    PushSubscriptions,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const time = yield* PlatformTime
      const push = yield* Push
      const { seal, open } = envelope(options.key)

      const of = Effect.fn("PushSubscriptions.of")(function* (subjectId: SubjectId) {
        const rows = yield* sql<Sealed & { subscriptionId: SubscriptionId; createdAt: Date }>`
          SELECT subscription_id AS "subscriptionId", created_at AS "createdAt", wrapped_key AS "wrappedKey", nonce, ciphertext
          FROM push_subscriptions
          WHERE subject_id = ${subjectId}
          ORDER BY created_at`
        return rows.map((row) => ({
          subscriptionId: row.subscriptionId,
          createdAt: iso(row.createdAt.getTime()),
          subscription: JSON.parse(open(subjectId, row)) as PushSubscription
        }))
      }, Effect.orDie)

      return PushSubscriptions.of({
        of,
        keep: Effect.fn("PushSubscriptions.keep")(function* (subjectId, subscription) {
          if (!push.allows(subscription.endpoint)) return yield* new EndpointNotAllowed()
          const subscriptionId = idOf(subscription)
          const known = yield* of(subjectId)
          if (known.length >= devicesAtMost && !known.some((one) => one.subscriptionId === subscriptionId))
            return yield* new TooManyDevices({ most: devicesAtMost })
          const { wrappedKey, nonce, ciphertext } = seal(subjectId, JSON.stringify(subscription))
          const createdAt = iso(time.now())
          yield* Effect.orDie(sql`
            INSERT INTO push_subscriptions (subscription_id, subject_id, wrapped_key, nonce, ciphertext, created_at)
            VALUES (${subscriptionId}, ${subjectId}, ${wrappedKey}, ${nonce}, ${ciphertext}, ${new Date(createdAt)})
            ON CONFLICT (subscription_id) DO UPDATE SET
              subject_id = EXCLUDED.subject_id, wrapped_key = EXCLUDED.wrapped_key, nonce = EXCLUDED.nonce,
              ciphertext = EXCLUDED.ciphertext, created_at = EXCLUDED.created_at`)
          return { subscriptionId, createdAt }
        }),
        drop: Effect.fn("PushSubscriptions.drop")(function* (subjectId, subscriptionId) {
          const gone = yield* sql`
            DELETE FROM push_subscriptions
            WHERE subscription_id = ${subscriptionId} AND subject_id = ${subjectId}
            RETURNING subscription_id`
          return gone.length > 0
        }, Effect.orDie)
      })
    })
  )

const idOf = ({ endpoint }: PushSubscription) =>
  SubscriptionId.make(`push_${createHash("sha256").update(endpoint).digest("hex").slice(0, 32)}`)
