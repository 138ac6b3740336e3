/** Postgres, NATS and Redis for one folder: those given by URL, the others started here. */
import { chmodSync, mkdirSync, rmSync, statSync } from "node:fs"
import { join, resolve } from "node:path"
import { isRoot, ordinaryAccount, reaches } from "./account.ts"
import { forgetLists } from "./apt.ts"
import { cacheFolder } from "./cache.ts"
import type { Say } from "./launch.ts"
import { takeLock } from "./lock.ts"
import { type NatsServer, nats } from "./nats.ts"
import { postgres } from "./postgres.ts"
import { redis } from "./redis.ts"
import type { Server } from "./server.ts"

export const lockName = "stack.pid"

export type Stack = {
  /**
   * DATABASE_URL, NATS_URL, REDIS_URL, and CAAS_EMBEDDED naming those started here: for the environment of a child process.
   * NATS_VEHICLE_ISSUER where NATS was started here: for whoever builds cars.
   */
  readonly env: Record<string, string>
  /** Only those started here. */
  readonly servers: { readonly postgres?: Server; readonly nats?: NatsServer; readonly redis?: Server }
  readonly folder: string
  readonly millis: number
  /** Postgres last: close your pools first. */
  readonly stop: () => Promise<void>
}

export type StackOptions = {
  /** Postgres without fsync. Kill tests and benches say false. */
  readonly fast: boolean
  /** Postgres settings by name, over ours. */
  readonly settings?: Record<string, string>
  /** Progress, one sentence a line; to stderr unless told otherwise. */
  readonly say?: Say
}

/** A server given by URL wins, except one that another stack of ours started for its own children. */
const given = (variable: string): string | undefined =>
  process.env.CAAS_EMBEDDED?.split(",").includes(variable) ? undefined : process.env[variable] || undefined

/** Starts what is not given. Throws FolderInUse, ProgramMissing, ServerDidNotStart, CacheNotOurs. */
export const stack = async (folder: string, options: StackOptions): Promise<Stack> => {
  const begin = performance.now()
  const say = options.say ?? ((line) => console.error(line))
  const home = resolve(folder)
  mkdirSync(home, { recursive: true })
  if (isRoot) chmodSync(home, statSync(home).mode | 0o011) // The servers' account passes through to folders of its own.
  const release = takeLock(join(home, lockName))
  const servers: { postgres?: Server; nats?: NatsServer; redis?: Server } = {}
  const stop = async () => {
    await Promise.all([servers.nats?.stop(), servers.redis?.stop()])
    await servers.postgres?.stop()
    release()
  }
  try {
    const data = dataFolder(home)
    mkdirSync(data, { recursive: true })
    const started = await Promise.allSettled([
      given("DATABASE_URL") === undefined && postgres(data, { ...options, say }).then((server) => (servers.postgres = server)),
      (async () => {
        // One after the other: both may have to ask apt.
        if (given("NATS_URL") === undefined) servers.nats = await nats(join(data, "nats"), { say })
        if (given("REDIS_URL") === undefined) servers.redis = await redis(join(data, "redis"), { say })
      })()
    ])
    for (const result of started) if (result.status === "rejected") throw result.reason
    forgetLists()
  } catch (error) {
    await stop()
    throw error
  }
  const urls = {
    DATABASE_URL: servers.postgres?.url ?? given("DATABASE_URL")!,
    NATS_URL: servers.nats?.url ?? given("NATS_URL")!,
    REDIS_URL: servers.redis?.url ?? given("REDIS_URL")!
  }
  const embedded = Object.keys(urls).filter((variable) => given(variable) === undefined)
  const issuer: Record<string, string> = servers.nats === undefined ? {} : { NATS_VEHICLE_ISSUER: servers.nats.vehicleIssuer }
  return {
    env: { ...urls, ...issuer, CAAS_EMBEDDED: embedded.join(",") },
    servers,
    folder: home,
    millis: performance.now() - begin,
    stop
  }
}

/** Where a folder's data lies: in it, or in the cache where the servers' account cannot reach it (root's own home, say). */
export const dataFolder = (folder: string): string =>
  reaches(ordinaryAccount(), folder) ? folder : join(cacheFolder(), `data${resolve(folder).replaceAll("/", "-")}`)

/** Deletes a folder's data, wherever it lies, and the folder. Only of a stack that does not run. */
export const clearStack = (folder: string): void => {
  for (const place of new Set([dataFolder(folder), folder])) rmSync(place, { recursive: true, force: true })
}
