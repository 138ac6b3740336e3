/** Notices and their deliveries in Postgres: a row per fact, and one per fact and channel. No address, and no word that anybody reads. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { ActivationId, OrderId, SubjectId, Vin } from "#machines/vocabulary.ts"
import { messageIdOf } from "../mail/mail.ts"
import { answeredInTime, instants, texts } from "../postgres/postgres.ts"
import { PlatformTime } from "../postgres/time.ts"
import type { Channel, Notice } from "./notifications.ts"
import { type Facts, type NoticeClass, type Occasion, occasions } from "./occasions.ts"

/** `sending`: its command is at it · `waiting`: for its time, or for a channel that was away; the loop has it · `replaced` by a newer one of its card. */
export type DeliveryState = "sending" | "waiting" | "sent" | "bounced" | "replaced"

export interface Delivery {
  readonly noticeId: string
  readonly channel: Channel
  readonly messageId: string
  readonly state: DeliveryState
  readonly attempts: number
  readonly cause: string | null
}

/** A notice as it is kept. */
export interface KeptNotice {
  readonly noticeId: string
  readonly subjectId: SubjectId
  readonly occasion: Occasion
  readonly class: NoticeClass
  readonly card: string
  readonly facts: Facts
  readonly orderId: OrderId | null
  readonly activationId: ActivationId | null
  readonly vin: Vin | null
  readonly at: Date
}

export interface Planned {
  readonly channel: Channel
  readonly state: "sending" | "waiting"
  readonly due: number
}

/** A mail bears the name of its command; the other channels one of their own. */
const nameOf = (id: string, channel: Channel) =>
  channel === "mail" ? messageIdOf(id) : messageIdOf(`${id}/${channel}`).split("@")[0]!

const notice = (sql: SqlClient.SqlClient) => sql`
  notice_id AS "noticeId", subject_id AS "subjectId", occasion, class, card, facts, order_id AS "orderId",
  activation_id AS "activationId", vin, at`

export const leaseMillis = 60_000 // Longer than every channel's own time-out. Whoever dies holding one, it comes due again.

