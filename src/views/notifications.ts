/** What a customer was told, newest first: by its facts, and how each message fared. A card that changed since is shown as it is now. */
import { Effect, Result, Schema } from "effect"
import type { Delivery, KeptNotice } from "#integrations/notifications/deliveries.ts"
import { Occasion } from "#integrations/notifications/occasions.ts"
import { wordingOf } from "#integrations/notifications/wording.ts"
import { Seen } from "#integrations/postgres/seen-by.ts"
import type { SubjectId } from "#machines/vocabulary.ts"
import type { Language } from "./order-words.ts"

export interface NotificationRow extends Omit<KeptNotice, "subjectId" | "occasion"> {
  readonly occasion: string // A newer program than this one may have told others.
  readonly deliveries: ReadonlyArray<Pick<Delivery, "channel" | "state"> & { readonly finishedAt: string | null }>
}

/** Before `after` (an instant and an id); at most `limit`. Of a card's progress only what nothing newer has replaced. */
export const notificationsOf = Effect.fn("views.notificationsOf")(function* (
  subjectId: SubjectId,
  [at, id]: readonly [at: string, id: string],
  limit: number
) {
  const sql = yield* Seen
  return yield* sql<NotificationRow>`
    SELECT n.notice_id AS "noticeId", n.occasion, n.class, n.card, n.facts, n.order_id AS "orderId",
           n.activation_id AS "activationId", n.vin, n.at, coalesce(went.deliveries, '[]') AS deliveries
    FROM notifications n
    LEFT JOIN LATERAL (
      SELECT jsonb_agg(jsonb_build_object('channel', channel, 'state', state, 'finishedAt', finished_at) ORDER BY channel) AS deliveries
      FROM notification_deliveries d
      WHERE d.notice_id = n.notice_id
    ) went ON true
    WHERE n.subject_id = ${subjectId} AND (n.at, n.notice_id) < (${at}::timestamptz, ${id})
      AND NOT (n.class = 'progress' AND EXISTS (
        SELECT FROM notifications newer
        WHERE newer.subject_id = n.subject_id AND newer.card = n.card AND newer.at >= n.at
          AND (newer.at, newer.notice_id) > (n.at, n.notice_id)
      ))
    ORDER BY n.at DESC, n.notice_id DESC
    LIMIT ${limit}`
})

const unworded = { es: "Aviso", en: "Notification" } // Of an occasion that a newer program than this one told.

/** The words of it, anew, in the reader's language. */
export const wordedAs = ({ occasion, facts }: Pick<NotificationRow, "occasion" | "facts">, language: Language) => {
  const wording = Schema.is(Occasion)(occasion) ? wordingOf(occasion, facts, language) : null
  return wording !== null && Result.isSuccess(wording)
    ? wording.success
    : { subject: unworded[language], text: "", lines: [] as const }
}
