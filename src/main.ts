/** The platform as one process: migrations, partners, actors, and the two listeners. */
import { join } from "node:path"
import { Effect, ManagedRuntime, Redacted } from "effect"
import { migrate } from "#integrations/postgres/migrations.ts"
import { type Settings, settingsOf } from "./config.ts"
import { buildDemoFleet, demoCustomerSignIn, demoFleetIsThere, keepDemoOwners } from "./demo-fleet.ts"
import { demoSignIns, keepDemoPeople } from "./demo-people.ts"
import { home } from "./devstack/running.ts"
import { carsTrust } from "./devstack/vehicle-keys.ts"
import { intranetApp } from "./http/intranet.ts"
import type { HttpOptions } from "./http/options.ts"
import { publicApp } from "./http/public.ts"
import { makeRun } from "./http/run.ts"
import { Platform, type PlatformOptions, type PlatformServices } from "./platform.ts"
import { reachability } from "./reachability.ts"
import { startWorld, type World } from "./simulated.ts"

type Env = Readonly<Record<string, string | undefined>>

const farewell = 3_000 // Milliseconds for requests under way at a stop; who sends slowly or only listens does not keep us.

export interface Running {
  readonly settings: Settings
  readonly runtime: ManagedRuntime.ManagedRuntime<PlatformServices, never>
  readonly stop: () => Promise<void>
}

/** Actors and listeners on 127.0.0.1 (or HOST), for partners that are already there. Throws SettingInvalid. */
export const serve = async (env: Env, options: PlatformOptions = {}): Promise<Running> => {
  const settings = settingsOf(env)
  await migrate(Redacted.value(settings.databaseUrl))
  const runtime = ManagedRuntime.make(Platform(settings, options))
  await runtime.runPromise(Effect.void) // Nobody is let in before the building stands.
  const run = makeRun(runtime)
  const { publicUrl, intranetUrl, pinSecret } = settings
  const http: Omit<HttpOptions, "origins"> = {
    secureCookies: publicUrl.startsWith("https://"),
    publicUrl,
    intranetUrl,
    pinSecret,
    partners: await runtime.runPromise(reachability(settings.partners))
  }
  const hostname = env.HOST || "127.0.0.1"
  const listeners = [
    // Each door believes the pages of its own side alone.
    publicApp(run, { ...http, origins: [new URL(publicUrl).origin] }).listen({ port: settings.publicPort, hostname }),
    intranetApp(run, { ...http, origins: [new URL(intranetUrl).origin] }).listen({ port: settings.intranetPort, hostname })
  ]
  return {
    settings,
    runtime,
    stop: async () => {
      const late = setTimeout(() => listeners.forEach((app) => void app.server?.stop(true)), farewell)
      await Promise.all(listeners.map((app) => app.stop()))
      clearTimeout(late)
      await runtime.dispose()
    }
  }
}

/** `./caas up`: the platform and, where no partner is named in the environment, a simulated outside world with people to try it. */
export const startPlatform = async (
  env: Env
): Promise<{
  urls: Record<string, string>
  /** Where the platform and the simulated partners are, for commands that point to the one and read the others' ledgers. */
  addresses: Record<string, string>
  notes: ReadonlyArray<string>
  stop: () => Promise<void>
}> => {
  const simulated = !env.FACTORY_URL
  const port = env.PUBLIC_PORT || "8080"
  const world: World | null = simulated
    ? await startWorld({
        folder: join(home, "world"),
        platform: `http://127.0.0.1:${port}`,
        secrets: {
          factory: env.FACTORY_WEBHOOK_SECRET ?? "",
          payments: env.PAYMENTS_WEBHOOK_SECRET ?? "",
          transport: env.TRANSPORT_WEBHOOK_SECRET ?? ""
        },
        vehicles: {
          trust: carsTrust({
            CONFIG_SIGNING_KEY: env.CONFIG_SIGNING_KEY ?? "",
            CATALOGUE_PUBLIC_KEY: env.CATALOGUE_PUBLIC_KEY ?? ""
          }),
          natsUrl: env.NATS_URL ?? "",
          natsSpace: env.NATS_SPACE ?? "",
          ...(env.NATS_VEHICLE_ISSUER ? { issuer: env.NATS_VEHICLE_ISSUER } : {})
        },
        lively: true
      })
    : null
  const platform = await serve({ ...env, ...world?.env }).catch(async (error) => {
    await world?.stop()
    throw error
  })
  if (world !== null) await platform.runtime.runPromise(keepDemoPeople)
  const leaving = new AbortController()
  const fleetBuilt = world === null ? null : demoFleet(platform, leaving.signal) // Nobody waits for it.
  const { publicUrl, intranetUrl } = platform.settings
  return {
    urls: {
      customers: `${publicUrl}/openapi`,
      intranet: `${intranetUrl}/openapi`,
      health: `${publicUrl}/health/ready`,
      ...(world === null
        ? {}
        : {
            "mail sink": `${world.mail.controlUrl}/_simulator/ledger`,
            cars: `${world.fleet.url}/_simulator/flash`,
            ...world.env
          })
    },
    addresses: {
      PUBLIC_URL: publicUrl,
      INTRANET_URL: intranetUrl,
      ...(world === null ? {} : { ...world.env, ...world.ledgers })
    },
    notes:
      world === null
        ? []
        : [
            "Demo sign-ins on the intranet (POST /api/auth/sessions):",
            ...demoSignIns,
            "and on the customers' side, with a car (GET /api/me/vehicles), which a first start builds within a minute:",
            demoCustomerSignIn
          ],
    stop: async () => {
      leaving.abort()
      await fleetBuilt
      await platform.stop()
      await world?.stop()
    }
  }
}

/** At a first start, a few dozen cars are sold and handed over by and by. */
const demoFleet = async ({ runtime, settings }: Running, leaving: AbortSignal) => {
  try {
    if (await runtime.runPromise(demoFleetIsThere)) return
    await runtime.runPromise(keepDemoOwners)
    await buildDemoFleet(settings, leaving)
  } catch (cause) {
    if (!leaving.aborted)
      await runtime.runPromise(
        Effect.logWarning("The demo fleet is not complete; the next start goes on").pipe(
          Effect.annotateLogs({ cause: String(cause) })
        )
      )
  }
}
