/** Rows `reports` and `reports-half`: from a car's word on the broker to our acknowledgement, a verified report and a durable turn between them. */
import { SQL } from "bun"
import { bareReports } from "./bare-reports.ts"
import { environment, type Servers, startHouse } from "./house.ts"
import { median, type Row } from "./row.ts"
import { builtCars, carCount, helloOfEach, joinBroker, type SignedReport } from "./yard.ts"

const runs = 5
const patienceMillis = 60_000
const paced = 4 // Seconds of one round at a pace.

export interface Loaded {
  readonly load: number // Reports per second.
  readonly p50: number // Milliseconds, from the car's publishing to its hearing `acknowledged`.
  readonly p99: number
}

export const reports = async (servers: Servers, say: (line: string) => void) => {
  const env = await environment(servers)
  const house = await startHouse(env)
  const cars = await builtCars(house)
  const connection = await joinBroker(env.NATS_URL)
  const bare = await bareReports(connection, cars)
  const heard = new Map<string, (at: number) => void>() // By VIN: each car has one report on its way.
  connection.subscribe(`${env.NATS_SPACE}.vehicles.*.acknowledged`, {
    callback: (_, { subject }) => {
      const vin = subject.split(".")[2]!
      heard.get(vin)?.(performance.now())
      heard.delete(vin)
    }
  })
  await connection.flush()

  /** Until each of them is acknowledged; how long each took. Without a pace, all at once. */
  const speak = async (said: ReadonlyArray<SignedReport>, pace?: number) => {
    const latencies: Array<number> = []
    const done = Promise.withResolvers<void>()
    const begin = performance.now()
    for (const [n, { car, text }] of said.entries()) {
      const due = pace === undefined ? 0 : begin + (n / pace) * 1000 - performance.now()
      if (due > 1) await Bun.sleep(due)
      const published = performance.now()
      heard.set(car.vin, (at) => {
        latencies.push(at - published)
        if (latencies.length === said.length) done.resolve()
      })
      connection.publish(`${env.NATS_SPACE}.vehicles.${car.vin}.report`, text)
    }
    const late = setTimeout(
      () => done.reject(new Error(`${said.length - latencies.length} reports were not acknowledged`)),
      patienceMillis
    )
    await done.promise.finally(() => clearTimeout(late))
    latencies.sort((a, b) => a - b)
    const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))]!
    return { perSecond: said.length / ((performance.now() - begin) / 1000), p50: at(0.5), p99: at(0.99) }
  }

  const ours: Array<number> = []
  const limits: Array<number> = []
  const cpus: Array<number> = []
  let cold = 0
  let said = 0
  for (let run = 0; run <= runs; run++) {
    const hellos = helloOfEach(cars)
    const cpu = process.cpuUsage()
    const { perSecond } = await speak(hellos)
    const { user, system } = process.cpuUsage(cpu)
    const limit = await bare(hellos)
    said += hellos.length
    say(`reports ${run === 0 ? "warm-up" : `${run}/${runs}`}: ${Math.round(perSecond)}/s, bare loop ${Math.round(limit)}/s`)
    if (run === 0) {
      cold = perSecond
      continue
    }
    ours.push(perSecond)
    limits.push(limit)
    cpus.push((user + system) / 10_000 / (hellos.length / perSecond))
  }

  const maximum = median(ours)
  const loads: Array<Loaded> = []
  for (const share of [0.1, 0.25, 0.5, 0.75]) {
    const load = maximum * share
    const rounds = []
    for (let run = 0; run < (share === 0.5 ? runs : 1); run++) {
      const some = helloOfEach(cars).slice(0, Math.min(carCount, Math.round(load * paced)))
      rounds.push(await speak(some, load))
      said += some.length
    }
    loads.push({ load, p50: median(rounds.map(({ p50 }) => p50)), p99: median(rounds.map(({ p99 }) => p99)) })
    const { p50, p99 } = loads.at(-1)!
    say(`reports at ${Math.round(load)}/s: acknowledged after p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`)
  }
  await becameTurns(env.DATABASE_URL, said)
  await connection.close()
  await house.dispose()

  const half = loads.find(({ load }) => load === maximum * 0.5)!
  const rows: ReadonlyArray<Row> = [
    {
      name: "reports",
      what: `${carCount.toLocaleString("en")} cars: JetStream, signature, durable turn with its row of evidence, signed acknowledgement; each report is news`,
      unit: "reports/s",
      ours: maximum,
      limit: median(limits),
      ratio: median(ours.map((value, i) => value / limits[i]!)),
      runs: ours,
      goal: "≥ 60 % of fetch + verify + ack; aim 2,500/s",
      notes: [
        `each car's first report, with nothing in memory: ${Math.round(cold)}/s`,
        `our CPU ${median(cpus).toFixed(0)} % of one core`
      ]
    },
    {
      name: "reports-half",
      what: "from the car's publishing to its hearing `acknowledged`, at half of the maximum",
      unit: "ms (p99)",
      ours: half.p99,
      limit: null,
      ratio: null,
      runs: [half.p99],
      goal: "none set",
      notes: [`p50 ${half.p50.toFixed(1)} ms`, `at ${Math.round(half.load)} reports/s`]
    }
  ]
  return { rows, loads }
}

/** A rate counts only where nothing was lost on the way. */
const becameTurns = async (databaseUrl: string, said: number) => {
  const sql = new SQL(databaseUrl, { max: 1 })
  const [{ kept }] = (await sql`SELECT count(*)::int AS kept FROM vehicle_reports`) as [{ kept: number }]
  await sql.close()
  if (kept !== said) throw new Error(`${kept} reports became turns, of ${said}`)
}
