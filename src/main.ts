/** The platform as one command: migrations, partners, actors in this process or in workers, and the two listeners. */
import { availableParallelism } from "node:os"
import { join } from "node:path"
import { Effect, type ManagedRuntime } from "effect"
import { besidePostgres } from "#integrations/postgres/absence.ts"
import { type Env, type Settings, settingsOf, workersOf } from "./config.ts"
import { buildDemoFleet, demoCustomerSignIn, demoFleetIsThere, keepDemoOwners } from "./demo-fleet.ts"
import { demoSignIns, keepDemoPeople } from "./demo-people.ts"
import { freePort } from "./devstack/port.ts"
import { home } from "./devstack/running.ts"
import { carsTrust, publicKeysOf } from "./devstack/vehicle-keys.ts"
import { erect } from "./erect.ts"
import { expectFit, keepMachines } from "./fitness.ts"
import { startGateway } from "./gateway.ts"
import { openDoors } from "./listeners.ts"
import { type GatewayServices, Platform, type PlatformOptions } from "./platform.ts"
import { expectSafe } from "./safety.ts"
import { startWorld, type World } from "./simulated.ts"
import { startPool } from "./workers/pool.ts"

export interface Running {
  readonly settings: Settings
  readonly runtime: ManagedRuntime.ManagedRuntime<GatewayServices, never>
  readonly stop: () => Promise<void>
}

/** Everything in one process, on 127.0.0.1 (or HOST), for partners that are already there. Throws what startGateway throws. */
export const serve = async (env: Env, options: PlatformOptions = {}): Promise<Running> => {
  expectSafe(env)
  const settings = settingsOf(env)
  const runtime = await erect(settings, Platform(settings, options), keepMachines, options)
  return openDoors(runtime, settings, env.HOST || undefined)
}

/** A gateway in this process, and its runners in module workers. */
const serveWithWorkers = async (env: Env, workers: number, say: (line: string) => void): Promise<Running> => {
  expectSafe(env)
  const settings = settingsOf(env)
  await Effect.runPromise(besidePostgres(settings.databaseUrl, () => expectFit(settings))) // What is wrong is said once, not by each worker.
  const ports = await Promise.all(Array.from({ length: workers }, freePort))
  const pool = await startPool({ env, ports, say })
  const gateway = await startGateway(env).catch(async (error) => {
    await pool.stop()
    throw error
  })
  return {
    ...gateway,
    stop: async () => {
      await gateway.stop() // First: what it was asked is answered while somebody is there to do it.
      await pool.stop()
    }
  }
}

/** `./caas up`: the platform and, where no partner is named in the environment, a simulated outside world with people to try it. */
export const startPlatform = async (
  env: Env,
  say: (line: string) => void
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
        callers: publicKeysOf(env.CALLS_SIGNING_KEY ?? ""),
        lively: true
      })
    : null
  const workers = workersOf(env, availableParallelism())
  const whole = { ...env, ...world?.env }
  const platform = await (workers === 0 ? serve(whole) : serveWithWorkers(whole, workers, say)).catch(async (error) => {
    await world?.stop()
    throw error
  })
  const { databaseUrl } = platform.settings
  if (world !== null) await Effect.runPromise(besidePostgres(databaseUrl, () => platform.runtime.runPromise(keepDemoPeople)))
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
