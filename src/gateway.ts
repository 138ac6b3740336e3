/** A gateway: HTTP, webhooks and the vehicles' messages. Hosts no actor; any number of them may run. */
import { Effect, ManagedRuntime } from "effect"
import { clusterSettingsOf, type Env, type Settings, settingsOf } from "./config.ts"
import { expectFit } from "./fitness.ts"
import { openDoors } from "./listeners.ts"
import { Gateway, type GatewayServices, type PlatformOptions } from "./platform.ts"

export interface RunningGateway {
  readonly settings: Settings
  readonly runtime: ManagedRuntime.ManagedRuntime<GatewayServices, never>
  readonly stop: () => Promise<void>
}

/** Throws SettingInvalid, AddressUnusable, and what expectFit throws. Requests wait, or are told to come back, while no runner is there. */
export const startGateway = async (env: Env, options: PlatformOptions = {}): Promise<RunningGateway> => {
  const settings = settingsOf(env)
  const cluster = clusterSettingsOf(env)
  await expectFit(settings)
  const runtime = ManagedRuntime.make(Gateway(settings, cluster, options))
  await runtime.runPromise(Effect.void) // Nobody is let in before the building stands.
  return openDoors(runtime, settings, env.HOST || undefined)
}
