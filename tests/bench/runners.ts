/** Row `runners`: the same turns through a gateway and 1, 2 and 4 runners in module workers, beside one process. */
import { Layer, ManagedRuntime, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { ClusterClient } from "#actors/system/cluster.ts"
import { GatewayActorSystem } from "#actors/system/clustered.ts"
import { ClusterSecret } from "#actors/system/wire.ts"
import { migrate } from "#integrations/postgres/migrations.ts"
import { Postgres } from "#integrations/postgres/postgres.ts"
import { freePort } from "#src/devstack/port.ts"
import { crowd, type Measured } from "./crowd.ts"
import { newDatabase } from "./database.ts"
import { startEngine } from "./engine.ts"
import { median, type Row } from "./row.ts"

const callers = 256 // Of one process, and of each runner: batches as full everywhere.
const seconds = 4
const runs = 5
const settleMillis = 20_000 // For the partitions to be divided.

/** CPU of the whole process, all its threads, microseconds per turn. Postgres is not in it. */
const cpuPerTurn = ({ cpuPercent, turnsPerSecond }: Measured) => (cpuPercent * 10_000) / turnsPerSecond

export interface AtRunners {
  /** 0: everything in one process. */
  readonly runners: number
  readonly turnsPerSecond: number
  readonly cpuMicros: number
}

/** One process and each number of runners alternate, so that a noisy minute hits all. */
export const runners = async (
  server: string,
  say: (line: string) => void
): Promise<{ readonly rows: ReadonlyArray<Row>; readonly at: ReadonlyArray<AtRunners> }> => {
  const taken = new Map<string, Array<Measured>>()
  const keep = (name: string, measured: Measured) => taken.set(name, [...(taken.get(name) ?? []), measured])
  for (let run = 0; run <= runs; run++) {
    const engine = await startEngine(await newDatabase(server))
    const alone = await crowd(engine, { callers, seconds })
    await engine.dispose()
    if (run > 0) keep("0", alone)
    for (const count of [1, 2, 4]) {
      const cluster = await startCluster(server, count)
      await crowd(cluster.runtime, { callers: callers * count, seconds: 1 })
      const measured = await crowd(cluster.runtime, { callers: callers * count, seconds })
      await cluster.stop()
      if (run > 0) keep(String(count), measured)
    }
    say(
      `runners ${run === 0 ? "warm-up" : `${run}/${runs}`}: ${[...taken].map(([name, all]) => `${name === "0" ? "one process" : `${name} runners`} ${Math.round(all.at(-1)!.turnsPerSecond)}/s`).join(", ")}`
    )
  }
  const of = (name: string, figure: (measured: Measured) => number) => taken.get(name)!.map(figure)
  const at = ["0", "1", "2", "4"].map((name) => ({
    runners: Number(name),
    turnsPerSecond: median(of(name, ({ turnsPerSecond }) => turnsPerSecond)),
    cpuMicros: median(of(name, cpuPerTurn))
  }))
  const [alone, one, , four] = at as [AtRunners, AtRunners, AtRunners, AtRunners]
  const told = at
    .map(
      ({ runners, turnsPerSecond, cpuMicros }) =>
        `${runners === 0 ? "one process" : `${runners} runners`}: ${Math.round(turnsPerSecond)}/s, ${Math.round(cpuMicros)} µs of CPU`
    )
    .join("; ")
  return {
    at,
    rows: [
      {
        name: "gateway",
        what: `${callers} callers through a gateway to one runner, against one process`,
        unit: "turns/s",
        ours: one.turnsPerSecond,
        limit: alone.turnsPerSecond,
        ratio: median(
          of("1", ({ turnsPerSecond }) => turnsPerSecond).map((rate, run) => rate / taken.get("0")![run]!.turnsPerSecond)
        ),
        runs: of("1", ({ turnsPerSecond }) => turnsPerSecond),
        goal: "≥ 70 % of one process",
        notes: [told]
      },
      {
        name: "runners",
        what: `CPU of a turn with 4 runners against 1, ${callers} callers each, gateway included`,
        unit: "µs a turn",
        ours: four.cpuMicros,
        limit: one.cpuMicros,
        ratio: four.cpuMicros / one.cpuMicros,
        runs: of("4", cpuPerTurn),
        goal: "within 20 % at 1, 2, 4 runners",
        notes: [told]
      }
    ]
  }
}

const startCluster = async (server: string, count: number) => {
  const url = await newDatabase(server)
  await migrate(url)
  const workers = await Promise.all(Array.from({ length: count }, () => startWorker(url)))
  const runtime = ManagedRuntime.make(
    GatewayActorSystem.pipe(
      Layer.provide(ClusterClient),
      Layer.provide(Layer.succeed(ClusterSecret, Redacted.make("of one bench"))),
      Layer.provideMerge(Postgres({ url: Redacted.make(url), connections: 3 }))
    )
  )
  const owners = SqlClient.SqlClient.use(
    (sql) =>
      sql<{ owner: string | null; partitions: number }>`SELECT owner, count(*)::int AS partitions FROM partitions GROUP BY owner`
  )
  const end = performance.now() + settleMillis
  for (;;) {
    const found = await runtime.runPromise(owners)
    if (found.length === count && found.every(({ owner, partitions }) => owner !== null && partitions >= 64 / count / 2)) break
    if (performance.now() > end) throw new Error(`The partitions were not divided: ${JSON.stringify(found)}`)
    await Bun.sleep(100)
  }
  return {
    runtime,
    stop: async () => {
      await runtime.dispose()
      await Promise.all(workers.map(stopWorker))
    }
  }
}

const startWorker = async (url: string) => {
  const worker = new Worker(new URL("./turns.worker.ts", import.meta.url), {
    type: "module",
    env: { DATABASE_URL: url, RUNNER_PORT: String(await freePort()) }
  } as WorkerOptions)
  await said(worker, "serving")
  return worker
}

const stopWorker = async (worker: Worker) => {
  const stopped = said(worker, "stopped")
  worker.postMessage("stop")
  await stopped
  worker.terminate()
}

const said = (worker: Worker, word: string) =>
  new Promise<void>((resolve, reject) => {
    worker.onmessage = ({ data }) => data === word && resolve()
    worker.onerror = ({ message }) => reject(new Error(message))
  })