export const deliveries = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const time = yield* PlatformTime
  const asked = <A, E>(question: Effect.Effect<A, E>) => Effect.orDie(answeredInTime(question))

  const add = (id: string, { channel, state, due }: Planned) => sql`
    INSERT INTO notification_deliveries (notice_id, channel, message_id, state, due_at)
    VALUES (${id}, ${channel}, ${nameOf(id, channel)}, ${state}, ${new Date(due)})
    ON CONFLICT (notice_id, channel) DO NOTHING`

  return {
    /** The notice, and where it is to go; both at once, and once. What waits on the same card and has no weight gives way to it. */
    keep: (given: Notice, id: string, plan: ReadonlyArray<Planned>) => {
      const { subjectId, occasion, card, facts, orderId, activationId, vin } = given
      const now = new Date(time.now())
      const planned = texts(plan.map(({ channel }) => channel))
      const [names, states] = [plan.map(({ channel }) => nameOf(id, channel)), plan.map(({ state }) => state)]
      return asked(
        Effect.asVoid(sql`
          WITH kept AS (
            INSERT INTO notifications (notice_id, subject_id, occasion, class, card, facts, order_id, activation_id, vin, at)
            VALUES (${id}, ${subjectId}, ${occasion}, ${occasions[occasion].class}, ${card}, ${JSON.stringify(facts)}::jsonb,
                    ${orderId}, ${activationId}, ${vin}, ${now})
            ON CONFLICT (notice_id) DO NOTHING
            RETURNING notice_id
          ), going AS (
            INSERT INTO notification_deliveries (notice_id, channel, message_id, state, due_at)
            SELECT notice_id, channel, message_id, state, due_at
            FROM kept, unnest(${planned}, ${texts(names)}, ${texts(states)}, ${instants(plan.map(({ due }) => due))})
              AS planned (channel, message_id, state, due_at)
          )
          UPDATE notification_deliveries d SET state = 'replaced', finished_at = ${now}
          FROM kept, notifications n
          WHERE n.subject_id = ${subjectId} AND n.card = ${card} AND n.class IN ('service', 'progress')
            AND d.notice_id = n.notice_id AND d.state = 'waiting' AND d.channel = ANY (${planned})`)
      )
    },
    /** When it was first to be told. */
    at: (id: string) =>
      asked(Effect.map(sql<{ at: Date }>`SELECT at FROM notifications WHERE notice_id = ${id}`, ([kept]) => kept!.at)),
    of: (id: string) =>
      asked(sql<Delivery>`
        SELECT notice_id AS "noticeId", channel, message_id AS "messageId", state, attempts, cause
        FROM notification_deliveries
        WHERE notice_id = ${id}
        ORDER BY channel`),
    add: (id: string, planned: Planned) => asked(Effect.asVoid(add(id, planned))),
    settle: ({ noticeId, channel }: Delivery, state: "sent" | "bounced", cause: string | null) =>
      asked(
        Effect.asVoid(sql`
          UPDATE notification_deliveries
          SET state = ${state}, cause = ${cause}, attempts = attempts + 1, finished_at = ${new Date(time.now())}
          WHERE notice_id = ${noticeId} AND channel = ${channel} AND state IN ('sending', 'waiting')`)
      ),
    /** Nobody knows whether it was taken: it is tried again, by its command (`sending`) or by the loop (`waiting`). */
    postpone: ({ noticeId, channel }: Delivery, state: "sending" | "waiting", due: number, cause: string) =>
      asked(
        Effect.asVoid(sql`
          UPDATE notification_deliveries
          SET state = ${state}, due_at = ${new Date(due)}, attempts = attempts + 1, cause = ${cause}
          WHERE notice_id = ${noticeId} AND channel = ${channel} AND state IN ('sending', 'waiting')`)
      ),
    /** Nothing was left, and somebody asks again: an address may have been mended. */
    reopen: (id: string) =>
      asked(
        Effect.asVoid(sql`
          UPDATE notification_deliveries SET state = 'sending', finished_at = NULL
          WHERE notice_id = ${id} AND state = 'bounced'`)
      ),
    /** Those whose time has come, under a lease. */
    takeDue: (limit: number) =>
      asked(sql<Delivery & KeptNotice>`
        WITH due AS (
          UPDATE notification_deliveries SET due_at = ${new Date(time.now() + leaseMillis)}
          WHERE ctid = ANY (ARRAY (
            SELECT ctid FROM notification_deliveries
            WHERE state = 'waiting' AND due_at <= ${new Date(time.now())}
            ORDER BY due_at LIMIT ${limit} FOR UPDATE SKIP LOCKED
          ))
          RETURNING notice_id, channel, message_id AS "messageId", state, attempts, cause
        )
        SELECT channel, "messageId", state, attempts, cause, ${notice(sql)} FROM due JOIN notifications USING (notice_id)`),

    /** Where a person cannot be reached. */
    bounces: (subjectId: SubjectId) =>
      asked(
        Effect.map(
          sql<{ channel: Channel }>`SELECT channel FROM notification_bounces WHERE subject_id = ${subjectId}`,
          (rows) => new Set(rows.map(({ channel }) => channel))
        )
      ),
    mark: (subjectId: SubjectId, channel: "mail" | "sms", cause: string) =>
      asked(
        Effect.asVoid(sql`
          INSERT INTO notification_bounces (subject_id, channel, cause, at)
          VALUES (${subjectId}, ${channel}, ${cause}, ${new Date(time.now())})
          ON CONFLICT (subject_id, channel) DO UPDATE SET cause = EXCLUDED.cause, at = EXCLUDED.at`)
      ),
    unmark: (subjectId: SubjectId, channel: "mail" | "sms") =>
      asked(Effect.asVoid(sql`DELETE FROM notification_bounces WHERE subject_id = ${subjectId} AND channel = ${channel}`)),
    /** Whether a car has a display that we reach, and its owner is this person. */
    showsTo: (vin: Vin, subjectId: SubjectId) =>
      asked(
        Effect.map(
          sql`
            SELECT FROM vehicle_keys
            WHERE vin = ${vin} AND link = 'nats' AND ${subjectId} = (
              SELECT subject_id FROM vehicle_owners WHERE vin = ${vin} ORDER BY version DESC LIMIT 1
            )`,
          (rows) => rows.length > 0
        )
      )
  }
})
export type Deliveries = Effect.Success<typeof deliveries>
