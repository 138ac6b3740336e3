/** Both listeners over the real platform, simulated partners that wait to be told, and people who are signed in. */
import { SQL } from "bun"
import { Effect, Layer, ManagedRuntime, References } from "effect"
import { Statement } from "effect/sql"
import { Redis } from "ioredis"
import { Order } from "#actors/addresses.ts"
import { ActorSystem } from "#actors/system/actor-system.ts"
import { Accounts, type Role } from "#integrations/accounts/accounts.ts"
import { type PersonalData, Persons } from "#integrations/persons/persons.ts"
import { dropReports } from "#integrations/vehicle-link/reports.ts"
import { signingKeyOf } from "#integrations/vehicle-trust/keys.ts"
import { dropStream } from "#integrations/webhooks/stream.ts"
import type { OrderMessage } from "#machines/order.ts"
import { DealershipId, type SubjectId } from "#machines/vocabulary.ts"
import { settingsOf } from "#src/config.ts"
import { letClockMove } from "#src/demo/database.ts"
import { carsTrust, newKey as newSigningKey, publicKeysOf, vehicleKeys } from "#src/devstack/vehicle-keys.ts"
import { intranetApp } from "#src/http/intranet.ts"
import { httpOptionsOf } from "#src/http/options.ts"
import { publicApp } from "#src/http/public.ts"
import { makeRun } from "#src/http/run.ts"
import { Platform } from "#src/platform.ts"
import { reachability } from "#src/reachability.ts"
import { startWorld } from "#src/simulated.ts"
import { freshDatabase } from "../database.ts"

const secret = (name: string) => `whsec_${Buffer.from(name.padEnd(32, ".")).toString("base64")}`
export const secrets = { factory: secret("factory"), payments: secret("payments"), transport: secret("transport") }
export const ownOrigin = "http://localhost:8080"
/** In the second run of these tests nobody listens where Redis should be (F30). */
export const withoutRedis = process.env.WITHOUT_REDIS === "yes"
/** Of a limit, counted by this process alone then. */
export const points = (many: number) => (withoutRedis ? Math.floor(many / 2) : many)
export const password = "a car that learns by itself"

export type Door = "public" | "intranet"
export interface Call {
  readonly token?: string | undefined
  readonly key?: string | undefined
  readonly headers?: Record<string, string>
  /** JSON; or what `raw` says. */
  readonly body?: unknown
  readonly raw?: string | Uint8Array<ArrayBuffer>
}
export interface Reply {
  readonly status: number
  readonly body: any
  readonly headers: Headers
}

const quiet: Layer.Layer<never> = Layer.succeed(References.MinimumLogLevel, "Fatal")

/** Tables that a refusal may write to, or a loop beside it: they are about the caller, not about the business. */
const aboutCallers = [
  ...["audit", "audit_outcomes", "audit_chain", "audit_heads", "audit_unsealed"],
  "security_log",
  "sign_in_tries",
  "sessions",
  "passkey_challenges",
  "clock",
  "effect_sql_migrations",
  "partitions",
  "reconciliation_runs"
]

/**
 * `movable`: the clock is one that a test may move. `signInsPerMinute`: from the one address that all of a test's callers have. `logging`: what is
 * said, and to whom; defects alone where it is not given. `hears`: every statement that a request makes by itself, actors and loops aside.
 */
