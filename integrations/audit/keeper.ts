/** Keeps the audit's chain: seals what waits every second, and takes its head to the witness. Every gateway looks; one at a time does it. */
import { Duration, Effect, Layer } from "effect"
import { stumbling } from "../log/log.ts"
import type { SecretKey } from "../vehicle-trust/keys.ts"
import { deposit } from "./heads.ts"
import { seal } from "./sealer.ts"

const sealEvery = Duration.seconds(1)
const depositEvery = Duration.seconds(5) // Looked for; every ten minutes there is something to do.

export const AuditKeeper = ({ key }: { readonly key: SecretKey }) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const unsealed = stumbling("Acts of persons were not sealed, and are sealed again")
      const unwitnessed = stumbling("The head of the audit was not witnessed, and is brought again")
      const always = <E, R>(work: Effect.Effect<number, E, R>, say: ReturnType<typeof stumbling>, pause: Duration.Duration) =>
        work.pipe(
          Effect.catchCause((cause) => Effect.as(say(cause), 0)),
          Effect.flatMap((done) => (done > 0 ? Effect.void : Effect.sleep(pause))), // More may wait.
          Effect.forever,
          Effect.forkScoped
        )
      yield* always(seal(), unsealed, sealEvery)
      yield* always(
        deposit(key).pipe(
          Effect.tapError((error) =>
            error._tag === "HeadRefused"
              ? Effect.logError(
                  "The audit's witness refuses our head: somebody has changed the past, or an old copy is alive",
                  error
                )
              : Effect.void
          )
        ),
        unwitnessed,
        depositEvery
      )
    })
  )
