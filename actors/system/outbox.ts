/** The one way out: committed commands, performed at least once, in order per lane. */
import { Cause, Context, Duration, Effect, Exit, Layer, Schema } from "effect"
import { seldom, stumbling } from "#integrations/log/log.ts"
import { PlatformTime } from "#integrations/postgres/time.ts"
import { CommandParked } from "#machines/vocabulary.ts"
import { ActorSystem } from "./actor-system.ts"
import { type Tagged, typeName } from "./actor-type.ts"
import type { AnyBehavior, CommandOrder, Needs } from "./behavior.ts"
import { Bell } from "./bell.ts"
import { CrashPoint } from "./crash-point.ts"
import { ActorHost } from "./host.ts"
import { ActorsUnavailable } from "./letter.ts"

export interface Entry {
  readonly path: string
  readonly version: number
  readonly position: number
  readonly type: string
  readonly body: object
  readonly attempts: number // Including this one.
  readonly rounds: number // How often an operator sent it round again.
  readonly at: number
  readonly correlation: string
  readonly traceId: string | null
}

/** "order/ord_42#3.0": actor, version, position. Also the idempotency key of all it causes. */
export const commandId = ({ path, version, position }: Pick<Entry, "path" | "version" | "position">) =>
  `${path}#${version}.${position}`

export class Outbox extends Context.Service<
  Outbox,
  {
    /** Leases the heads of lanes that are due. Whoever dies holding one, it comes due again by itself. */
    readonly take: (now: number, limit: number) => Effect.Effect<ReadonlyArray<Entry>>
    /** Still at it: the lease goes on. */
    readonly hold: (entries: ReadonlyArray<Entry>, now: number) => Effect.Effect<void>
    readonly done: (entries: ReadonlyArray<Entry>, now: number) => Effect.Effect<void>
    /** With as many attempts as the entry says were made. */
    readonly postpone: (entry: Entry, due: number, cause: string) => Effect.Effect<void>
    /** Out of patience: its lane waits for an operator. See docs/runbook.md, "A command is parked". */
    readonly park: (entry: Entry, cause: string) => Effect.Effect<void>
  }
>()("actors/Outbox") {}

/** The hands of this process. */
export class Hands extends Context.Service<
  Hands,
  {
    /** Commands that are being performed at this moment. */
    readonly busy: () => number
  }
>()("actors/Hands") {}

export const leaseMillis = 10_000 // A command whose performer died is taken up by somebody else after this.
const holdEvery = Duration.seconds(3)
const takeLimit = 256 // Commands per look.
const atOnce = 512 // Commands being performed by one runner.
const lookEvery = Duration.millis(250) // Without a word from the committer: for what other runners left, and for what was postponed.
const performerPatience = Duration.seconds(30) // Longer than any port's own time-out.
const attempts = 8 // Then it is parked. With the waits below that is about two minutes, and the calls.
const waitAfter = (attempt: number) => Math.min(2 ** (attempt - 1) * 1000, 120_000) * (0.75 + Math.random() / 2) // 1 s, 2 s, 4 s … jittered.
/** 1 s, then half of the time it has waited, up to a minute; jittered. Its partner may have been asked already. */
const unheardWait = (waited: number) => Math.min(Math.max(waited / 2, 1000), 60_000) * (0.75 + Math.random() / 2)
const untoldWait = 120_000 // Milliseconds. Its actor cannot hear (quarantined): a person has to look first.

