/** Where actors live: their mailboxes, the cache of their snapshots, and the group commit that makes their turns durable. */
import { Cause, Context, Effect, Exit, Layer, type Scope } from "effect"
import { stumbling } from "#integrations/log/log.ts"
import { PlatformTime } from "#integrations/postgres/time.ts"
import { ActorStore, type Draft, type Reply, type StoreUnreachable, triesBeforeQuarantine } from "./actor-store.ts"
import { typeName } from "./actor-type.ts"
import type { AnyBehavior } from "./behavior.ts"
import { Cache } from "./cache.ts"
import { CrashPoint } from "./crash-point.ts"
import { draftRow } from "./draft-row.ts"
import { type Envelope, Lane } from "./lane.ts"
import { ActorQuarantined, ActorsUnavailable, type Answer, type Letter } from "./letter.ts"
import { partitionOf } from "./partition.ts"
import { DraftOf, type Resident, remembersAll, resident } from "./turn.ts"

const lanes = 4 // Batches on their way to Postgres at once: while some are written, the machines decide the next.
const reloads = 3 // Times a letter may meet a snapshot that is no longer true, before its teller is told to come back.

export interface HostStatus {
  readonly partitions: number
  readonly lost: ReadonlyArray<number>
  readonly residents: number
  readonly residentBytes: number
  readonly waiting: number
  readonly turns: number
  readonly commits: number
}

export class ActorHost extends Context.Service<
  ActorHost,
  {
    /** Claims partitions in the name of `owner` and serves them until the scope closes. */
    readonly open: (partitions: ReadonlyArray<number>, owner: string) => Effect.Effect<void, StoreUnreachable, Scope.Scope>
    readonly owns: (partition: number) => boolean
    /** Calls back when the turn is durable. */
    readonly offer: (letter: Letter, reply: (answer: Answer) => void) => void
    /** Answers when the turn is durable. */
    readonly deliver: (letter: Letter) => Effect.Effect<Answer>
    /** Calls back after each commit that promised something, so that nobody has to poll for it. */
    readonly onPromise: (wake: () => void) => void
    readonly status: () => HostStatus
  }
>()("actors/ActorHost") {
  static readonly layer = (registry: ReadonlyArray<AnyBehavior>) => Layer.effect(ActorHost, makeHost(registry))
}

