/** A runner: actors, their commands and their timers. A module worker, a process or a machine: adding one is the same act. */
import { Effect, ManagedRuntime, Redacted, Schema } from "effect"
import { migrate } from "#integrations/postgres/migrations.ts"
import { clusterSettingsOf, type Env, runnerDoorOf, runnerSettingsOf } from "./config.ts"
import { type PlatformOptions, Runner, type RunnerServices } from "./platform.ts"
import { listens } from "./reachability.ts"

/** Somebody answers where this runner is to be reached. Two with one address would take each other's letters. */
export class RunnerAddressTaken extends Schema.TaggedError<RunnerAddressTaken>()("RunnerAddressTaken", { address: Schema.String }) {
  override get message() {
    return `Somebody answers at ${this.address} already. Give this runner another RUNNER_PORT (or RUNNER_HOST), or stop the other one.`
  }
}

export interface RunningRunner {
  readonly address: string
  readonly runtime: ManagedRuntime.ManagedRuntime<RunnerServices, never>
  /** Hands its partitions over. */
  readonly stop: () => Promise<void>
}

/** Throws SettingInvalid and RunnerAddressTaken. */
export const startRunner = async (env: Env, options: PlatformOptions = {}): Promise<RunningRunner> => {
  const settings = runnerSettingsOf(env)
  const cluster = clusterSettingsOf(env)
  const door = runnerDoorOf(env)
  const address = `${door.host}:${door.port}`
  if (await listens(door.host, door.port)) throw new RunnerAddressTaken({ address })
  await migrate(Redacted.value(settings.databaseUrl))
  const runtime = ManagedRuntime.make(Runner(settings, cluster, door, options))
  await runtime.runPromise(Effect.void)
  return { address, runtime, stop: () => runtime.dispose() }
}
