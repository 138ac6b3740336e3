/** What both have who send: the performer of a command, and the loop for what had to wait. */
import { Effect } from "effect"
import type { SubjectId } from "#machines/vocabulary.ts"
import { type PersonalData, Persons } from "../persons/persons.ts"
import { PlatformTime } from "../postgres/time.ts"
import { channels, type Message } from "./channels.ts"
import { type Delivery, deliveries, type KeptNotice } from "./deliveries.ts"
import type { Channel } from "./notifications.ts"
import { occasions } from "./occasions.ts"
import { nextOf, planned, type Reach, zoneOfPerson } from "./plan.ts"
import { NotificationPreferences, type Preferences } from "./preferences.ts"

export interface Addressee {
  readonly person: PersonalData
  readonly wanted: Preferences
}

export const desk = Effect.gen(function* () {
  const rows = yield* deliveries
  const ways = yield* channels(rows)
  const persons = yield* Persons
  const preferences = yield* NotificationPreferences
  const time = yield* PlatformTime

  return {
    rows,
    time,
    /** Null where there is nobody any more: erased. */
    addressee: (subjectId: SubjectId): Effect.Effect<Addressee | null> =>
      persons.read(subjectId).pipe(
        Effect.flatMap((person) => Effect.map(preferences.read(subjectId), (wanted) => ({ person, wanted }))),
        Effect.catchTag("PersonUnknown", () => Effect.succeed(null))
      ),
    reachOf: Effect.fnUntraced(function* (notice: Pick<KeptNotice, "subjectId" | "vin" | "occasion">, { person }: Addressee) {
      const bounced = yield* rows.bounces(notice.subjectId)
      const reach = new Set<Channel>()
      if (!bounced.has("mail")) reach.add("mail")
      if (yield* ways.hasDevice(notice)) reach.add("push")
      if (person.phone !== null && !bounced.has("sms")) reach.add("sms")
      const { vin } = notice
      if (vin !== null && occasions[notice.occasion].display && (yield* rows.showsTo(vin, notice.subjectId))) reach.add("display")
      return reach as Reach
    }),
    /** What came of it is in the row, but where nobody knows. */
    attempt: Effect.fnUntraced(function* (message: Message) {
      const outcome = yield* ways.attempt(message)
      if (outcome.went === "sent") yield* rows.settle(message.delivery, "sent", null)
      if (outcome.went === "bounced") yield* rows.settle(message.delivery, "bounced", outcome.reason)
      return { ...message.delivery, outcome }
    }),
    /** Where it goes next, all others having failed; null where there is nothing left. */
    next: (notice: Pick<KeptNotice, "class">, { person, wanted }: Addressee, reach: Reach, tried: ReadonlyArray<Delivery>) => {
      const channel = nextOf(notice.class, wanted, reach, tried)
      return channel === null ? null : planned(channel, notice.class, time.now(), zoneOfPerson(person))
    }
  }
})
