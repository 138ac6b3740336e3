/** One runner, until it is told to stop. */
import { untilSignalled } from "#src/devstack/signals.ts"
import { startRunner } from "#src/runner.ts"

export const summary =
  "a process in which actors live, beside others: RUNNER_HOST, RUNNER_PORT and CLUSTER_SECRET (docs/runbook.md)"

/** Throws SettingInvalid, RunnerAddressTaken, AddressUnusable, and what says that the servers do not fit. */
export const run = async (): Promise<number> => {
  const { signalled } = untilSignalled()
  const runner = await Promise.race([startRunner(process.env), signalled])
  if (typeof runner === "number") return runner // Told to go while it waited for a server: it has begun nothing.
  const { address, stop } = runner
  console.log(`runner serves at ${address}; Ctrl-C stops it, and its partitions move to the others`)
  const code = await signalled
  await stop()
  return code
}
