/** What a day's measurements leave behind: one JSON file, and plots. A row that is taken alone takes its place among the day's others. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { barChart } from "./bars.ts"
import type { MonthEndMark } from "./month-end.ts"
import type { Compared } from "./peers.ts"
import { lineChart } from "./plot.ts"
import type { Load } from "./purchase.ts"
import type { Loaded } from "./reports.ts"
import type { Row } from "./row.ts"
import type { AtRunners } from "./runners.ts"
import type { AtCallers } from "./turns.ts"

/** Curves are empty where their row was not taken. */
export interface Measurements {
  readonly machine: object
  readonly rows: ReadonlyArray<Row>
  readonly callers: ReadonlyArray<AtCallers>
  readonly reportLoads: ReadonlyArray<Loaded>
  readonly purchaseLoads: ReadonlyArray<Load>
  readonly monthEndMarks: ReadonlyArray<MonthEndMark>
  readonly atRunners: ReadonlyArray<AtRunners>
  readonly compared: ReadonlyArray<Compared>
}

const folder = join(import.meta.dir, "results")

export const keepResults = (taken: Measurements) => {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${new Date().toISOString().slice(0, 10)}.json`)
  const day: Partial<Measurements> = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {}
  const names = new Set(taken.rows.map(({ name }) => name))
  const curves = Object.entries(taken).filter(([, value]) => Array.isArray(value) && value.length > 0)
  const rows = [...(day.rows ?? []).filter(({ name }) => !names.has(name)), ...taken.rows]
  const all = { ...day, machine: taken.machine, ...Object.fromEntries(curves), rows }
  writeFileSync(file, `${JSON.stringify(all, null, 2)}\n`)

  plot("throughput.svg", "Durable turns per second", ["callers", "turns/s"], taken.callers, ({ callers }) => callers, {
    "turns/s": (at) => at.turnsPerSecond
  })
  plot("latency.svg", "Latency of a durable turn", ["callers", "ms"], taken.callers, ({ callers }) => callers, {
    p50: (at) => at.p50,
    p99: (at) => at.p99
  })
  const report = "From a car's report to our acknowledgement"
  plot("reports.svg", report, ["reports a second", "ms"], taken.reportLoads, ({ load }) => Math.round(load), {
    p50: (at) => at.p50,
    p99: (at) => at.p99
  })
  plot("purchase.svg", "From the click, p99", ["purchases a second", "ms"], taken.purchaseLoads, ({ load }) => Math.round(load), {
    "201": (at) => at.answered.p99,
    authorised: (at) => at.authorised.p99,
    captured: (at) => at.captured.p99
  })
  const month = ["seconds after midnight", "MB, commands"] as const
  plot(
    "month-end.svg",
    "A month's end",
    month,
    taken.monthEndMarks,
    ({ seconds }) => Math.round(seconds),
    {
      "memory (MB)": (at) => at.megabytes,
      "commands that wait": (at) => at.waiting
    },
    true
  )
  if (taken.atRunners.length > 0)
    for (const [file, title, unit, figure] of [
      ["runners.svg", "Durable turns through a gateway", "turns/s", ({ turnsPerSecond }: AtRunners) => turnsPerSecond],
      ["runners-cpu.svg", "CPU of a turn, Postgres not counted", "µs", ({ cpuMicros }: AtRunners) => cpuMicros]
    ] as const)
      writeFileSync(
        join(folder, file),
        barChart({
          title,
          unit,
          bars: taken.atRunners.map((at) => ({
            label: at.runners === 0 ? "one process" : `${at.runners} runners`,
            value: figure(at)
          }))
        })
      )
  if (taken.compared.length > 0)
    writeFileSync(
      join(folder, "peers.svg"),
      barChart({
        title: "Durable changes with their follow-ups",
        unit: "changes/s",
        bars: taken.compared.map(({ name, perSecond }) => ({ label: name, value: perSecond }))
      })
    )
}

const plot = <Point>(
  file: string,
  title: string,
  [xLabel, yLabel]: readonly [string, string],
  points: ReadonlyArray<Point>,
  x: (point: Point) => number,
  lines: Readonly<Record<string, (point: Point) => number>>,
  linear = false
) => {
  if (points.length === 0) return
  const series = Object.entries(lines).map(([label, y]) => ({
    label,
    points: points.map((point) => ({ x: x(point), y: y(point) }))
  }))
  writeFileSync(join(folder, file), lineChart({ title, xLabel, yLabel, series, linear }))
}
