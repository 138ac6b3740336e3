/** The two doors of the platform, for customers and partners, and for the intranet, over whatever actor system the runtime has. */
import type { ManagedRuntime } from "effect"
import { AddressUnusable } from "./address-unusable.ts"
import type { Settings } from "./config.ts"
import { intranetApp } from "./http/intranet.ts"
import { httpOptionsOf } from "./http/options.ts"
import { publicApp } from "./http/public.ts"
import { makeRun } from "./http/run.ts"
import type { GatewayServices } from "./platform.ts"
import { reachability } from "./reachability.ts"

const farewell = 3_000 // Milliseconds for requests under way at a stop; who sends slowly or only listens does not keep us.

interface Listeners {
  /** Ends when the last request is answered, at the latest after the farewell. */
  readonly stop: () => Promise<void>
}

/** The doors over a building that stands, and the end of both. Throws AddressUnusable; nothing is left standing then. */
export const openDoors = async (
  runtime: ManagedRuntime.ManagedRuntime<GatewayServices, never>,
  settings: Settings,
  hostname = "127.0.0.1"
) => {
  const listeners = await listen(runtime, settings, hostname).catch(async (error) => {
    await runtime.dispose()
    throw error
  })
  return {
    settings,
    runtime,
    stop: async () => {
      await listeners.stop()
      await runtime.dispose()
    }
  }
}

/** Throws AddressUnusable; nobody listens then. */
const listen = async (
  runtime: ManagedRuntime.ManagedRuntime<GatewayServices, never>,
  settings: Settings,
  hostname: string
): Promise<Listeners> => {
  const run = makeRun(runtime)
  const { publicUrl, intranetUrl, publicPort, intranetPort } = settings
  const http = httpOptionsOf(settings, await runtime.runPromise(reachability(settings.partners)))
  // Each door believes the pages of its own side alone.
  const doors = [
    [publicApp(run, { ...http, origins: [new URL(publicUrl).origin] }), publicPort, "PUBLIC_PORT"],
    [intranetApp(run, { ...http, origins: [new URL(intranetUrl).origin] }), intranetPort, "INTRANET_PORT"]
  ] as const
  const listeners = doors.map(([app]) => app)
  for (const [app, port, variable] of doors)
    try {
      app.listen({ port, hostname })
    } catch (cause) {
      for (const { server } of listeners) void server?.stop(true)
      throw new AddressUnusable({ address: `${hostname}:${port}`, variables: `HOST and ${variable}`, cause })
    }
  return {
    stop: async () => {
      const late = setTimeout(() => listeners.forEach((app) => void app.server?.stop(true)), farewell)
      await Promise.all(listeners.map((app) => app.stop()))
      clearTimeout(late)
    }
  }
}
