/** Preferences in Postgres: a row per class that somebody has said something about. */
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { texts } from "../postgres/postgres.ts"
import { PlatformTime } from "../postgres/time.ts"
import type { Channel } from "./notifications.ts"
import type { NoticeClass } from "./occasions.ts"
import { NotificationPreferences, objectionTo, type Preferences, usual } from "./preferences.ts"

export const NotificationPreferencesPostgres = Layer.effect(
  NotificationPreferences,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const time = yield* PlatformTime
    return NotificationPreferences.of({
      read: Effect.fn("NotificationPreferences.read")(function* (subjectId) {
        const rows = yield* sql<{ class: NoticeClass; channels: ReadonlyArray<Channel> }>`
          SELECT class, channels FROM notification_preferences WHERE subject_id = ${subjectId}`
        return { ...usual, ...Object.fromEntries(rows.map((row) => [row.class, row.channels])) } as Preferences
      }, Effect.orDie),
      keep: Effect.fn("NotificationPreferences.keep")(function* (subjectId, preferences) {
        const objection = objectionTo(preferences)
        if (objection !== null) return yield* objection
        const kept = Object.fromEntries(
          Object.entries(preferences).map(([one, channels]) => [one, [...new Set(channels)]])
        ) as unknown as Preferences
        for (const [one, channels] of Object.entries(kept))
          yield* Effect.orDie(sql`
            INSERT INTO notification_preferences (subject_id, class, channels, changed_at)
            VALUES (${subjectId}, ${one}, ${texts(channels)}, ${new Date(time.now())})
            ON CONFLICT (subject_id, class) DO UPDATE SET channels = EXCLUDED.channels, changed_at = EXCLUDED.changed_at`)
        return kept
      })
    })
  })
)
