/** `./caas bench`: every row in one go on one machine, with fsync on, as a table, as JSON, and as plots. */
import { mkdirSync, writeFileSync } from "node:fs"
import { cpus, totalmem } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { throwAwayStack } from "#src/devstack/throw-away.ts"
import { memory } from "./memory.ts"
import { lineChart } from "./plot.ts"
import type { Row } from "./row.ts"
import { start } from "./start.ts"
import { turns, turnsAlone, turnsByCallers, turnsHalf } from "./turns.ts"

const names = ["turns", "turns-alone", "turns-half", "memory", "start"]

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
let points: Awaited<ReturnType<typeof turnsByCallers>> = []
try {
  if (wants("turns-alone")) rows.push(await turnsAlone(server, say))
  if (wants("turns") || wants("turns-half")) {
    const full = await turns(server, say)
    if (wants("turns")) {
      rows.push(full)
      points = await turnsByCallers(server, say)
    }
    if (wants("turns-half")) rows.push(await turnsHalf(server, full.ours, say))
  }
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
const result = { machine, rows, ...(points.length > 0 ? { callers: points } : {}) }
if (values.only === undefined) {
  const folder = join(import.meta.dir, "results")
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${new Date().toISOString().slice(0, 10)}.json`), `${JSON.stringify(result, null, 2)}\n`)
  const against = (label: string, y: (point: (typeof points)[number]) => number) => ({
    label,
    points: points.map((point) => ({ x: point.callers, y: y(point) }))
  })
  writeFileSync(
    join(folder, "throughput.svg"),
    lineChart({
      title: "Durable turns per second",
      xLabel: "callers",
      yLabel: "turns/s",
      series: [against("turns/s", (point) => point.turnsPerSecond)]
    })
  )
  writeFileSync(
    join(folder, "latency.svg"),
    lineChart({
      title: "Latency of a durable turn",
      xLabel: "callers",
      yLabel: "ms",
      series: [against("p50", (point) => point.p50), against("p99", (point) => point.p99)]
    })
  )
}
if (values.json) console.log(JSON.stringify(result))
else
  for (const { name, unit, ours, limit, ratio, goal, notes } of rows) {
    const number = (value: number) => value.toLocaleString("en", { maximumFractionDigits: value < 100 ? 2 : 0 })
    const against = limit === null ? "" : `, limit ${number(limit)}, ratio ${ratio!.toFixed(2)}`
    console.log(
      `${name.padEnd(12)} ${number(ours)} ${unit}${against}   (goal: ${goal})${notes.length > 0 ? `   ${notes.join("; ")}` : ""}`
    )
  }
