/** Durable servers, a simulated outside world that survives, and one platform between them that may be killed. */
import { SQL } from "bun"
import { Effect, Redacted } from "effect"
import { connect } from "nats"
import { connectOptionsOf } from "#integrations/nats/nats.ts"
import { PostgresOwner } from "#integrations/postgres/postgres.ts"
import { scratchDatabase } from "#src/demo/database.ts"
import { unfinished } from "#src/demo/unfinished.ts"
import { freePort } from "#src/devstack/port.ts"
import { throwAwayStack } from "#src/devstack/throw-away.ts"
import { carsTrust, newKey, publicKeysOf, vehicleKeys } from "#src/devstack/vehicle-keys.ts"
import { startWorld } from "#src/simulated.ts"
import type { Report } from "#src/verify/findings.ts"
import { ledgersOf } from "#src/verify/partner-ledgers.ts"
import { type VerifyOptions, verify } from "#src/verify/verify.ts"
import { MortalPlatform } from "./mortal-platform.ts"
import { ServiceStories } from "./service-stories.ts"
import { Stories } from "./stories.ts"

export type Scene = Awaited<ReturnType<typeof openScene>>

const quietMillis = 90_000 // Wall clock, from the last word to stillness.
const secretOf = (word: string) => `whsec_${Buffer.from(word.padEnd(32, "-")).toString("base64")}`

/** `pace`: milliseconds between the steps of a partner's work. */
export const openScene = async ({ pace, say }: { readonly pace: number; readonly say: (line: string) => void }) => {
  await using floors = new AsyncDisposableStack()
  const servers = await throwAwayStack({ fast: false, say })
  floors.defer(servers.stop)
  const { NATS_URL, REDIS_URL } = servers.env as Record<"NATS_URL" | "REDIS_URL", string>
  // Servers that somebody lends us keep what else is on them: database, stream and counts are this scene's own.
  const space = `scene${crypto.randomUUID().slice(0, 8)}`
  const database = await scratchDatabase(servers.env.DATABASE_URL!)
  floors.defer(database.drop)
  const sql = new SQL(database.url, { max: 2 })
  floors.defer(() => sql.close())
  const redis = new Bun.RedisClient(REDIS_URL)
  floors.defer(() => redis.close())
  const redisUrl = new URL(REDIS_URL)
  redisUrl.searchParams.set("keyPrefix", `${space}:`)
  const emptyRedis = async () => {
    const keys = await redis.keys(`${space}:*`)
    if (keys.length > 0) await redis.del(...keys)
  }

  const [publicPort, intranetPort] = await Promise.all([freePort(), freePort()])
  const secrets = { factory: secretOf("factory"), payments: secretOf("payments"), transport: secretOf("transport") }
  const publicUrl = `http://127.0.0.1:${publicPort}`
  const intranetUrl = `http://127.0.0.1:${intranetPort}`
  const keys = await vehicleKeys()
  const callsKey = newKey()
  const vehicles = { trust: carsTrust(keys), natsUrl: NATS_URL, natsSpace: space }
  let moved = 0 // Milliseconds that every clock here is ahead.
  const world = await startWorld({
    platform: publicUrl,
    secrets,
    vehicles,
    callers: publicKeysOf(callsKey),
    pace,
    now: () => Date.now() + moved
  })
  floors.defer(world.stop)
  const env = {
    ...keys,
    ...world.env,
    DATABASE_URL: database.url,
    NATS_URL,
    NATS_SPACE: space,
    REDIS_URL: redisUrl.href,
    PUBLIC_PORT: String(publicPort),
    INTRANET_PORT: String(intranetPort),
    PERSONS_KEY: Buffer.alloc(32, 7).toString("base64"),
    VAPID_PRIVATE_KEY: Buffer.alloc(32, 3).toString("base64"),
    INVOICE_SIGNING_KEY: newKey(),
    CALLS_SIGNING_KEY: callsKey,
    PIN_SECRET: "a secret that only this scene knows of",
    FACTORY_WEBHOOK_SECRET: secrets.factory,
    PAYMENTS_WEBHOOK_SECRET: secrets.payments,
    TRANSPORT_WEBHOOK_SECRET: secrets.transport,
    COMMAND_ATTEMPTS: "50" // A try that was killed counts as one.
  }
  const platform = new MortalPlatform(env, servers.folder)
  floors.defer(async () => void (await platform.kill()))
  // A sign-in that was killed counts as a guess, and five of them lock a person out for a quarter of an hour.
  const forgetLimits = () => Promise.all([emptyRedis(), sql`DELETE FROM sign_in_tries`])
  const stories = new Stories({ publicUrl, intranetUrl, world, forgetLimits })
  let wiped = 0
  const all = floors.move()

  return {
    world,
    platform,
    stories,
    sql,
    services: new ServiceStories(stories, world),
    /** Time goes on by so much, for partners and cars, too. A platform that runs notices within a second. */
    pass: (millis: number) => {
      moved += millis
      return sql`UPDATE clock SET offset_ms = offset_ms + ${millis}`
    },
    /** Until nothing is on its way, twice in a row. */
    quiet: async () => {
      for (let end = performance.now() + quietMillis, still = 0; still < 2; await Bun.sleep(250)) {
        const seen = await unfinished(sql, world)
        still = Object.values(seen).every((count) => count === 0) ? still + 1 : 0
        if (performance.now() > end) throw new Error(`It never became quiet: ${JSON.stringify(seen)}. ${platform.lastWords()}`)
      }
    },
    verify: (more: VerifyOptions = {}): Promise<Report> =>
      verify({
        quiet: true,
        history: stories.chronicle.acts,
        partners: ledgersOf({ ...world.env, ...world.ledgers }),
        ...more
      }).pipe(Effect.provide(PostgresOwner({ url: Redacted.make(database.url) })), Effect.runPromise),
    /** Redis and NATS forget everything they ever knew. */
    wipe: async () => {
      await emptyRedis()
      const nats = await connect(connectOptionsOf(NATS_URL))
      const manager = await nats.jetstreamManager()
      for await (const { config } of manager.streams.list())
        if (config.subjects.some((subject) => subject.startsWith(`${space}.`))) {
          await manager.streams.delete(config.name)
          wiped++
        }
      await nats.close()
    },
    /** Streams that were taken away so far. */
    wiped: () => wiped,
    /** For whoever wants to know what went wrong: orders and services that are open, and the last that they heard. */
    open: async (): Promise<string> => {
      const rows = await sql`
        SELECT path, state_path AS state, (
          SELECT json_agg(json_build_array(version, at, type, outcome) ORDER BY version DESC)
          FROM (SELECT * FROM journal j WHERE j.path = a.path ORDER BY version DESC LIMIT 5) j
        ) AS heard
        FROM actors a
        WHERE type IN ('order', 'activation') AND NOT closed`
      return rows.map((row: object) => JSON.stringify(row)).join("\n")
    },
    close: () => all.disposeAsync()
  }
}
