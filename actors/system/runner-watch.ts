/**
 * Every runner looks after the others. The engine's own look lives on one of them and dies with it: nobody would know before
 * the dead one's heartbeat is half a minute old.
 */
import { Effect, Layer, Schedule } from "effect"
import { type RunnerAddress, RunnerStorage, Runners } from "effect/cluster"

const lookEvery = "1 second"
const refused = { times: 3, schedule: Schedule.spaced("300 millis") } // Who refuses four calls within a second is gone.
const patience = "10 seconds" // For a call that is not refused: whoever is only slow keeps what he has.
const atOnce = 8

/** Only tells who is there; who gets the partitions is the engine's to say. */
export const RunnerWatch = (self: RunnerAddress.RunnerAddress) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const runners = yield* Runners.Runners
      const storage = yield* RunnerStorage.RunnerStorage
      const lookAt = Effect.fnUntraced(function* (address: RunnerAddress.RunnerAddress, healthy: boolean) {
        const answers = yield* runners.ping(address).pipe(Effect.timeout(patience), Effect.retry(refused), Effect.isSuccess)
        if (answers !== healthy) yield* storage.setRunnerHealth(address, answers)
      })
      const look = Effect.gen(function* () {
        const all = yield* storage.getRunners
        const others = all.filter(([{ address }]) => address.host !== self.host || address.port !== self.port)
        const looks = others.map(([{ address }, healthy]) => lookAt(address, healthy))
        yield* Effect.all(looks, { concurrency: atOnce, discard: true })
      })
      yield* look.pipe(
        Effect.ignore, // Without Postgres nobody could take anything over, either.
        Effect.andThen(Effect.sleep(lookEvery)),
        Effect.forever,
        Effect.forkScoped
      )
    })
  )
