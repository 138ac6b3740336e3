/** Brings everything up, says what it waits for, and takes everything down again in order. */
import { mkdirSync } from "node:fs"
import { expectDoorsFree } from "#src/devstack/doors.ts"
import type { Say } from "#src/devstack/launch.ts"
import { announce, home, localKeys } from "#src/devstack/running.ts"
import { untilSignalled } from "#src/devstack/signals.ts"
import { stack } from "#src/devstack/stack.ts"

export const summary = "servers, platform and the simulated outside world; data stays in .caas/; Ctrl-C stops all"

/** Throws FolderInUse, DoorTaken, DoorUnknown, ProgramMissing, ServerDidNotStart, CacheNotOurs, and what the platform throws at its start. */
export const run = async (): Promise<number> => {
  const begin = performance.now()
  const seconds = () => ((performance.now() - begin) / 1000).toFixed(1)
  const say: Say = (line) => console.log(`${seconds().padStart(6)} s  ${line}`)
  const { signalled } = untilSignalled()
  void signalled.then(() => say("stopping (Ctrl-C again ends at once)"))
  await using floors = new AsyncDisposableStack() // Stopped from the top down: Postgres last.
  floors.defer(() => say("stopped"))

  await expectDoorsFree(process.env)
  say("starting Postgres, NATS and Redis")
  mkdirSync(home, { recursive: true })
  const servers = await stack(home, { fast: false, say })
  floors.defer(servers.stop)
  const started = Object.entries(servers.servers).map(([name, server]) => `${name} from ${server.from}`)
  say(started.length > 0 ? started.join(", ") : "all three given by URL")

  const ours = { ...(await localKeys(process.env)), ...servers.env }
  say("starting the platform")
  const waiting = setInterval(() => say("waiting for the platform"), 3000)
  const { startPlatform } = await import("#src/main.ts")
  const platform = await startPlatform({ ...(process.env as Record<string, string>), ...ours }, say).finally(() =>
    clearInterval(waiting)
  )
  floors.defer(platform.stop)
  const { PUBLIC_PORT = "8080", INTRANET_PORT = "8081" } = process.env
  floors.defer(announce({ ...ours, ...platform.addresses, PUBLIC_PORT, INTRANET_PORT }))

  for (const [name, url] of Object.entries(platform.urls)) console.log(`          ${name.padEnd(12)} ${url}`)
  for (const note of platform.notes) console.log(`          ${note}`)
  say(`ready in ${seconds()} s; Ctrl-C stops all`)
  return await signalled
}
