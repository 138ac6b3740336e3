/** Compares the gateway's books with ours every quarter of an hour, in one process at a time: a webhook that never came is heard of all the same. */
import { Effect, Layer } from "effect"
import { forEver } from "../ingress/loop.ts"
import { reconcile } from "./run.ts"

const lookEvery = "5 seconds" // Whether a run is due: one row is asked.

/** `minutes`: of platform time, from the beginning of one run to the next. */
export const Reconciler = ({ minutes }: { readonly minutes: number }) =>
  Layer.effectDiscard(
    forEver(
      "reconciliation",
      reconcile(minutes).pipe(
        Effect.tap((run) =>
          run === null
            ? Effect.void
            : run.failure !== null
              ? Effect.logWarning("A reconciliation failed, and is tried again").pipe(Effect.annotateLogs({ ...run }))
              : run.told + run.opened + run.closed > 0
                ? Effect.logInfo("The gateway's books were compared with ours").pipe(Effect.annotateLogs({ ...run }))
                : Effect.void
        ),
        Effect.catchTag("ReconciliationUnreachable", (error) => Effect.logWarning("Nothing can be reconciled", error)),
        Effect.andThen(Effect.sleep(lookEvery)),
        Effect.forever
      )
    )
  )
