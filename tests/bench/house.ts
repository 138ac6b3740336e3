/** A platform on the bench's own durable servers: its environment, and the whole of it without its doors. */
import { Effect, Layer, Logger, ManagedRuntime, References } from "effect"
import { migrate } from "#integrations/postgres/migrations.ts"
import { settingsOf } from "#src/config.ts"
import { newKey, vehicleKeys } from "#src/devstack/vehicle-keys.ts"
import { Platform } from "#src/platform.ts"
import { newDatabase } from "./database.ts"

/** DATABASE_URL, NATS_URL and REDIS_URL of servers that are thrown away. */
export type Servers = Readonly<Record<string, string>>
export type Environment = Awaited<ReturnType<typeof environment>>
export type House = Awaited<ReturnType<typeof startHouse>>

const nowhere = "http://127.0.0.1:9"
let made = 0

/** A database, subjects and keys of its own. Partners are nowhere, unless a row starts some. */
export const environment = async (servers: Servers) => {
  const space = `bench${++made}`
  const redisUrl = new URL(servers.REDIS_URL!)
  redisUrl.searchParams.set("keyPrefix", `${space}:`)
  return {
    ...(await vehicleKeys()),
    DATABASE_URL: await newDatabase(servers.DATABASE_URL!),
    NATS_URL: servers.NATS_URL!,
    NATS_SPACE: space,
    REDIS_URL: redisUrl.href,
    PERSONS_KEY: Buffer.alloc(32, 7).toString("base64"),
    VAPID_PRIVATE_KEY: Buffer.alloc(32, 3).toString("base64"),
    INVOICE_SIGNING_KEY: newKey(),
    CALLS_SIGNING_KEY: newKey(),
    PIN_SECRET: newKey(),
    FACTORY_WEBHOOK_SECRET: `whsec_${newKey()}`,
    PAYMENTS_WEBHOOK_SECRET: `whsec_${newKey()}`,
    TRANSPORT_WEBHOOK_SECRET: `whsec_${newKey()}`,
    FACTORY_URL: nowhere,
    PAYMENTS_URL: nowhere,
    REGISTRATION_URL: nowhere,
    TRANSPORT_URL: nowhere,
    SMTP_URL: "smtp://127.0.0.1:9",
    SMS_URL: nowhere,
    AUDIT_WITNESS_URL: nowhere,
    WORKSHOPS_URL: nowhere,
    API_IOT_URL: nowhere
  }
}

export const startHouse = async (env: Environment) => {
  await migrate(env.DATABASE_URL)
  const runtime = ManagedRuntime.make(Platform(settingsOf(env), { logging: onlyErrors }))
  await runtime.runPromise(Effect.void)
  return runtime
}

/** Warnings of overload belong to a measurement; what is left says that something is wrong. */
export const onlyErrors = Layer.mergeAll(
  Layer.succeed(References.MinimumLogLevel, "Error"),
  Layer.succeed(Logger.LogToStderr, true)
)
