/**
 * The actor system across machines. The cluster knows who has a partition; one call carries the letters of all partitions that
 * are believed to live on one runner, so that a gateway's work grows with its runners and not with its partitions. The belief
 * comes from earlier answers, and costs one more call where it is wrong.
 */
import { Cause, Effect, Exit, FiberSet, Layer } from "effect"
import { Sharding } from "effect/cluster"
import { seldom } from "#integrations/log/log.ts"
import { Courier, type Parcel } from "./courier.ts"
import { speaking } from "./delivery.ts"
import { ActorHost } from "./host.ts"
import { ActorsUnavailable, type Answer, type Letter } from "./letter.ts"
import { partitionOf } from "./partition.ts"
import { entityNames, isAssigned, Partition } from "./partition-entity.ts"
import { answersOf, ClusterSecret, isSealed, letterText, sealOf } from "./wire.ts"

const patienceMillis = 10_000 // Of a teller: a killed runner is replaced by then.
const callPatience = "4 seconds" // Then it counts as unknown, and is told again under the same ids.
const pause = "100 millis" // Before a letter that found nobody is tried again.
const ways = 2 // Couriers to one runner, by partition: its host makes two batches of what each brings.
const callsAtOnce = 2 // Of one of them: the next call is there when the commit of the last one ends.
const openEvery = "500 millis"

/** Speaks to runners; hosts nobody itself. */
export const GatewayActorSystem = Layer.effectContext(Effect.suspend(() => clustered(null)))

/** Speaks to runners and, without a detour, to those who live here; and opens what the cluster gives it. */
export const RunnerActorSystem = Layer.effectContext(
  Effect.gen(function* () {
    const host = yield* ActorHost
    yield* openOurs(host)
    return yield* clustered(host)
  })
)

const clustered = Effect.fnUntraced(function* (local: ActorHost["Service"] | null) {
  const secret = yield* ClusterSecret
  const names = yield* entityNames
  const clientOf = yield* Partition.client
  const run = yield* FiberSet.makeRuntime<never, void, never>()
  const homes = new Map<number, string>() // Where we believe each partition to be.
  const couriers = new Map<string, Courier>()
  const unheard = seldom("Letters found nobody in time; their tellers know")

  const call = Effect.fnUntraced(function* (waited: ReadonlyArray<Parcel>) {
    const parcels = yield* inTime(waited, new ActorsUnavailable({ reason: "RunnerUnreachable" })) // Behind calls that nobody answered, some grew old.
    if (parcels.length === 0) return
    const letters = `[${parcels.map(({ text }) => text).join(",")}]`
    const seal = sealOf(secret, letters)
    const addressed = partitionOf(parcels[0]!.letter.path)
    const exit = yield* clientOf(names[addressed]!)
      .Tell({ letters, seal })
      .pipe(
        Effect.timeout(callPatience),
        Effect.map((told) => {
          if (!isSealed(secret, told.seal, told.answers, seal)) throw new NotTheirs()
          return { runner: told.runner, answers: answersOf(told.answers) }
        }),
        Effect.exit
      )
    if (Exit.isFailure(exit))
      return yield* again(parcels, new ActorsUnavailable({ reason: "RunnerUnreachable", cause: Cause.squash(exit.cause) }))
    const lost: Array<Parcel> = []
    for (const [n, answer] of exit.value.answers.entries()) {
      const parcel = parcels[n]!
      if (isLost(answer)) lost.push(parcel)
      else {
        homes.set(partitionOf(parcel.letter.path), exit.value.runner)
        parcel.reply(answer)
      }
    }
    if (lost.length > 0) yield* again(lost, new ActorsUnavailable({ reason: "PartitionLost" }))
  })

  /** Nobody heard them, or nobody knows. The cluster is asked anew who has their partitions; the ids make it harmless. */
  const again = Effect.fnUntraced(function* (parcels: ReadonlyArray<Parcel>, no: ActorsUnavailable) {
    for (const { letter } of parcels) homes.delete(partitionOf(letter.path))
    yield* Effect.sleep(pause)
    for (const parcel of yield* inTime(parcels, no)) post(parcel)
  })

  /** Those whose tellers still wait; the others are told. */
  const inTime = Effect.fnUntraced(function* (parcels: ReadonlyArray<Parcel>, no: ActorsUnavailable) {
    const now = performance.now()
    const late = parcels.filter(({ until }) => until <= now)
    if (late.length === 0) return parcels
    for (const { reply } of late) reply(no)
    yield* unheard({ letters: late.length, reason: no.reason, cause: String(no.cause ?? "none") })
    return parcels.filter(({ until }) => until > now)
  })

  const courierTo = (key: string, atOnce: number) => {
    const known = couriers.get(key)
    if (known !== undefined) return known
    for (const [other, courier] of couriers) if (courier.idle) couriers.delete(other) // Of runners that are gone, for one.
    const courier = new Courier(atOnce, call, run)
    couriers.set(key, courier)
    return courier
  }

  const post = (parcel: Parcel) => {
    const partition = partitionOf(parcel.letter.path)
    if (local?.owns(partition))
      return local.offer(parcel.letter, (answer) => {
        if (isLost(answer)) send(parcel, partition)
        else parcel.reply(answer)
      })
    send(parcel, partition)
  }
  const send = (parcel: Parcel, partition: number) => {
    const home = homes.get(partition)
    if (home === undefined) courierTo(`partition ${partition}`, 1).take(parcel)
    else courierTo(`${home} ${partition % ways}`, callsAtOnce).take(parcel)
  }

  return speaking((letter: Letter) =>
    Effect.callback<Answer>((resume) =>
      post({
        letter,
        text: letterText(letter),
        reply: (answer) => resume(Effect.succeed(answer)),
        until: performance.now() + patienceMillis
      })
    )
  )
})

/** Whoever answers where a runner should be does not know the cluster's secret. */
class NotTheirs extends Error {
  override readonly message = "An answer's seal is wrong: the runner has another CLUSTER_SECRET, or is none"
}

const isLost = (answer: Answer) =>
  answer._tag === "ActorsUnavailable" && (answer.reason === "PartitionLost" || answer.reason === "Stopping")

/** A partition without a letter has timers, and an owner to be shown: it is opened as soon as it is ours. */
const openOurs = Effect.fnUntraced(function* (host: ActorHost["Service"]) {
  const sharding = yield* Sharding.Sharding
  const names = yield* entityNames
  const clientOf = yield* Partition.client
  yield* Effect.suspend(() =>
    Effect.forEach(
      names.filter((name, partition) => isAssigned(sharding, name) && !host.owns(partition)),
      (name) => clientOf(name).Open().pipe(Effect.timeout(callPatience), Effect.exit),
      { concurrency: 8, discard: true }
    )
  ).pipe(Effect.andThen(Effect.sleep(openEvery)), Effect.forever, Effect.forkScoped)
})
