/** Row `telemetry`: samples from the broker to Redis and the table, beside a subscriber that reads the same samples and keeps nothing. */
import { join } from "node:path"
import { SQL } from "bun"
import { environment, type Servers, startHouse } from "./house.ts"
import { median, type Row } from "./row.ts"
import { joinBroker } from "./yard.ts"

const runs = 5
const flood = 300_000 // Samples, as fast as the broker takes them: more than anybody keeps.
const paces = [2_000, 4_000, 8_000, 12_000, 14_000, 16_000] // Samples a second, until some are lost.
const pacedSeconds = 3
const stillMillis = 1_500 // Without another row: whatever was kept is in the table.

export const telemetry = async (servers: Servers, say: (line: string) => void): Promise<Row> => {
  const env = await environment(servers)
  const house = await startHouse(env)
  const connection = await joinBroker(env.NATS_URL)
  const sql = new SQL(env.DATABASE_URL, { max: 1 })
  const publish = (subjects: string, count: number, pace = 0) =>
    Bun.spawn([process.execPath, "--no-orphans", join(import.meta.dir, "sample-source.ts")], {
      env: { ...process.env, NATS_URL: env.NATS_URL, SUBJECTS: subjects, COUNT: String(count), PACE: String(pace) },
      stdio: ["ignore", "inherit", "inherit"]
    }).exited

  /** Samples per second, from the first that came to the last. */
  const bare = async () => {
    let heard = 0
    let [first, last] = [0, 0]
    const done = Promise.withResolvers<void>()
    const subscription = connection.subscribe("bare.vehicles.*.telemetry", {
      callback: (_, message) => {
        if (heard++ === 0) first = performance.now()
        if (message.json<{ odometerMetres: number }>().odometerMetres < 0) throw new Error("Not a sample")
        last = performance.now()
        if (heard === flood) done.resolve()
      }
    })
    await connection.flush()
    await Promise.all([publish("bare.vehicles", flood), done.promise])
    subscription.unsubscribe()
    return flood / ((last - first) / 1000)
  }

  /** What was kept of them; and per second, from the first batch to the last. */
  const kept = async (count: number, pace?: number) => {
    const [{ before }] = await sql`SELECT coalesce(max(heard_at), '1970-01-01') AS before FROM telemetry`
    await publish(`${env.NATS_SPACE}.vehicles`, count, pace)
    for (let seen = -1; ; await Bun.sleep(stillMillis)) {
      const [row] = await sql`
        WITH heard AS (SELECT heard_at, min(heard_at) OVER () AS first FROM telemetry WHERE heard_at > ${before})
        SELECT count(*)::int AS samples, count(*) FILTER (WHERE heard_at > first)::int AS later,
               extract(epoch FROM max(heard_at) - min(first))::float8 AS seconds
        FROM heard`
      if (row.samples === seen) return { samples: seen, perSecond: row.later / row.seconds }
      seen = row.samples
    }
  }

  const flooded: Array<number> = []
  const limits: Array<number> = []
  for (let run = 0; run <= runs; run++) {
    const { perSecond } = await kept(flood)
    const limit = await bare()
    say(
      `telemetry ${run === 0 ? "warm-up" : `${run}/${runs}`}: ${round(perSecond)}/s kept of a flood, bare subscriber ${round(limit)}/s`
    )
    if (run === 0) continue
    flooded.push(perSecond)
    limits.push(limit)
  }

  /** What came and was kept a second at this pace; empty where a run lost a sample. */
  const lossless = async (pace: number, times: number) => {
    const rates: Array<number> = []
    for (let run = 0; run < times; run++) {
      const offered = pace * pacedSeconds
      const { samples, perSecond } = await kept(offered, pace)
      say(`telemetry at ${pace}/s: ${offered - samples} of ${offered} lost`)
      if (samples < offered) return []
      rates.push(perSecond)
    }
    return rates
  }
  const held: Array<number> = []
  for (const pace of paces)
    if ((await lossless(pace, 1)).length === 1) held.push(pace)
    else break
  let ours: ReadonlyArray<number> = []
  while (ours.length === 0 && held.length > 0) ours = await lossless(held.pop()!, runs)
  await sql.close()
  await connection.close()
  await house.dispose()
  const rate = ours.length === 0 ? 0 : median(ours)
  return {
    name: "telemetry",
    what: "core NATS to Redis and the table: the highest pace at which five runs lost nothing",
    unit: "samples/s",
    ours: rate,
    limit: median(limits),
    ratio: rate / median(limits),
    runs: ours,
    goal: "≥ 50 % of a subscriber that reads the same and keeps nothing",
    notes: [`of a flood of ${flood.toLocaleString("en")} samples ${round(median(flooded))}/s are kept, and the rest is dropped`]
  }
}

const round = (value: number) => Math.round(value).toLocaleString("en")
