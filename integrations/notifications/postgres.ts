/** Notices as a command's performer sends them: kept first, then by every channel that is wanted, then by the next. */
import { Effect, Layer } from "effect"
import type { Delivery } from "./deliveries.ts"
import { desk } from "./desk.ts"
import { NoChannelLeft, type Notice, Notifications, NotificationWaits } from "./notifications.ts"
import { occasions } from "./occasions.ts"
import { firstOf, isOptional, isTold, planned, zoneOfPerson } from "./plan.ts"
import { wordingOf } from "./wording.ts"

const waitMillis = 15_000 // Before the loop tries what was away while another channel has told it.

export const NotificationsPostgres = Layer.effect(
  Notifications,
  Effect.gen(function* () {
    const { rows, time, addressee, reachOf, attempt, next } = yield* desk

    const send = Effect.fn("Notifications.send")(function* (notice: Notice, id: string) {
      const { occasion, facts, attachments } = notice
      const noticeClass = occasions[occasion].class
      const who = yield* addressee(notice.subjectId)
      const wording = yield* Effect.fromResult(wordingOf(occasion, facts, who?.person.language ?? "es"))
      if (who === null) {
        yield* rows.keep(notice, id, [])
        return yield* Effect.logWarning("There is nobody to be told").pipe(
          Effect.annotateLogs({ notice: id, subject: notice.subjectId })
        )
      }
      const { person, wanted } = who
      const reach = yield* reachOf(notice, who)
      const zone = zoneOfPerson(person)
      const first = firstOf(occasion, wanted, reach).map((channel) => planned(channel, noticeClass, time.now(), zone))
      yield* rows.keep(notice, id, first)
      let all: ReadonlyArray<Delivery> = yield* rows.of(id)
      if (all.length > 0 && all.every(({ state }) => state === "bounced")) {
        yield* rows.reopen(id) // Somebody asks again.
        all = yield* rows.of(id)
      }
      const kept = { ...notice, noticeId: id, class: noticeClass, at: yield* rows.at(id) }

      // Each round is by another channel, and there are four.
      for (;;) {
        const open = all.filter(({ state }) => state === "sending")
        const went = yield* Effect.forEach(open, (delivery) => attempt({ delivery, notice: kept, person, wording, attachments }), {
          concurrency: "unbounded"
        })
        all = yield* rows.of(id)
        const away = went.flatMap(({ outcome, ...delivery }) =>
          outcome.went === "unknown" ? [{ ...delivery, reason: outcome.reason }] : []
        )
        const told = isTold(noticeClass, all)
        const needed = away.find(
          ({ channel }) => !told || (channel === "mail" && (noticeClass === "legal" || attachments.length > 0))
        )
        for (const { reason, ...delivery } of away)
          yield* needed === undefined
            ? rows.postpone(delivery, "waiting", time.now() + waitMillis, reason)
            : rows.postpone(delivery, "sending", time.now(), reason)
        if (needed !== undefined) return yield* new NotificationWaits({ channel: needed.channel, reason: needed.reason })
        if (told || isOptional(noticeClass, wanted)) return
        const another = next(kept, who, reach, all)
        if (another === null) return yield* new NoChannelLeft({ reason: said(all) })
        yield* rows.add(id, another)
        all = yield* rows.of(id)
      }
    })
    return Notifications.of({ send })
  })
)

/** For the operator who has to write a letter. */
const said = (all: ReadonlyArray<Delivery>) =>
  all.length === 0 ? "no channel reaches" : all.map(({ channel, cause }) => `${channel}: ${cause}`).join(", ")