export const httpHouse = async ({
  movable = false,
  signInsPerMinute = 20,
  logging = quiet,
  hears
}: {
  readonly movable?: boolean
  readonly signInsPerMinute?: number
  readonly logging?: typeof quiet
  readonly hears?: (statement: string) => void
} = {}) => {
  const database = await freshDatabase()
  if (movable) await letClockMove(database.url)
  const space = `h${crypto.randomUUID().slice(0, 8)}`
  const keys = await vehicleKeys()
  const vehicles = { trust: carsTrust(keys), natsUrl: process.env.NATS_URL!, natsSpace: space }
  const callsKey = newSigningKey()
  const callers = publicKeysOf(callsKey)
  const world = await startWorld({ platform: "http://127.0.0.1:9", secrets, vehicles, callers, manual: true })
  const redisUrl = withoutRedis ? "redis://127.0.0.1:9" : await emptyRedis()
  const invoiceKey = newSigningKey()
  const env = {
    DATABASE_URL: database.url,
    DATABASE_CONNECTIONS: "6",
    NATS_URL: process.env.NATS_URL,
    NATS_SPACE: space,
    REDIS_URL: redisUrl,
    PUBLIC_URL: ownOrigin,
    PERSONS_KEY: Buffer.alloc(32, 7).toString("base64"),
    VAPID_PRIVATE_KEY: Buffer.alloc(32, 3).toString("base64"),
    INVOICE_SIGNING_KEY: invoiceKey,
    CALLS_SIGNING_KEY: callsKey,
    PIN_SECRET: "a secret of thirty-two characters",
    FACTORY_WEBHOOK_SECRET: secrets.factory,
    PAYMENTS_WEBHOOK_SECRET: secrets.payments,
    TRANSPORT_WEBHOOK_SECRET: secrets.transport,
    COMMAND_ATTEMPTS: "1",
    SIGN_INS_PER_MINUTE: String(signInsPerMinute),
    ...keys,
    ...world.env
  }
  const settings = settingsOf(env)
  const runtime = ManagedRuntime.make(Platform(settings, { logging }))
  await runtime.runPromise(Effect.void)
  const plain = makeRun(runtime)
  const listening: Statement.Transformer = (statement) => {
    hears?.(statement.compile()[0])
    return Effect.succeed(statement)
  }
  const run: typeof plain =
    hears === undefined ? plain : (effect) => plain(Effect.provideService(effect, Statement.CurrentTransformer, listening))
  const told = httpOptionsOf(settings, await runtime.runPromise(reachability(settings.partners)))
  const options = { ...told, origins: [ownOrigin], secureCookies: true }
  const apps = { public: publicApp(run, options), intranet: intranetApp(run, options) }
  const sql = new SQL(database.url, { max: 2 })

  const call = async (door: Door, method: string, path: string, { token, key, headers, body, raw }: Call = {}): Promise<Reply> => {
    const all = new Headers(body === undefined ? {} : { "content-type": "application/json" })
    if (token !== undefined) all.set("authorization", `Bearer ${token}`)
    if (key !== undefined) all.set("idempotency-key", key)
    for (const [name, value] of Object.entries(headers ?? {})) all.set(name, value)
    const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body))
    const request = new Request(`http://localhost${path}`, { method, headers: all, ...(sent === undefined ? {} : { body: sent }) })
    const response = await apps[door].handle(request)
    const text = await response.text()
    return { status: response.status, body: text === "" ? null : JSON.parse(text), headers: response.headers }
  }

  /** Somebody with an account and a session; a dealership where the role has one. */
  const signedIn = async (role: Role, who: string, dealership: string | null = null, address?: PersonalData["address"]) => {
    const data = { ...person(who), ...(address === undefined ? {} : { address }) }
    return runtime.runPromise(
      Effect.gen(function* () {
        const persons = yield* Persons
        const accounts = yield* Accounts
        const { subjectId } = yield* persons.keep(data, "system")
        const dealershipId = dealership === null ? null : DealershipId.make(dealership)
        yield* accounts.provision({ subjectId, role, dealershipId, createdBy: "system" })
        const link = yield* accounts.issueLink(subjectId, { evenIfSet: false })
        if (link !== null) yield* accounts.setPassword(link, password)
        const { token } = yield* accounts.signIn(data.email, password, role === "customer" ? "public" : "intranet")
        return { subjectId, token, email: data.email }
      })
    )
  }

  const rows = async (query: string): Promise<ReadonlyArray<any>> => [...(await sql.unsafe(query))].map((row) => ({ ...row }))

  /** Waits until nothing that was promised is still on its way. */
  const quiet = async () => {
    for (const end = performance.now() + 10_000; ; await Bun.sleep(20)) {
      const [{ waiting }] = (await rows("SELECT count(*)::int AS waiting FROM outbox WHERE state = 'waiting'")) as [
        { waiting: number }
      ]
      if (waiting === 0) return
      if (performance.now() > end) throw new Error(`${waiting} commands are still waiting`)
    }
  }

  /** How many rows each table has, and how many entries each partner's own ledger: what "nothing stored, nothing charged" is judged by. */
  const everything = async () => {
    await quiet()
    const tables = await rows("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    const counts: Record<string, number> = {}
    for (const { name } of tables) {
      if (aboutCallers.includes(name)) continue
      const [row] = (await rows(`SELECT count(*)::int AS n FROM "${name}"`)) as [{ n: number }]
      counts[name] = row.n
    }
    return {
      ...counts,
      theirPayments: world.payments.ledger().length,
      theirOrders: world.factory.ledger().length,
      theirMails: world.mail.messages().length
    }
  }

  /** Tells an order what a partner would have reported. */
  const hear = (orderId: string, message: OrderMessage) =>
    runtime.runPromise(ActorSystem.use((actors) => actors.tell(Order.at(orderId), message, { id: `test/${crypto.randomUUID()}` })))

  const untilState = async (orderId: string, state: string) => {
    for (const end = performance.now() + 10_000; ; await Bun.sleep(20)) {
      const [row] = await rows(`SELECT state_path FROM actors WHERE path = 'order/${orderId}'`)
      if (row?.state_path === state) return
      if (performance.now() > end) throw new Error(`${orderId} is ${row?.state_path}, not ${state}`)
    }
  }

  /** The one-time token in the newest mail to somebody. */
  const linkFor = async (email: string) => {
    for (const end = performance.now() + 10_000; ; await Bun.sleep(20)) {
      const mail = world.mail.messages().findLast(({ to, text }) => to.includes(email) && text.includes("#token="))
      if (mail !== undefined) return /#token=([A-Za-z0-9_-]+)/.exec(mail.text)![1]!
      if (performance.now() > end) throw new Error(`No mail to ${email}`)
    }
  }

  return {
    apps,
    /** What a listener of this house is told, and the environment of its platform. */
    options,
    env,
    world,
    runtime,
    call,
    signedIn,
    rows,
    quiet,
    everything,
    hear,
    untilState,
    linkFor,
    /** What papers and exports are sealed by. */
    invoiceKey: signingKeyOf(invoiceKey)!.publicKey,
    close: async () => {
      for (const drop of [dropStream, dropReports]) await runtime.runPromise(Effect.ignore(drop)) // NATS keeps room for every stream.
      await runtime.dispose()
      await world.stop()
      await sql.close()
      await database.drop()
    }
  }
}
export type HttpHouse = Awaited<ReturnType<typeof httpHouse>>

/** Limits are counted apart from other files'. */
const emptyRedis = async () => {
  const url = `${process.env.REDIS_URL}/${1 + Math.floor(Math.random() * 14)}`
  const redis = new Redis(url)
  await redis.flushdb()
  redis.disconnect()
  return url
}

/** People of the tests are named by role and number. */
export const person = (who: string): PersonalData => ({
  name: who,
  email: `${who.toLowerCase().replaceAll(" ", ".")}@example.com`,
  phone: null,
  nationalId: "12345678Z",
  address: { street: "Calle Mayor 1", city: "Madrid", postalCode: "28013", country: "ES" },
  language: "en"
})

export const newSale = (who: string, more: object = {}) => ({
  customer: person(who),
  model: "Modelo Uno",
  plan: "base",
  delivery: { kind: "dealership" },
  consents: [{ text: "terms-of-sale", edition: 1 }],
  ...more
})

export const newKey = () => crypto.randomUUID()
export type Signed = { readonly subjectId: SubjectId; readonly token: string; readonly email: string }