const makeHost = Effect.fnUntraced(function* (registry: ReadonlyArray<AnyBehavior>) {
  const store = yield* ActorStore
  const time = yield* PlatformTime
  const reached = yield* CrashPoint
  const behaviors = new Map(registry.map((behavior) => [behavior.type.name, behavior]))
  const epochs = new Map<number, number>()
  const lost = new Set<number>()
  const cache = new Cache()
  const wakers: Array<() => void> = []
  const unstored = stumbling("A batch was not stored, as far as we know")
  let turns = 0
  let commits = 0

  /** Everyone in the batch, and the replies to letters that an actor's own memory does not reach back to. */
  const summon = Effect.fnUntraced(function* (letters: ReadonlyArray<Letter>) {
    const residents = new Map<string, Resident>()
    const unfit = new Map<string, Answer>() // Left by a newer version of their machine, or in a way no migration leads from.
    const strangers = new Set<string>()
    for (const { path } of letters) {
      const known = cache.get(path)
      if (known !== undefined) residents.set(path, known)
      else if (behaviors.has(typeName(path))) strangers.add(path)
    }
    if (strangers.size > 0) {
      const stored = yield* store.load([...strangers])
      const at = time.now()
      for (const path of strangers) {
        const behavior = behaviors.get(typeName(path))!
        const left = stored.get(path)
        if (left !== undefined && left.machineVersion > behavior.machineVersion)
          unfit.set(path, new ActorsUnavailable({ reason: "NewerProgram" }))
        else
          try {
            residents.set(path, resident(behavior, path, left, at))
          } catch (cause) {
            unfit.set(path, left?.quarantined === true ? new ActorQuarantined({ path }) : { _tag: "Broken", cause: String(cause) })
          }
      }
    }
    const unsure = letters.filter(({ path, id }) => {
      const known = residents.get(path)
      return known !== undefined && !remembersAll(known) && !known.replies.has(id)
    })
    const heard: ReadonlyMap<string, Reply> = unsure.length === 0 ? new Map() : yield* store.heard(unsure)
    return { residents, unfit, heard }
  })

  /** All drafts together; where a table says no, halves, until only the guilty one is left out. */
  const commit = (asked: ReadonlyMap<number, number>, drafts: ReadonlyArray<Draft>): Effect.Effect<Outcome, StoreUnreachable> =>
    store.commit(asked, drafts).pipe(
      Effect.map((committed) => ({ ...committed, guilty: new Map<string, string>() })),
      Effect.catchTag("ConstraintBroken", ({ cause }) => {
        if (drafts.length === 1) {
          const [{ path }] = drafts as [Draft]
          // Nothing was confirmed, not even for those of the batch who had nothing to store: asked again, without the guilty one.
          return Effect.map(commit(asked, []), ({ owned, kept }) => ({ owned, kept, guilty: new Map([[path, cause]]) }))
        }
        const half = drafts.length >> 1
        return Effect.zipWith(commit(asked, drafts.slice(0, half)), commit(asked, drafts.slice(half)), (left, right) => ({
          owned: new Set([...left.owned, ...right.owned]),
          kept: new Set([...left.kept, ...right.kept]),
          guilty: new Map([...left.guilty, ...right.guilty])
        }))
      })
    )

  const takeTurns = Effect.fnUntraced(function* (lane: Lane, envelopes: ReadonlyArray<Envelope>) {
    // Before anybody is summoned: what is known of an actor under one epoch is not said under a later one.
    const asked = new Map<number, number>()
    for (const { letter } of envelopes) {
      const partition = partitionOf(letter.path)
      const epoch = epochs.get(partition)
      if (epoch !== undefined) asked.set(partition, epoch)
    }
    const { residents, unfit, heard } = yield* summon(envelopes.map(({ letter }) => letter))
    const at = time.now()
    const drafts = new Map<string, DraftOf>()
    const hear = ({ letter, body }: Envelope): Answer => {
      const { path, id, timer } = letter
      const unable = unfit.get(path)
      if (unable !== undefined) return unable
      const home = residents.get(path)
      if (home === undefined) return new ActorsUnavailable({ reason: "NewerProgram" }) // A kind of actor that this program does not know.
      let draft = drafts.get(path)
      if (draft === undefined) drafts.set(path, (draft = new DraftOf(home)))
      try {
        return draft.hear(letter, body, timer === null ? at : Math.max(at, Date.parse(timer.due)), heard.get(`${path} ${id}`))
      } catch (defect) {
        return { _tag: "Broken", cause: defect instanceof Error ? (defect.stack ?? defect.message) : String(defect) }
      }
    }
    const answers = envelopes.map(hear)
    const rows: Array<Draft> = []
    for (const [path, draft] of drafts) if (draft.turns.length > 0 && asked.has(partitionOf(path))) rows.push(draftRow(draft)) // The others were handed over meanwhile.
    const unkept = new Set(rows.map(({ path }) => path))
    reached("turn: before commit")
    // Refusals and duplicates, too, are only said by whoever still owns the partition: even an empty commit asks.
    const { owned, kept, guilty } = yield* commit(asked, rows)
    reached("turn: after commit")
    commits++

    for (const { path, partition, state, promised, turns: taken } of rows) {
      if (!kept.has(path)) continue
      unkept.delete(path)
      turns += taken.length
      // Where the partition has left meanwhile, others may change the actor before it comes back.
      if (epochs.get(partition) === asked.get(partition)) cache.keep(drafts.get(path)!.kept(state.length))
      if (promised.length > 0) for (const wake of wakers) wake()
    }
    const again: Array<Envelope> = []
    for (let i = 0; i < envelopes.length; i++) {
      const envelope = envelopes[i]!
      const answer = answers[i]!
      const { path } = envelope.letter
      const partition = partitionOf(path)
      if (!owned.has(partition)) {
        if (epochs.has(partition)) yield* lookAround
        cache.forget(path)
        envelope.reply(new ActorsUnavailable({ reason: "PartitionLost" }))
      } else if (unkept.has(path)) {
        // Whatever was answered out of this draft, a refusal and a duplicate too, was said of an actor that never was so.
        cache.forget(path)
        const cause = guilty.get(path)
        const isTheTurn = answer._tag === "Standing" && !answer.duplicate
        if (cause !== undefined && isTheTurn && drafts.get(path)!.letters === 1) yield* blame(envelope, cause)
        else if (envelope.reloads === reloads) envelope.reply(new ActorsUnavailable({ reason: "StoreUnreachable", cause }))
        else again.push({ ...envelope, reloads: envelope.reloads + (cause === undefined ? 1 : 0), alone: cause !== undefined })
      } else if (answer._tag === "Broken") yield* blame(envelope, answer.cause)
      else envelope.reply(answer)
    }
    lane.again(again)
  })

  /** Where one partition is somebody else's, others may be: all are asked for, so that nobody speaks for what is lost. */
  const lookAround = Effect.gen(function* () {
    const { owned } = yield* commit(new Map(epochs), [])
    for (const partition of [...epochs.keys()].filter((partition) => !owned.has(partition))) {
      epochs.delete(partition)
      lost.add(partition)
      yield* Effect.logWarning("Somebody else owns this partition now").pipe(Effect.annotateLogs({ partition }))
    }
  })

  /** A defect is the actor's own: counted, answered, and quarantined at the fifth. The others never notice. */
  const blame = Effect.fnUntraced(function* ({ letter: { path, id, message }, reply }: Envelope, cause: string) {
    cache.forget(path)
    const tries = yield* store.defect({ path, messageId: id, type: message.type, cause, at: time.now() })
    yield* Effect.logError("A turn was impossible").pipe(
      Effect.annotateLogs({ actor: path, message: message.type, id, tries, cause })
    )
    reply(tries >= triesBeforeQuarantine ? new ActorQuarantined({ path }) : { _tag: "Broken", cause })
  })

  const serve = Effect.fnUntraced(function* (lane: Lane, envelopes: ReadonlyArray<Envelope>) {
    const exit = yield* Effect.exit(takeTurns(lane, envelopes))
    if (Exit.isSuccess(exit)) return
    const cause = Cause.squash(exit.cause)
    for (const { letter, reply } of envelopes) {
      cache.forget(letter.path) // Nobody knows what was stored.
      reply(new ActorsUnavailable({ reason: "StoreUnreachable", cause }))
    }
    yield* unstored(exit.cause, { letters: envelopes.length })
  })

  const mailboxes = Array.from({ length: lanes }, () => new Lane())
  // A batch that has begun is finished, whoever stops us; then the rest of the mailbox is told to come back.
  for (const lane of mailboxes)
    yield* lane.take.pipe(
      Effect.flatMap((envelopes) => Effect.uninterruptible(serve(lane, envelopes))),
      Effect.forever,
      Effect.forkScoped
    )
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      for (const lane of mailboxes) lane.close()
    })
  )

  const offer = (letter: Letter, reply: (answer: Answer) => void) => {
    const partition = partitionOf(letter.path)
    if (!epochs.has(partition)) return reply(new ActorsUnavailable({ reason: "PartitionLost" }))
    mailboxes[partition % lanes]!.offer(letter, reply)
  }

  return ActorHost.of({
    open: Effect.fn("ActorHost.open")(function* (partitions, owner) {
      const claimed = yield* store.claim(partitions, owner)
      for (const [partition, epoch] of claimed) {
        epochs.set(partition, epoch)
        lost.delete(partition)
      }
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => {
          for (const [partition, epoch] of claimed) if (epochs.get(partition) === epoch) epochs.delete(partition)
          cache.forgetAll((partition) => !epochs.has(partition)) // Whoever owns them now changes them without us.
        })
      )
    }),
    owns: (partition) => epochs.has(partition),
    offer,
    deliver: (letter) => Effect.callback((resume) => offer(letter, (answer) => resume(Effect.succeed(answer)))),
    onPromise: (wake) => wakers.push(wake),
    status: () => ({
      partitions: epochs.size,
      lost: [...lost],
      residents: cache.size,
      residentBytes: cache.bytes,
      waiting: mailboxes.reduce((sum, lane) => sum + lane.waiting, 0),
      turns,
      commits
    })
  })
})

interface Outcome {
  readonly owned: ReadonlySet<number>
  readonly kept: ReadonlySet<string>
  /** Drafts that a table refused, and why. */
  readonly guilty: ReadonlyMap<string, string>
}
