/** Lends the three servers to whoever works on one test or one program. */

import { untilSignalled } from "#src/devstack/signals.ts"
import { throwAwayStack } from "#src/devstack/throw-away.ts"

export const summary = "start throw-away servers, print their URLs, wait for Ctrl-C (--durable: with fsync)"

export const run = async (args: string[]): Promise<number> => {
  const { signalled } = untilSignalled()
  const servers = await throwAwayStack({ fast: !args.includes("--durable") })
  for (const [name, value] of Object.entries(servers.env)) console.log(`export ${name}=${value}`)
  const code = await signalled
  await servers.stop()
  return code
}
