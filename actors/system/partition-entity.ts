/** A partition as the cluster sees it: something that lives on exactly one runner, opens there, and hears letters. */
import { Cause, Duration, Effect, Layer, Schedule, Schema } from "effect"
import { Entity, EntityId, Sharding } from "effect/cluster"
import { Rpc } from "effect/rpc"
import { stumbling } from "#integrations/log/log.ts"
import { ActorHost } from "./host.ts"
import type { Answer, Letter } from "./letter.ts"
import { partitions } from "./partition.ts"
import { answersText, ClusterSecret, isSealed, lettersOf, sealOf } from "./wire.ts"

/** The letters did not come from a process that knows the cluster's secret. */
export class NotOurs extends Schema.TaggedError<NotOurs>()("NotOurs", {}) {
  override get message() {
    return "The runner does not listen to this process: CLUSTER_SECRET has to be the same for every gateway and runner"
  }
}

const Tell = Rpc.make("Tell", {
  payload: { letters: Schema.String, seal: Schema.String },
  success: Schema.Struct({ answers: Schema.String, seal: Schema.String, runner: Schema.String }),
  error: NotOurs
})
/** To be there before the first letter is. */
const Open = Rpc.make("Open", {})

/** Volatile: nothing of it rests in the cluster's storage. What must not be lost is in the journal, and comes again under its id. */
export const Partition = Entity.make("Partition", [Tell, Open])

const group = "default"

/** One entity per shard: the name of each partition's is chosen so that the cluster's hash gives it a shard of its own. */
export const entityNames: Effect.Effect<ReadonlyArray<string>, never, Sharding.Sharding> = Effect.gen(function* () {
  const sharding = yield* Sharding.Sharding
  return partitions.map((partition) => {
    for (let n = 0; ; n++) {
      const name = `${partition}.${n}`
      if (sharding.getShardId(EntityId.make(name), group).id === partition + 1) return name
    }
  })
})

/** Whether the cluster has given this partition to this runner. */
export const isAssigned = (sharding: Sharding.Sharding["Service"], name: string) =>
  sharding.hasShardId(sharding.getShardId(EntityId.make(name), group))

const claimAgain = Schedule.spaced("250 millis")

/** The cluster decides who serves a partition; the epoch in Postgres decides who may commit for it. */
export const PartitionLive = Layer.unwrap(
  Effect.map(entityNames, (names) => {
    const unclaimed = stumbling("A partition could not be claimed, and is tried again")
    return Partition.toLayer(
      Effect.gen(function* () {
        const host = yield* ActorHost
        const secret = yield* ClusterSecret
        const { entityId } = yield* Entity.CurrentAddress
        const { host: name, port } = yield* Entity.CurrentRunnerAddress
        const runner = `${name}:${port}`
        const partition = names.indexOf(entityId)
        if (partition === -1) return yield* strange(entityId)
        yield* host.open([partition], runner).pipe(
          Effect.tapError((error) => unclaimed(Cause.fail(error), { partition })),
          Effect.retry(claimAgain),
          Effect.orDie
        )
        return Partition.of({
          // Not a reason to claim anew: who wakes from a freeze believes for a moment that all is still his.
          Open: () => Effect.void,
          Tell: Effect.fnUntraced(function* ({ payload: { letters, seal } }) {
            if (!isSealed(secret, seal, letters)) return yield* new NotOurs()
            const answers = yield* deliverAll(host, lettersOf(letters))
            // Somebody else has claimed it while the cluster gave it to us: this entity dies, its requests stay, and the next one claims anew.
            if (!host.owns(partition)) return yield* Effect.die(new Error(`Partition ${partition} was claimed by somebody else`))
            const text = answersText(answers)
            return { answers: text, seal: sealOf(secret, text, seal), runner }
          })
        })
      }),
      // It stays for as long as the runner has the shard; order is kept by the host's lanes.
      { concurrency: "unbounded", maxIdleTime: Duration.infinity }
    )
  })
)

/** A name that we give to no partition: claimed under it, one could be taken from its runner. It is gone when whoever asks has gone. */
const strange = (name: string) =>
  Effect.logWarning("A stranger asks for partitions at this runner's port, which should be closed to strangers").pipe(
    Effect.annotateLogs({ name: name.slice(0, 64) }),
    Effect.andThen(Effect.never)
  )

/** Also those of other partitions that live here: who calls has learned so from earlier answers. */
const deliverAll = (host: ActorHost["Service"], letters: ReadonlyArray<Letter>) =>
  Effect.callback<ReadonlyArray<Answer>>((resume) => {
    const answers: Array<Answer> = []
    let left = letters.length
    for (const [n, letter] of letters.entries())
      host.offer(letter, (answer) => {
        answers[n] = answer
        if (--left === 0) resume(Effect.succeed(answers))
      })
    if (letters.length === 0) resume(Effect.succeed(answers))
  })
