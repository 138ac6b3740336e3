/** Row `telemetry`: samples from the broker to Redis and the table, beside a subscriber that reads the same samples and keeps nothing. */
import { join } from "node:path"
import { SQL } from "bun"
import { environment, type Servers, startHouse } from "./house.ts"
import { median, type Row } from "./row.ts"
import { joinBroker } from "./yard.ts"

const runs = 5
const flood = 100_000 // Samples, as fast as the broker takes them: more than anybody keeps.
const paces = [4_000, 8_000, 12_000, 16_000] // Samples a second, for the rate at which nothing is lost.
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

  /** What was kept of them, and per second, by the table's own clock. */
  const kept = async (count: number, pace?: number) => {
    const [{ before }] = await sql`SELECT coalesce(max(heard_at), '1970-01-01') AS before FROM telemetry`
    await publish(`${env.NATS_SPACE}.vehicles`, count, pace)
    for (let seen = -1; ; await Bun.sleep(stillMillis)) {
      const [row] = await sql`
        SELECT count(*)::int AS samples, extract(epoch FROM max(heard_at) - min(heard_at))::float8 AS seconds
        FROM telemetry WHERE heard_at > ${before}`
      if (row.samples === seen) return { samples: seen, perSecond: seen / row.seconds }
      seen = row.samples
    }
  }

  const ours: Array<number> = []
  const limits: Array<number> = []
  for (let run = 0; run <= runs; run++) {
    const { perSecond } = await kept(flood)
    const limit = await bare()
    say(
      `telemetry ${run === 0 ? "warm-up" : `${run}/${runs}`}: ${Math.round(perSecond)}/s kept, bare subscriber ${Math.round(limit)}/s`
    )
    if (run === 0) continue
    ours.push(perSecond)
    limits.push(limit)
  }
  let lossless = 0
  for (const pace of paces) {
    const offered = pace * pacedSeconds
    const { samples } = await kept(offered, pace)
    say(`telemetry at ${pace}/s: ${offered - samples} of ${offered} lost`)
    if (samples < offered) break
    lossless = pace
  }
  await sql.close()
  await connection.close()
  await house.dispose()
  return {
    name: "telemetry",
    what: "core NATS to Redis and the table, under a flood of 100,000 samples: what is kept a second; the rest is dropped",
    unit: "samples/s",
    ours: median(ours),
    limit: median(limits),
    ratio: median(ours.map((value, i) => value / limits[i]!)),
    runs: ours,
    goal: "≥ 50 % of a subscriber that reads the same and keeps nothing",
    notes: [`nothing is lost at ${lossless.toLocaleString("en")}/s`]
  }
}
