/** Rows `turns`, `turns-alone`, `turns-half`: durable turns of the real order, answered after the commit. */

import { bareLoop } from "./bare-loop.ts"
import { crowd, type Measured } from "./crowd.ts"
import { newDatabase } from "./database.ts"
import { startEngine } from "./engine.ts"
import type { Recording } from "./recording.ts"
import { median, type Row } from "./row.ts"

const callers = 256
const seconds = 4
const runs = 5

/** Ours and the limit alternate, so that a noisy minute hits both. */
export const turns = async (server: string, say: (line: string) => void): Promise<Row> => {
  const ours: Array<number> = []
  const limits: Array<number> = []
  const latencies: Array<number> = []
  const cpus: Array<number> = []
  for (let run = 0; run <= runs; run++) {
    const engine = await startEngine(await newDatabase(server))
    const { turnsPerSecond, p50, cpuPercent } = await crowd(engine, { callers, seconds })
    await engine.dispose()
    const recording: Recording = []
    const recorder = await startEngine(await newDatabase(server), recording) // A run of its own: remembering costs time.
    await crowd(recorder, { callers, seconds: seconds / 2 })
    await recorder.dispose()
    const limit = await bareLoop(await newDatabase(server), recording)
    say(`turns ${run === 0 ? "warm-up" : `${run}/${runs}`}: ${Math.round(turnsPerSecond)}/s, bare loop ${Math.round(limit)}/s`)
    if (run === 0) continue
    ours.push(turnsPerSecond)
    limits.push(limit)
    latencies.push(p50)
    cpus.push(cpuPercent)
  }
  const ratio = median(ours.map((value, i) => value / limits[i]!))
  return {
    name: "turns",
    what: `${callers} callers, about 1,000 orders at a time, journal + snapshot + outbox + timers + ledger, relay off`,
    unit: "turns/s",
    ours: median(ours),
    limit: median(limits),
    ratio,
    runs: ours,
    goal: "≥ 80 % of the bare loop; aim 20,000/s",
    notes: [`p50 ${median(latencies).toFixed(1)} ms`, `our CPU ${median(cpus).toFixed(0)} % of one core`]
  }
}

export const turnsAlone = async (server: string, say: (line: string) => void): Promise<Row> => {
  const engine = await startEngine(await newDatabase(server))
  await crowd(engine, { callers: 1, seconds: 1 })
  const measured = []
  for (let run = 1; run <= runs; run++) measured.push(await crowd(engine, { callers: 1, seconds: 2 }))
  await engine.dispose()
  say(`turns-alone: p50 ${median(measured.map(({ p50 }) => p50)).toFixed(2)} ms`)
  return {
    name: "turns-alone",
    what: "one caller, the next message after the answer",
    unit: "ms (p50)",
    ours: median(measured.map(({ p50 }) => p50)),
    limit: null,
    ratio: null,
    runs: measured.map(({ p50 }) => p50),
    goal: "p50 ≤ 3 ms",
    notes: [`p99 ${median(measured.map(({ p99 }) => p99)).toFixed(2)} ms`]
  }
}

/** `maximum`: turns per second at full speed, of the same session. */
export const turnsHalf = async (server: string, maximum: number, say: (line: string) => void): Promise<Row> => {
  const engine = await startEngine(await newDatabase(server))
  await crowd(engine, { callers, seconds: 2 })
  const measured = []
  for (let run = 1; run <= runs; run++) measured.push(await crowd(engine, { callers, seconds: 3, pace: maximum / 2 }))
  await engine.dispose()
  say(
    `turns-half: p99 ${median(measured.map(({ p99 }) => p99)).toFixed(1)} ms at ${Math.round(median(measured.map((m) => m.turnsPerSecond)))}/s`
  )
  return {
    name: "turns-half",
    what: `${callers} callers paced to half of the maximum`,
    unit: "ms (p99)",
    ours: median(measured.map(({ p99 }) => p99)),
    limit: null,
    ratio: null,
    runs: measured.map(({ p99 }) => p99),
    goal: "p99 ≤ 25 ms",
    notes: [
      `p50 ${median(measured.map(({ p50 }) => p50)).toFixed(1)} ms`,
      `at ${Math.round(median(measured.map((m) => m.turnsPerSecond)))} turns/s`
    ]
  }
}

export interface AtCallers extends Measured {
  readonly callers: number
}

/** Throughput and latency against the number of callers: what the plots show. */
export const turnsByCallers = async (server: string, say: (line: string) => void): Promise<ReadonlyArray<AtCallers>> => {
  const points: Array<AtCallers> = []
  const engine = await startEngine(await newDatabase(server))
  for (const callers of [1, 4, 16, 64, 256, 1024]) {
    await crowd(engine, { callers, seconds: 1 })
    const measured = await crowd(engine, { callers, seconds: 2 })
    say(
      `${callers} callers: ${Math.round(measured.turnsPerSecond)}/s, p50 ${measured.p50.toFixed(1)} ms, p99 ${measured.p99.toFixed(1)} ms`
    )
    points.push({ callers, ...measured })
  }
  await engine.dispose()
  return points
}
