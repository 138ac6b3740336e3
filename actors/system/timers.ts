/** Time is one more messenger: a timer that comes due is told to its actor like anything else. */
import { Context, Effect, Layer } from "effect"
import { seldom, stumbling } from "#integrations/log/log.ts"
import { PlatformTime } from "#integrations/postgres/time.ts"
import { CrashPoint } from "./crash-point.ts"
import { Delivery } from "./delivery.ts"
import { ActorHost } from "./host.ts"
import type { Letter } from "./letter.ts"
import { Hands } from "./outbox.ts"

export interface DueRow {
  readonly path: string
  readonly timerId: string
  readonly setVersion: number
  readonly due: number
}

export class Timers extends Context.Service<
  Timers,
  {
    /**
     * Timers that are due: those that have waited longest, and a quarter that came due last, so that nobody waits for the end of a month's
     * end. Each is kept from others for `retryMillis`; the turn it causes deletes it.
     */
    readonly take: (now: number, limit: number) => Effect.Effect<ReadonlyArray<DueRow>>
    /** It belongs to a state the actor has left, and somebody forgot it: a timer of an older `set_version` wakes nobody. */
    readonly drop: (timer: DueRow) => Effect.Effect<void>
  }
>()("actors/Timers") {}

export const retryMillis = 10_000
/** Of so many taken: those that came due last. */
export const newestOf = (limit: number) => limit >> 2
const lookEvery = 250 // Milliseconds.
const roomEvery = 10 // Milliseconds between two looks at our own hands, while they are full.
/**
 * A month's end is due for every contract at once, and each of them promises several commands. What waits as a timer is in nobody's way; what
 * waits as a command is before all that a customer wants from then on. So timers are taken only as far as this process performs
 * fewer commands than this; and a few with each look whatever it performs, for a partner who hangs may not stop the clocks.
 */
const fullHands = 32
const leastTaken = 8

/** The letter a due timer is. Its id names the timer and the version that set it: it fires once. */
export const timerLetter = ({ path, timerId, setVersion, due }: DueRow): Letter => {
  const id = `${path}#${setVersion}/${timerId}`
  return {
    path,
    id,
    message: { type: timerId },
    cause: id,
    correlation: id,
    traceId: null,
    sender: null,
    timer: { timerId, setVersion, due: new Date(due).toISOString() }
  }
}

export const TimerRelay = Layer.effectDiscard(
  Effect.gen(function* () {
    const timers = yield* Timers
    const host = yield* ActorHost
    const { deliver } = yield* Delivery
    const hands = yield* Hands
    const time = yield* PlatformTime
    const reached = yield* CrashPoint

    const unheard = seldom("A timer was not heard, and comes again")
    const stumbled = stumbling("The timers stumbled, and go on")

    const wake = Effect.fnUntraced(function* (timer: DueRow) {
      const answer = yield* deliver(timerLetter(timer))
      reached("timer: told")
      if (answer._tag === "Standing" && answer.outcome === "recorded: TimerGone") yield* timers.drop(timer)
      else if (answer._tag !== "Standing") yield* unheard({ timer: timer.timerId, actor: timer.path, answer: answer._tag })
    })
    const round = Effect.gen(function* () {
      for (let waited = 0; hands.busy() >= fullHands && waited < lookEvery; waited += roomEvery) yield* Effect.sleep(roomEvery)
      const limit = Math.max(fullHands - hands.busy(), leastTaken)
      const due = host.status().partitions === 0 ? [] : yield* timers.take(time.now(), limit)
      if (due.length > 0) reached("timer: taken")
      yield* Effect.forEach(due, wake, { concurrency: "unbounded", discard: true })
      if (due.length < limit) yield* Effect.sleep(lookEvery)
    })
    yield* round.pipe(
      Effect.catchCause((cause) => Effect.andThen(stumbled(cause), Effect.sleep(lookEvery))),
      Effect.forever,
      Effect.forkScoped
    )
  })
)
