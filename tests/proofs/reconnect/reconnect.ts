/** The whole fleet comes back at once, and customers go on asking: how long until every car was heard, and what the customers noticed. */
import { join } from "node:path"
import { SQL } from "bun"
import { connect } from "nats"
import { connectOptionsOf } from "#integrations/nats/nats.ts"
import { carsTrust } from "#src/devstack/vehicle-keys.ts"
import type { WorldOptions } from "#src/simulated.ts"
import { environment, type Servers } from "#tests/bench/house.ts"
import { type Answered, type Asked, startCustomers, summaryOf } from "./customers.ts"
import type { BuiltCar, Outside } from "./outside.ts"
import { doorsOf, type Members, startMembers } from "./platform.ts"
import { standing } from "./process.ts"
import { soldFleet, vinOf } from "./sold-fleet.ts"

export interface ReconnectOptions {
  readonly cars: number
  readonly members: Members
  /** Milliseconds in which customers warm the platform up, and milliseconds that are measured before the cars come. */
  readonly warm: number
  readonly before: number
  readonly patience: number
  readonly say: (line: string) => void
}

export interface Reconnected {
  readonly cars: number
  /** From the first hello to the last acknowledgement that a car heard, and to an empty stream. */
  readonly drainedMillis: number
  readonly perSecond: number
  /** Reports that the cars said until then: one that is not acknowledged is said again every five seconds. */
  readonly said: number
  readonly before: Readonly<Record<Asked["what"], Answered>>
  readonly meanwhile: Readonly<Record<Asked["what"], Answered>>
  /** Cars of which the platform does not know what they said last. */
  readonly unknown: ReadonlyArray<string>
}

const lookMillis = 100
const leastMillis = 500

export const reconnect = async (
  servers: Servers,
  { cars, members, warm, before, patience, say }: ReconnectOptions
): Promise<Reconnected> => {
  await using floors = new AsyncDisposableStack()
  const own = await environment(servers)
  const doors = await doorsOf(members)
  const options: WorldOptions = {
    platform: doors[0]!,
    secrets: {
      factory: own.FACTORY_WEBHOOK_SECRET,
      payments: own.PAYMENTS_WEBHOOK_SECRET,
      transport: own.TRANSPORT_WEBHOOK_SECRET
    },
    vehicles: { trust: carsTrust(own), natsUrl: own.NATS_URL, natsSpace: own.NATS_SPACE }
  }
  const outside = await standing<typeof own>(join(import.meta.dir, "outside.ts"), { OUTSIDE: JSON.stringify(options) })
  floors.defer(() => outside.end())
  const ask = <Ask extends keyof Outside>(what: Ask, about: Parameters<Outside[Ask]>[0]) =>
    outside.ask<Awaited<ReturnType<Outside[Ask]>>>({ ask: what, about })

  const built: ReadonlyArray<BuiltCar> = await ask(
    "build",
    Array.from({ length: cars }, (_, serial) => vinOf(serial))
  )
  const env = { ...own, ...outside.first }
  const tokens = await soldFleet(env, built)
  say(`${cars} cars are built and handed over`)
  const platform = await startMembers(env, members, doors)
  floors.defer(platform.stop)

  const nats = await connect(connectOptionsOf(own.NATS_URL))
  floors.defer(() => nats.close())
  const manager = await nats.jetstreamManager()
  const stream = async () => (await manager.streams.info(`VEHICLE_REPORTS_${own.NATS_SPACE}`)).state
  const waiting = async () => (await stream()).messages
  const until = async (right: () => Promise<boolean>, what: () => Promise<string>) => {
    for (const end = performance.now() + patience; !(await right()); await Bun.sleep(lookMillis))
      if (performance.now() > end) throw new Error(`Not in ${patience} ms: ${await what()}`)
  }

  const customers = startCustomers(built.map(({ vin }, n) => ({ publicUrl: doors[n % doors.length]!, token: tokens[n]!, vin })))
  floors.defer(customers.stop)
  await Bun.sleep(warm)
  await ask("leave", null)
  await until(
    async () => (await waiting()) === 0,
    async () => `${await waiting()} reports from before`
  )
  await customers.since()
  await Bun.sleep(before)
  const quiet = summaryOf(await customers.since())
  say(`before: ${inWords(quiet)}`)

  const { last_seq: saidBefore } = await stream()
  const begin = performance.now()
  await ask("comeBack", null)
  say(`every car has said hello after ${Math.round(performance.now() - begin)} ms`)
  await until(
    async () => (await ask("unheard", null)) === 0 && (await waiting()) === 0,
    async () => `${await ask("unheard", null)} cars unheard, ${await waiting()} reports in the stream`
  )
  const drainedMillis = Math.round(performance.now() - begin)
  await Bun.sleep(leastMillis - drainedMillis) // A small fleet is heard before anybody could ask.
  const busy = summaryOf(await customers.since())
  say(`drained after ${drainedMillis} ms, of ${(await stream()).last_seq - saidBefore} reports; meanwhile: ${inWords(busy)}`)

  return {
    cars,
    drainedMillis,
    perSecond: Math.round((cars / drainedMillis) * 1000),
    said: (await stream()).last_seq - saidBefore,
    before: quiet,
    meanwhile: busy,
    unknown: await unknownOf(own.DATABASE_URL, await ask("boots", null))
  }
}

/** By what each vehicle was told last. */
const unknownOf = async (databaseUrl: string, boots: Readonly<Record<string, string>>) => {
  const sql = new SQL(databaseUrl, { max: 1 })
  const rows: ReadonlyArray<{ vin: string; boot: string }> = await sql`
    SELECT DISTINCT ON (vin) vin, boot_id AS boot FROM vehicle_reports ORDER BY vin, version DESC`
  await sql.close()
  const known = new Map(rows.map(({ vin, boot }) => [vin, boot]))
  return Object.entries(boots).flatMap(([vin, boot]) => (known.get(vin) === boot ? [] : [vin]))
}

const inWords = (summary: Readonly<Record<Asked["what"], Answered>>) =>
  Object.entries(summary)
    .map(
      ([what, { asked, p50, p99, max, statuses }]) =>
        `${asked} × ${what} p50 ${p50}, p99 ${p99}, max ${max} ms ${JSON.stringify(statuses)}`
    )
    .join("; ")
