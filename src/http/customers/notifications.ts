/** What a customer was told and how it went, and what they want to be told by which channel. */
import { Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import type { Accounts } from "#integrations/accounts/accounts.ts"
import { Channel } from "#integrations/notifications/notifications.ts"
import { NoticeClass } from "#integrations/notifications/occasions.ts"
import { NotificationPreferences, Preferences } from "#integrations/notifications/preferences.ts"
import type { Persons } from "#integrations/persons/persons.ts"
import { customerSees } from "#integrations/postgres/seen-by.ts"
import { ActivationId, Instant, OrderId, type SubjectId, Vin } from "#machines/vocabulary.ts"
import { type NotificationRow, notificationsOf, wordedAs } from "#src/views/notifications.ts"
import type { Language } from "#src/views/order-words.ts"
import { changingProblems, readingProblems } from "../answers.ts"
import { languageOf } from "../language.ts"
import type { HttpOptions } from "../options.ts"
import { afterOf, Cursor, cursorAfter, limitOf, PageQuery } from "../page.ts"
import { malformed } from "../problem.ts"
import type { Run } from "../run.ts"
import { customer } from "../session.ts"
import { answering, strictly, takes } from "../strict.ts"

const Notification = Schema.Struct({
  notificationId: Schema.String,
  at: Instant,
  occasion: Schema.String,
  class: NoticeClass,
  /** What it is about: notifications of one card are one story. */
  card: Schema.String,
  subject: Schema.String,
  text: Schema.String,
  lines: Schema.Array(Schema.Struct({ label: Schema.String, value: Schema.String })),
  orderId: Schema.NullOr(OrderId),
  activationId: Schema.NullOr(ActivationId),
  vin: Schema.NullOr(Vin),
  /** Empty: it is told here, and nowhere else. */
  deliveries: Schema.Array(
    Schema.Struct({
      channel: Channel,
      state: Schema.Literals(["waiting", "sent", "bounced", "replaced"]),
      at: Schema.NullOr(Instant)
    })
  )
}).annotate({ identifier: "Notification" })
const Notifications = Schema.Struct({ notifications: Schema.Array(Notification), cursor: Cursor }).annotate({
  identifier: "Notifications"
})
const Wanted = Preferences.annotate({ identifier: "NotificationPreferences" })
const NewlyWanted = Preferences.annotate({ identifier: "NewNotificationPreferences" })

type Needs = Accounts | NotificationPreferences | Persons | SqlClient.SqlClient

export const notifications = (run: Run<Needs>, options: HttpOptions) =>
  new Elysia({ prefix: "/api/me", tags: ["Me"] })
    .use(customer(run, options))
    .get("/notifications", ({ caller, query }) => run(list(caller.subjectId, query)), {
      query: strictly(PageQuery),
      response: { 200: answering(Notifications), ...readingProblems },
      detail: { summary: "What I was told, newest first, and how it reached me" }
    })
    .get("/notification-preferences", ({ caller }) => run(read(caller.subjectId)), {
      response: { 200: answering(Wanted), ...readingProblems },
      detail: { summary: "Which channels I want, class by class" }
    })
    .put("/notification-preferences", ({ caller, body }) => run(keep(caller.subjectId, body)), {
      ...takes(NewlyWanted),
      response: { 200: answering(Wanted), ...changingProblems },
      detail: { summary: "Choose channels, class by class; what the law wants by mail stays" }
    })

const list = Effect.fn("customers.notifications")(function* (subjectId: SubjectId, query: typeof PageQuery.Type) {
  const limit = limitOf(query)
  const after = afterOf(query, ["infinity", ""])
  if (query.cursor !== undefined && !Schema.is(Instant)(after[0]))
    return yield* Effect.fail(malformed("query cursor: not one of ours. Take it from the page before."))
  const rows = yield* customerSees(subjectId)(notificationsOf(subjectId, after, limit))
  const language = yield* languageOf(subjectId)
  return {
    notifications: rows.map((row) => told(row, language)),
    cursor: cursorAfter(rows, limit, ({ at, noticeId }) => [at.toISOString(), noticeId])
  }
})

const told = (row: NotificationRow, language: Language): typeof Notification.Type => {
  const { noticeId: notificationId, at, occasion, class: noticeClass, card, orderId, activationId, vin } = row
  const { subject, text, lines } = wordedAs(row, language)
  return {
    notificationId,
    at: at.toISOString(),
    occasion,
    class: noticeClass,
    card,
    subject,
    text,
    lines: lines.map(([, label, value]) => ({ label, value })),
    orderId,
    activationId,
    vin,
    deliveries: row.deliveries.map(({ channel, state, finishedAt }) => ({
      channel,
      state: state === "sending" ? "waiting" : state,
      at: finishedAt === null ? null : new Date(finishedAt).toISOString()
    }))
  }
}

const read = Effect.fn("customers.notificationPreferences")((subjectId: SubjectId) =>
  NotificationPreferences.use((preferences) => customerSees(subjectId)(preferences.read(subjectId)))
)

const keep = Effect.fn("customers.keepNotificationPreferences")((subjectId: SubjectId, wanted: Preferences) =>
  NotificationPreferences.use((preferences) => preferences.keep(subjectId, wanted))
)
