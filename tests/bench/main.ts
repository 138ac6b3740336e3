/** `./caas bench`: every row in one go on one machine, with fsync on, as a table, as JSON, and as plots. */
import { mkdirSync, writeFileSync } from "node:fs"
import { cpus, totalmem } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { throwAwayStack } from "#src/devstack/throw-away.ts"
import { memory } from "./memory.ts"
import { lineChart, type Series } from "./plot.ts"
import { purchase } from "./purchase.ts"
import { reports } from "./reports.ts"
import type { Row } from "./row.ts"
import { start } from "./start.ts"
import { telemetry } from "./telemetry.ts"
import { turns, turnsAlone, turnsByCallers, turnsHalf } from "./turns.ts"

const names = ["turns", "turns-alone", "turns-half", "reports", "purchase", "telemetry", "memory", "start"]

const { values } = parseArgs({ options: { only: { type: "string" }, json: { type: "boolean", default: false } } })
if (values.only !== undefined && !names.includes(values.only)) {
  console.error(`No row is called ${values.only}. There are: ${names.join(", ")}`)
  process.exit(2)
}
const wants = (name: string) => values.only === undefined || values.only === name
const say = (line: string) => console.error(line)

const stack = await throwAwayStack({ fast: false, say })
const server = stack.env.DATABASE_URL!
const rows: Array<Row> = []
let callers: Awaited<ReturnType<typeof turnsByCallers>> = []
let reportLoads: Awaited<ReturnType<typeof reports>>["loads"] = []
let purchaseLoads: Awaited<ReturnType<typeof purchase>>["loads"] = []
try {
  if (wants("turns-alone")) rows.push(await turnsAlone(server, say))
  if (wants("turns") || wants("turns-half")) {
    const full = await turns(server, say)
    if (wants("turns")) {
      rows.push(full)
      callers = await turnsByCallers(server, say)
    }
    if (wants("turns-half")) rows.push(await turnsHalf(server, full.ours, say))
  }
  if (wants("reports")) {
    const measured = await reports(stack.env, say)
    rows.push(...measured.rows)
    reportLoads = measured.loads
  }
  if (wants("purchase")) {
    const measured = await purchase(stack.env, say)
    rows.push(...measured.rows)
    purchaseLoads = measured.loads
  }
  if (wants("telemetry")) rows.push(await telemetry(stack.env, say))
  if (wants("memory")) rows.push(...(await memory(server, say)))
} finally {
  await stack.stop()
}
if (wants("start")) rows.push(await start(say))

const machine = {
  cpu: cpus()[0]?.model ?? "unknown",
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  bun: Bun.version,
  postgres: "18.4, fsync on, synchronous_commit on, on the same cores"
}
const result = { machine, rows, callers, reportLoads, purchaseLoads }
if (values.only === undefined) {
  const folder = join(import.meta.dir, "results")
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${new Date().toISOString().slice(0, 10)}.json`), `${JSON.stringify(result, null, 2)}\n`)
  const plot = (file: string, title: string, [xLabel, yLabel]: readonly [string, string], series: ReadonlyArray<Series>) =>
    writeFileSync(join(folder, file), lineChart({ title, xLabel, yLabel, series }))
  const against = <Point>(
    points: ReadonlyArray<Point>,
    x: (point: Point) => number,
    lines: Record<string, (point: Point) => number>
  ) => Object.entries(lines).map(([label, y]) => ({ label, points: points.map((point) => ({ x: x(point), y: y(point) })) }))

  plot(
    "throughput.svg",
    "Durable turns per second",
    ["callers", "turns/s"],
    against(callers, (at) => at.callers, { "turns/s": (at) => at.turnsPerSecond })
  )
  plot(
    "latency.svg",
    "Latency of a durable turn",
    ["callers", "ms"],
    against(callers, (at) => at.callers, { p50: (at) => at.p50, p99: (at) => at.p99 })
  )
  plot(
    "reports.svg",
    "From a car's report to our acknowledgement",
    ["reports a second", "ms"],
    against(reportLoads, (at) => Math.round(at.load), { p50: (at) => at.p50, p99: (at) => at.p99 })
  )
  plot(
    "purchase.svg",
    "From the click, p99",
    ["purchases a second", "ms"],
    against(purchaseLoads, (at) => Math.round(at.load), {
      "201": (at) => at.answered.p99,
      authorised: (at) => at.authorised.p99,
      captured: (at) => at.captured.p99
    })
  )
}
if (values.json) console.log(JSON.stringify(result))
else
  for (const { name, unit, ours, limit, ratio, goal, notes } of rows) {
    const number = (value: number) => value.toLocaleString("en", { maximumFractionDigits: value < 100 ? 2 : 0 })
    const against = limit === null ? "" : `, limit ${number(limit)}, ratio ${ratio!.toFixed(2)}`
    console.log(
      `${name.padEnd(20)} ${number(ours)} ${unit}${against}   (goal: ${goal})${notes.length > 0 ? `   ${notes.join("; ")}` : ""}`
    )
  }