/** Takes, performs, tells the actor what came of it, for as long as the scope lasts. */
export const OutboxRelay = <const B extends AnyBehavior>(
  registry: ReadonlyArray<B>,
  options: { readonly attempts?: number } = {}
) =>
  Layer.effect(
    Hands,
    Effect.gen(function* () {
      const outbox = yield* Outbox
      const actors = yield* ActorSystem
      const host = yield* ActorHost
      const time = yield* PlatformTime
      const reached = yield* CrashPoint
      const services = yield* Effect.context<Needs<B>>()
      const scope = yield* Effect.scope
      const behaviors = new Map(registry.map((behavior) => [behavior.type.name, behavior]))
      const patience = options.attempts ?? attempts

      const unheard = seldom("Commands wait: their actors could not hear")
      const unmarked = stumbling("A command comes due again when its lease ends")
      const stumbled = stumbling("The outbox stumbled, and goes on")
      const unheld = stumbling("Leases were not prolonged")
      const inFlight = new Map<string, Entry>()
      let finished: Array<Entry> = []
      const promised = new Bell()
      const ended = new Bell()
      host.onPromise(promised.ring)

      const perform = Effect.fnUntraced(function* (entry: Entry) {
        const behavior = behaviors.get(typeName(entry.path))
        // Promised by a newer program than this: one of its runners will do it.
        if (behavior?.perform[entry.type] === undefined) return yield* new ActorsUnavailable({ reason: "NewerProgram" })
        const { path, version, type, body, attempts: attempt, correlation, traceId, at } = entry
        const id = commandId(entry)
        const order: CommandOrder = { id, path, version, attempt, correlation, traceId, at: new Date(at).toISOString() }
        const performer: (command: Tagged, order: CommandOrder) => Effect.Effect<unknown, unknown, Needs<B>> =
          behavior.perform[type]
        reached(`outbox: before ${type}`)
        const answer = yield* performer({ type, ...body }, order).pipe(
          Effect.timeout(performerPatience),
          Effect.provideContext(services)
        )
        reached(`outbox: after ${type}`)
        if (Schema.is(behavior.type.Message)(answer)) {
          yield* actors.tell({ type: behavior.type, path }, answer, { id, cause: id, correlation, traceId })
          reached(`outbox: told ${type}`)
        }
      })

      const park = Effect.fnUntraced(function* (entry: Entry, cause: string) {
        const behavior = behaviors.get(typeName(entry.path))
        const id = commandId(entry)
        // Told first: should we die in between, the command is tried once more, and told once more under the same id.
        if (behavior !== undefined)
          yield* actors.tell(
            { type: behavior.type, path: entry.path },
            CommandParked.make({ commandId: id, command: entry.type, cause }),
            {
              id: `${id}/parked/${entry.rounds}`,
              cause: id,
              correlation: entry.correlation,
              traceId: entry.traceId
            }
          )
        yield* outbox.park(entry, cause)
        yield* Effect.logError("A command is parked").pipe(Effect.annotateLogs({ command: id, type: entry.type, cause }))
      })

      const attend = Effect.fnUntraced(function* (entry: Entry) {
        const id = commandId(entry)
        const exit = yield* Effect.exit(perform(entry))
        if (Exit.isSuccess(exit)) finished.push(entry)
        else {
          const cause = reasonOf(exit.cause)
          const about = { command: id, type: entry.type, attempt: entry.attempts, cause }
          yield* isUnheard(exit.cause)
            ? unheard(about)
            : Effect.logWarning("A command did not go through").pipe(Effect.annotateLogs(about))
          const later = (millis: number, attempts = entry.attempts) =>
            outbox.postpone({ ...entry, attempts }, time.now() + millis, cause)
          const outcome = yield* Effect.exit(
            isUnheard(exit.cause)
              ? later(unheardWait(time.now() - entry.at), entry.attempts - 1)
              : entry.attempts < patience
                ? later(waitAfter(entry.attempts))
                : Effect.catchCause(park(entry, cause), (untold) =>
                    Effect.andThen(
                      Effect.logWarning("An actor could not be told that its command is parked", untold),
                      later(untoldWait)
                    )
                  )
          )
          if (Exit.isFailure(outcome)) yield* unmarked(outcome.cause, { command: id })
        }
        inFlight.delete(id)
        if (Exit.isSuccess(exit)) ended.ring()
        else promised.ring() // There is room again.
      })

      const flush = Effect.gen(function* () {
        const entries = finished
        finished = []
        reached("outbox: before done")
        yield* Effect.onError(outbox.done(entries, time.now()), () => Effect.sync(() => (finished = [...entries, ...finished])))
        reached("outbox: done")
      })

      /** Beside the taking: while the last ones are marked as done, the next ones are taken. What follows them in their lanes is due then. */
      const ending = Effect.gen(function* () {
        ended.hush()
        if (finished.length > 0) {
          yield* flush
          promised.ring()
        }
        yield* ended.sleep(Duration.toMillis(lookEvery))
      })
      const round = Effect.gen(function* () {
        promised.hush()
        // Who owns nothing any more can bring no answer home: what it took would only be tried in vain.
        const room = host.status().partitions === 0 ? 0 : Math.min(takeLimit, atOnce - inFlight.size)
        const entries = room > 0 ? yield* outbox.take(time.now(), room) : []
        if (entries.length > 0) reached("outbox: taken")
        for (const entry of entries) {
          inFlight.set(commandId(entry), entry)
          yield* Effect.forkIn(attend(entry), scope)
        }
        if (entries.length === room && room > 0) return
        yield* promised.sleep(Duration.toMillis(lookEvery))
      })
      for (const loop of [round, ending])
        yield* loop.pipe(
          Effect.catchCause((cause) => Effect.andThen(stumbled(cause), Effect.sleep(lookEvery))),
          Effect.forever,
          Effect.forkScoped
        )
      yield* Effect.suspend(() => (inFlight.size === 0 ? Effect.void : outbox.hold([...inFlight.values()], time.now()))).pipe(
        Effect.catchCause((cause) => unheld(cause)),
        Effect.andThen(Effect.sleep(holdEvery)),
        Effect.forever,
        Effect.forkScoped
      )
      return Hands.of({ busy: () => inFlight.size })
    })
  )

/** An owner is being replaced, or is older than what it is to do. Patience is for partners, and is not spent on that. */
const isUnheard = (cause: Cause.Cause<unknown>) => Cause.squash(cause) instanceof ActorsUnavailable

/** For the row and the log: the condition with its data, never a stack of ours. */
const reasonOf = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  if (error instanceof Error && "_tag" in error) {
    const inner = "cause" in error && error.cause !== undefined ? `: ${String((error.cause as any)?.message ?? error.cause)}` : ""
    const reason = "reason" in error ? ` (${String(error.reason)})` : ""
    return `${String(error._tag)}${reason}${inner}`.slice(0, 500)
  }
  return String(error).slice(0, 500)
}
