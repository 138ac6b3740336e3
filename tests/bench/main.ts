/** `./caas bench`: every row in one go on one machine, with fsync on, as a table, as JSON, and as plots. */
import { cpus, loadavg, totalmem } from "node:os"
import { parseArgs } from "node:util"
import { throwAwayStack } from "#src/devstack/throw-away.ts"
import { balance } from "./balance.ts"
import { growth } from "./growth.ts"
import { invoicesIssued } from "./invoices.ts"
import { keepResults, type Measurements } from "./kept-results.ts"
import { memory } from "./memory.ts"
import { monthEnd } from "./month-end.ts"
import { type Compared, peers } from "./peers.ts"
import { purchase } from "./purchase.ts"
import { recovery } from "./recovery.ts"
import { reports } from "./reports.ts"
import type { Row } from "./row.ts"
import { type AtRunners, runners } from "./runners.ts"
import { start } from "./start.ts"
import { telemetry } from "./telemetry.ts"
import { turns, turnsAlone, turnsByCallers, turnsHalf } from "./turns.ts"

const names = [
  "turns",
  "turns-alone",
  "turns-half",
  "reports",
  "purchase",
  "telemetry",
  "invoices",
  "balance",
  "memory",
  "month-end",
  "growth",
  "runners",
  "peers",
  "start",
  "recovery"
]

const { values } = parseArgs({
  options: { only: { type: "string" }, json: { type: "boolean", default: false }, long: { type: "boolean", default: false } }
})
if (values.only !== undefined && !names.includes(values.only)) {
  console.error(`No row is called ${values.only}. There are: ${names.join(", ")}`)
  process.exit(2)
}
const grown = Number(process.env.GROWTH_ACTORS || (values.long ? 1_000_000 : 100_000)) // Actors of the row `growth`.
if (!Number.isInteger(grown) || grown < 1_000) {
  console.error("GROWTH_ACTORS must be a whole number from 1000 on")
  process.exit(2)
}
const contracts = Number(process.env.MONTH_END_CONTRACTS || (values.long ? 100_000 : 10_000)) // Of the row `month-end`.
if (!Number.isInteger(contracts) || contracts < 100) {
  console.error("MONTH_END_CONTRACTS must be a whole number from 100 on")
  process.exit(2)
}
const wants = (name: string) => values.only === undefined || values.only === name
const say = (line: string) => console.error(line)

const stack = await throwAwayStack({ fast: false, say })
const server = stack.env.DATABASE_URL!
const rows: Array<Row> = []
let callers: Measurements["callers"] = []
let reportLoads: Measurements["reportLoads"] = []
let purchaseLoads: Measurements["purchaseLoads"] = []
let monthEndMarks: Measurements["monthEndMarks"] = []
let atRunners: ReadonlyArray<AtRunners> = []
let compared: ReadonlyArray<Compared> = []

/** With how busy the machine was before: whoever reads a figure should know. */
const take = async (name: string, measure: () => Promise<Row | ReadonlyArray<Row>>) => {
  if (!wants(name)) return
  const busy = loadavg()[0]!
  const taken = [await measure()].flat() as ReadonlyArray<Row>
  for (const row of taken) rows.push({ ...row, notes: [...row.notes, `load of the machine before: ${busy.toFixed(1)}`] })
}
try {
  await take("turns-alone", () => turnsAlone(server, say))
  let maximum: number | null = null
  await take("turns", async () => {
    const full = await turns(server, say)
    callers = await turnsByCallers(server, say)
    maximum = full.ours
    return full
  })
  await take("turns-half", async () => turnsHalf(server, maximum ?? (await turns(server, say)).ours, say))
  await take("reports", async () => {
    const measured = await reports(stack.env, say)
    reportLoads = measured.loads
    return measured.rows
  })
  await take("purchase", async () => {
    const measured = await purchase(stack.env, say)
    purchaseLoads = measured.loads
    return measured.rows
  })
  await take("telemetry", () => telemetry(stack.env, say))
  await take("invoices", () => invoicesIssued(server, say))
  await take("balance", () => balance(server, say))
  await take("memory", () => memory(server, say))
  await take("month-end", async () => {
    const measured = await monthEnd(stack.env, contracts, say)
    monthEndMarks = measured.marks
    return measured.row
  })
  await take("growth", () => growth(server, grown, say))
  await take("runners", async () => {
    const measured = await runners(server, say)
    atRunners = measured.at
    return measured.rows
  })
  await take("peers", async () => {
    const measured = await peers(server, say)
    compared = measured.compared
    return measured.rows
  })
} finally {
  await stack.stop()
}
await take("start", () => start(say))
await take("recovery", () => recovery(say))

const machine = {
  cpu: cpus()[0]?.model ?? "unknown",
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  bun: Bun.version,
  postgres: "18.4, fsync on, synchronous_commit on, on the same cores"
}
const result: Measurements = { machine, rows, callers, reportLoads, purchaseLoads, monthEndMarks, atRunners, compared }
keepResults(result)
if (values.json) console.log(JSON.stringify(result))
else
  for (const { name, unit, ours, limit, ratio, goal, notes } of rows) {
    const number = (value: number) => value.toLocaleString("en", { maximumFractionDigits: value < 100 ? 2 : 0 })
    const against = limit === null ? "" : `, limit ${number(limit)}, ratio ${ratio!.toFixed(2)}`
    console.log(
      `${name.padEnd(20)} ${number(ours)} ${unit}${against}   (goal: ${goal})${notes.length > 0 ? `   ${notes.join("; ")}` : ""}`
    )
  }
