/** How one message goes by one channel, and what came of it: taken, refused for good, or nobody knows. */
import { Effect } from "effect"
import { Mail } from "../mail/mail.ts"
import type { PersonalData } from "../persons/persons.ts"
import { iso } from "../postgres/time.ts"
import { Push } from "../push/push.ts"
import { PushSubscriptions } from "../push/subscriptions.ts"
import { Sms } from "../sms/sms.ts"
import { VehicleLink } from "../vehicle-link/vehicle-link.ts"
import { VehicleTrust } from "../vehicle-trust/vehicle-trust.ts"
import type { Deliveries, Delivery, KeptNotice } from "./deliveries.ts"
import type { Notice } from "./notifications.ts"
import { mailOf, type Wording } from "./wording.ts"

export type Outcome =
  | { readonly went: "sent" }
  | { readonly went: "bounced"; readonly reason: string }
  | { readonly went: "unknown"; readonly reason: string }

export interface Message {
  readonly delivery: Delivery
  readonly notice: KeptNotice
  readonly person: PersonalData
  readonly wording: Wording
  readonly attachments: Notice["attachments"]
}

const sent: Outcome = { went: "sent" }
const bounced = (reason: string): Outcome => ({ went: "bounced", reason })
/** Never more of an error than its own sentence: it may go into a row. */
const unknown = (cause: unknown): Outcome => ({
  went: "unknown",
  reason: (cause instanceof Error ? cause.message : "no answer").slice(0, 200)
})

/** Signs of a text message in one part hold little: the subject says what it is, the portal has the rest. */
const smsOf = ({ subject, text }: Wording) => `${subject}. ${text}`

export const channels = (rows: Deliveries) =>
  Effect.gen(function* () {
    const mail = yield* Mail
    const push = yield* Push
    const subscriptions = yield* PushSubscriptions
    const sms = yield* Sms
    const link = yield* VehicleLink
    const trust = yield* VehicleTrust

    const byMail = ({ delivery, notice, person, wording, attachments }: Message) =>
      mail.send({ to: person.email, ...mailOf(wording, person), attachments }, notice.noticeId).pipe(
        Effect.andThen(rows.unmark(notice.subjectId, "mail")),
        Effect.as(sent),
        Effect.catchTags({
          MailRefused: ({ reason }) => Effect.as(rows.mark(notice.subjectId, "mail", reason), bounced(reason)),
          MailUnreachable: ({ cause }) => Effect.succeed(unknown(cause))
        }),
        Effect.annotateLogs({ message: delivery.messageId })
      )

    const bySms = ({ delivery, notice, person, wording }: Message) =>
      person.phone === null
        ? Effect.succeed(bounced("no number"))
        : sms.send({ to: person.phone, text: smsOf(wording) }, delivery.messageId).pipe(
            Effect.andThen(rows.unmark(notice.subjectId, "sms")),
            Effect.as(sent),
            Effect.catchTags({
              SmsRefused: ({ reason }) => Effect.as(rows.mark(notice.subjectId, "sms", reason), bounced(reason)),
              SmsUnreachable: ({ cause }) => Effect.succeed(unknown(cause))
            })
          )

    /** To every device. One that has it is enough; one that is gone is forgotten. */
    const byPush = Effect.fnUntraced(function* ({ delivery, notice, wording: { subject: title, text } }: Message) {
      const devices = yield* subscriptions.of(notice.subjectId)
      const urgent = notice.class === "legal" || notice.class === "contract"
      const outcomes = yield* Effect.forEach(
        devices,
        ({ subscriptionId, subscription }) =>
          push.send(subscription, { id: delivery.messageId, card: notice.card, title, text, urgent }).pipe(
            Effect.as(sent),
            Effect.catchTags({
              PushGone: ({ reason }) => Effect.as(subscriptions.drop(notice.subjectId, subscriptionId), bounced(reason)),
              PushUnreachable: ({ cause }) => Effect.succeed(unknown(cause))
            })
          ),
        { concurrency: "unbounded" }
      )
      const best = (went: Outcome["went"]) => outcomes.find((one) => one.went === went)
      return best("sent") ?? best("unknown") ?? best("bounced") ?? bounced("no device")
    })

    /** What it says is not in it: the car has words of its own, and shows them while it is parked. */
    const byDisplay = ({ notice: { vin, occasion, facts, at } }: Message) =>
      vin === null
        ? Effect.succeed(bounced("no car"))
        : trust
            .sign("caas-display+jws", {
              v: 1,
              vin,
              notice: occasion,
              option: facts.option ?? null,
              at: iso(at.getTime()),
              showWhen: "parked"
            })
            .pipe(
              Effect.flatMap((shown) => link.display(vin, shown)),
              Effect.as(sent),
              Effect.catchTag("VehicleLinkDown", ({ cause }) => Effect.succeed(unknown(cause)))
            )

    const by = { mail: byMail, push: byPush, sms: bySms, display: byDisplay }
    return {
      attempt: (message: Message): Effect.Effect<Outcome> => by[message.delivery.channel](message),
      hasDevice: (notice: Pick<Notice, "subjectId">) => Effect.map(subscriptions.of(notice.subjectId), (all) => all.length > 0)
    }
  })
export type Channels = Effect.Success<ReturnType<typeof channels>>
