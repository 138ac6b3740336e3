/** Puts up a building on a database that may itself be starting, or restarting: then all of it is begun again. */
import { Effect, Layer, ManagedRuntime } from "effect"
import { besidePostgres } from "#integrations/postgres/absence.ts"
import type { RunnerSettings } from "./config.ts"
import { expectFit } from "./fitness.ts"

/** `begun` is what it does first: whoever wants in waits for that. Throws PostgresAway, and what expectFit throws; nothing is left standing then. */
export const erect = <R>(
  settings: RunnerSettings,
  building: Layer.Layer<R>,
  begun: Effect.Effect<void, never, NoInfer<R>>,
  { logging = Layer.empty }: { readonly logging?: Layer.Layer<never> }
): Promise<ManagedRuntime.ManagedRuntime<R, never>> =>
  besidePostgres(settings.databaseUrl, async () => {
    await expectFit(settings)
    const runtime = ManagedRuntime.make(building)
    await runtime.runPromise(begun).catch(async (error) => {
      await runtime.dispose()
      throw error
    })
    return runtime
  }).pipe(Effect.provide(logging), Effect.runPromise)
