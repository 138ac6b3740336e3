/** A gateway: HTTP, webhooks and the vehicles' messages. Hosts no actor; any number of them may run. */
import { Effect, type ManagedRuntime } from "effect"
import { clusterSettingsOf, type Env, type Settings, settingsOf } from "./config.ts"
import { erect } from "./erect.ts"
import { openDoors } from "./listeners.ts"
import { Gateway, type GatewayServices, type PlatformOptions } from "./platform.ts"
import { expectSafe } from "./safety.ts"

export interface RunningGateway {
  readonly settings: Settings
  readonly runtime: ManagedRuntime.ManagedRuntime<GatewayServices, never>
  readonly stop: () => Promise<void>
}

/** Throws SettingsUnsafe, SettingInvalid, AddressUnusable, and what erect throws. Requests wait, or are told to come back, while no runner is there. */
export const startGateway = async (env: Env, options: PlatformOptions = {}): Promise<RunningGateway> => {
  expectSafe(env)
  const settings = settingsOf(env)
  const cluster = clusterSettingsOf(env)
  const runtime = await erect(settings, Gateway(settings, cluster, options), Effect.void, options)
  return openDoors(runtime, settings, env.HOST || undefined)
}
