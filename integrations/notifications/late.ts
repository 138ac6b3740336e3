/** What had to wait goes out when its time has come: in the morning, or when a channel is back. Every runner looks; each row has one sender at a time. */
import { Duration, Effect, Layer, Result } from "effect"
import { stumbling } from "../log/log.ts"
import { type Delivery, type KeptNotice, leaseMillis } from "./deliveries.ts"
import { desk } from "./desk.ts"
import { isTold, zoneOfPerson } from "./plan.ts"
import { calmFrom } from "./quiet-hours.ts"
import { wordingOf } from "./wording.ts"

const lookEvery = Duration.seconds(1)
const atOnce = 64 // Messages per look.
const sideBySide = 16
const patience = 40 // Tries, in about a day and a half; then the next channel.
const longestWait = 60 * 60_000
const waitAfter = (attempts: number) => Math.min(15_000 * 2 ** Math.min(attempts, 10), longestWait)

export const LateNotifications = Layer.effectDiscard(
  Effect.gen(function* () {
    const { rows, time, addressee, reachOf, attempt, next } = yield* desk
    const undelivered = stumbling("A message did not go, and comes due again")
    const unseen = stumbling("What waits to be told was not looked for, and is looked for again")

    const send = Effect.fn("Notifications.late")(function* (due: Delivery & KeptNotice) {
      const who = yield* addressee(due.subjectId)
      if (who === null) return yield* rows.settle(due, "bounced", "nobody any more")
      const wording = wordingOf(due.occasion, due.facts, who.person.language)
      if (Result.isFailure(wording)) return yield* rows.settle(due, "bounced", wording.failure.reason)
      const { outcome } = yield* attempt({
        delivery: due,
        notice: due,
        person: who.person,
        wording: wording.success,
        attachments: [] // What has papers does not wait.
      })
      if (outcome.went === "sent") return
      if (outcome.went === "unknown") {
        if (due.attempts < patience) {
          const again = calmFrom(time.now() + waitAfter(due.attempts), zoneOfPerson(who.person))
          return yield* rows.postpone(due, "waiting", again, outcome.reason)
        }
        yield* rows.settle(due, "bounced", outcome.reason)
      }
      const all = yield* rows.of(due.noticeId)
      if (isTold(due.class, all)) return
      const another = next(due, who, yield* reachOf(due, who), all)
      if (another !== null) return yield* rows.add(due.noticeId, { ...another, state: "waiting" })
      yield* Effect.logWarning("A customer was not told").pipe(
        Effect.annotateLogs({ notice: due.noticeId, occasion: due.occasion })
      )
    })

    yield* Effect.gen(function* () {
      const due = yield* rows.takeDue(atOnce)
      yield* Effect.forEach(due, (one) => send(one).pipe(Effect.timeout(leaseMillis), Effect.catchCause(undelivered)), {
        concurrency: sideBySide,
        discard: true
      })
      if (due.length < atOnce) yield* Effect.sleep(lookEvery)
    }).pipe(
      Effect.catchCause((cause) => Effect.andThen(unseen(cause), Effect.sleep(lookEvery))),
      Effect.forever,
      Effect.forkScoped
    )
  })
)
