/** A runner: actors, their commands and their timers. A module worker, a process or a machine: adding one is the same act. */
import { type ManagedRuntime, Schema } from "effect"
import { SocketServer } from "effect/socket"
import { AddressUnusable } from "./address-unusable.ts"
import { clusterSettingsOf, type Env, runnerDoorOf, runnerSettingsOf } from "./config.ts"
import { erect } from "./erect.ts"
import { keepMachines } from "./fitness.ts"
import { type PlatformOptions, Runner, type RunnerServices } from "./platform.ts"
import { listens } from "./reachability.ts"
import { expectSafe } from "./safety.ts"

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

/** Throws SettingsUnsafe, SettingInvalid, RunnerAddressTaken, AddressUnusable, and what erect throws. */
export const startRunner = async (env: Env, options: PlatformOptions = {}): Promise<RunningRunner> => {
  expectSafe(env)
  const settings = runnerSettingsOf(env)
  const cluster = clusterSettingsOf(env)
  const door = runnerDoorOf(env)
  const address = `${door.host}:${door.port}`
  if (await listens(door.host, door.port)) throw new RunnerAddressTaken({ address })
  const runtime = await erect(settings, Runner(settings, cluster, door, options), keepMachines, options).catch((error: unknown) => {
    if (!(error instanceof SocketServer.SocketServerError)) throw error
    const variables = "RUNNER_HOST (or RUNNER_LISTEN) and RUNNER_PORT"
    throw new AddressUnusable({ address: `${door.listen}:${door.port}`, variables, cause: error.reason.cause })
  })
  return { address, runtime, stop: () => runtime.dispose() }
}
