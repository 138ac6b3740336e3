/** Notices by mail alone. */
import { Effect, Layer } from "effect"
import { Mail } from "../mail/mail.ts"
import { Persons } from "../persons/persons.ts"
import { NoChannelLeft, Notifications, NotificationWaits } from "./notifications.ts"
import { mailOf, wordingOf } from "./wording.ts"

export const NotificationsByMail = Layer.effect(
  Notifications,
  Effect.gen(function* () {
    const mail = yield* Mail
    const persons = yield* Persons
    return Notifications.of({
      send: Effect.fn("Notifications.send")(function* ({ subjectId, occasion, facts, attachments }, id) {
        const person = yield* Effect.catchTag(persons.read(subjectId), "PersonUnknown", () =>
          Effect.fail(new NoChannelLeft({ reason: "nobody by this id" }))
        )
        const wording = yield* Effect.fromResult(wordingOf(occasion, facts, person.language))
        yield* mail.send({ to: person.email, ...mailOf(wording, person), attachments }, id).pipe(
          Effect.catchTags({
            MailRefused: ({ reason }) => Effect.fail(new NoChannelLeft({ reason: `mail: ${reason}` })),
            MailUnreachable: ({ cause }) =>
              Effect.fail(new NotificationWaits({ channel: "mail", reason: String((cause as Error).message) }))
          })
        )
      })
    })
  })
)
