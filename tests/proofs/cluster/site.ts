/** One gateway, some runners and the simulated outside world, on servers of their own that may be hurt. */
import { SQL } from "bun"
import { Effect, Redacted } from "effect"
import { migrate } from "#integrations/postgres/migrations.ts"
import { PostgresOwner } from "#integrations/postgres/postgres.ts"
import { letClockMove } from "#src/demo/database.ts"
import { unfinished } from "#src/demo/unfinished.ts"
import { freePort } from "#src/devstack/port.ts"
import { carsTrust, newKey, publicKeysOf, vehicleKeys } from "#src/devstack/vehicle-keys.ts"
import { startWorld } from "#src/simulated.ts"
import type { ClientAct } from "#src/verify/evidence.ts"
import type { Report } from "#src/verify/findings.ts"
import { ledgersOf } from "#src/verify/partner-ledgers.ts"
import { verify } from "#src/verify/verify.ts"
import { Stories } from "../stories.ts"
import { Member, memberProgram } from "./member.ts"
import { Servers } from "./servers.ts"

export type Site = Awaited<ReturnType<typeof openSite>>

const quietMillis = 60_000 // Wall clock, from the last word to stillness.
const divisionMillis = 60_000 // Until every partition has an owner that is there.
const lookMillis = 250
const secretOf = (word: string) => `whsec_${Buffer.from(word.padEnd(32, "-")).toString("base64")}`

export interface SiteOptions {
  /** Outlives it: data, logs. */
  readonly folder: string
  readonly runners: number
  /** Milliseconds between the steps of a partner's work. */
  readonly pace: number
}

export const openSite = async ({ folder, runners: count, pace }: SiteOptions) => {
  await using floors = new AsyncDisposableStack()
  const servers = await Servers.start(folder)
  floors.defer(() => servers.stop())
  const { env: addresses } = servers
  await migrate(addresses.DATABASE_URL)
  await letClockMove(addresses.DATABASE_URL)
  const sql = new SQL(addresses.DATABASE_URL, { max: 2 })
  floors.defer(() => sql.close())

  const [publicPort, intranetPort, ...ports] = await Promise.all(Array.from({ length: 2 + count }, freePort))
  const secrets = { factory: secretOf("factory"), payments: secretOf("payments"), transport: secretOf("transport") }
  const publicUrl = `http://127.0.0.1:${publicPort}`
  const intranetUrl = `http://127.0.0.1:${intranetPort}`
  const keys = await vehicleKeys()
  const callsKey = newKey()
  const vehicles = { trust: carsTrust(keys), natsUrl: addresses.NATS_URL }
  const world = await startWorld({ platform: publicUrl, secrets, vehicles, callers: publicKeysOf(callsKey), pace })
  floors.defer(world.stop)
  world.fleet.buildFor("nats")
  const env = {
    ...keys,
    ...world.env,
    ...addresses,
    PUBLIC_PORT: String(publicPort),
    INTRANET_PORT: String(intranetPort),
    CLUSTER_SECRET: "a secret that only this cluster knows of",
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
  const program = await memberProgram(folder)
  const gateway = new Member("gateway", "", { ...env, MEMBER: "gateway" }, program, folder)
  const runners = ports.map(
    (port, n) =>
      new Member(`runner-${n + 1}`, `127.0.0.1:${port}`, { ...env, MEMBER: "runner", RUNNER_PORT: String(port) }, program, folder)
  )
  const members = [gateway, ...runners]
  floors.defer(async () => void (await Promise.all(members.map((member) => member.kill()))))

  /** Partition and epoch → who had it then. */
  const terms = new Map<string, string>()
  let seen: ReadonlyMap<number, string> = new Map()
  const owners = async (): Promise<ReadonlyMap<number, string>> => {
    const rows: ReadonlyArray<{ partition: number; epoch: number; owner: string | null }> =
      await sql`SELECT partition, epoch, owner FROM partitions`
    for (const { partition, epoch, owner } of rows) if (owner !== null) terms.set(`${partition} ${epoch}`, owner)
    seen = new Map(rows.map(({ partition, owner }) => [partition, owner ?? ""]))
    return seen
  }
  const watch = setInterval(() => void owners().catch(() => {}), lookMillis)
  floors.defer(() => clearInterval(watch))

  // A sign-in that was killed counts as a guess, and five of them lock a person out for a quarter of an hour.
  const forgetLimits = async () => void (await Promise.allSettled([servers.emptyRedis(), sql`DELETE FROM sign_in_tries`]))
  const stories = new Stories({ publicUrl, intranetUrl, world, forgetLimits })
  const all = floors.move()

  const until = async (what: string, millis: number, look: () => Promise<boolean>) => {
    for (const end = performance.now() + millis; !(await look().catch(() => false)); await Bun.sleep(lookMillis))
      if (performance.now() > end) throw new Error(`${what}: not in ${millis} ms`)
  }

  return {
    folder,
    servers,
    world,
    gateway,
    runners,
    members,
    stories,
    sql,
    /** Who had which partition a moment ago: Postgres may be away. */
    owners: () => seen,
    /** Every partition is with somebody who is there, and everybody who is there has some. */
    divided: () =>
      until("a division of the partitions", divisionMillis, async () => {
        const here = runners.filter(({ alive }) => alive).map(({ address }) => address)
        const now = new Set((await owners()).values())
        return here.length > 0 && now.size === here.length && here.every((address) => now.has(address))
      }),
    /** Until nothing is on its way, twice in a row. */
    quiet: async () => {
      let seen: object = {}
      let still = 0
      await until("stillness", quietMillis, async () => {
        seen = await unfinished(sql, world)
        still = Object.values(seen).every((left) => left === 0) ? still + 1 : 0
        return still === 2
      }).catch((error: Error) => {
        throw new Error(`${error.message}; left: ${JSON.stringify(seen)}`)
      })
    },
    verify: (history: ReadonlyArray<ClientAct>): Promise<Report> =>
      verify({ quiet: true, history, partners: ledgersOf({ ...world.env, ...world.ledgers }) }).pipe(
        Effect.provide(PostgresOwner({ url: Redacted.make(addresses.DATABASE_URL) })),
        Effect.runPromise
      ),
    /** Turns by runner, as far as it was seen who had a partition in which epoch. */
    served: async (): Promise<Readonly<Record<string, number>>> => {
      const rows: ReadonlyArray<{ partition: number; epoch: number; turns: number }> =
        await sql`SELECT partition, epoch, count(*)::int AS turns FROM whole.journal GROUP BY partition, epoch`
      const turns: Record<string, number> = Object.fromEntries(runners.map(({ name }) => [name, 0]))
      for (const row of rows) {
        const owner = terms.get(`${row.partition} ${row.epoch}`)
        const name = runners.find(({ address }) => address === owner)?.name ?? "nobody that was seen"
        turns[name] = (turns[name] ?? 0) + row.turns
      }
      return turns
    },
    close: () => all.disposeAsync()
  }
}
