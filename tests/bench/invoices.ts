/** Row `invoices`: numbered, drawn, sealed and kept, all of one series and in one process; beside the bare work of counting one row up and writing another. */
import { SQL } from "bun"
import { migrate } from "#integrations/postgres/migrations.ts"
import { Accounting, line } from "#tests/integrations/accounting.ts"
import { newDatabase } from "./database.ts"
import { median, type Row } from "./row.ts"

const runs = 5
const invoices = 1_000 // Of each run: a hundredth of a month's end.
const callers = 32

export const invoicesIssued = async (server: string, say: (line: string) => void): Promise<Row> => {
  const url = await newDatabase(server)
  await migrate(url)
  const house = new Accounting(url, 12)
  const customerId = await house.keep()
  const sql = new SQL(url, { max: 2 })
  await sql`CREATE TABLE bare_series (number integer)`
  await sql`CREATE TABLE bare_invoices (number integer PRIMARY KEY, lines jsonb)`
  await sql`INSERT INTO bare_series VALUES (0)`
  const lines = [line(), line({ item: "streaming", term: "recurring", from: "2026-03-01", to: "2026-03-31" })]

  /** A second, of `work` done by all callers together. */
  const rate = async (work: () => Promise<unknown>) => {
    let begun = 0
    const begin = performance.now()
    const caller = async () => {
      while (begun++ < invoices) await work()
    }
    await Promise.all(Array.from({ length: callers }, caller))
    return invoices / ((performance.now() - begin) / 1000)
  }
  const issue = () => house.issue(house.request({ customerId, lines }))
  const bare = async () => sql`
    WITH next AS (UPDATE bare_series SET number = number + 1 RETURNING number)
    INSERT INTO bare_invoices SELECT number, ${JSON.stringify(lines)}::jsonb FROM next`

  const ours: Array<number> = []
  const limits: Array<number> = []
  for (let run = 0; run <= runs; run++) {
    const [issued, counted] = [await rate(issue), await rate(bare)]
    say(
      `invoices ${run === 0 ? "warm-up" : `${run}/${runs}`}: ${issued.toFixed(0)}/s, counted and written alone ${counted.toFixed(0)}/s`
    )
    if (run === 0) continue
    ours.push(issued)
    limits.push(counted)
  }
  await sql.close()
  await house.stop()
  const perSecond = median(ours)
  return {
    name: "invoices",
    what: "one process and one series: number, PDF, seal, purchase file",
    unit: "invoices/s",
    ours: perSecond,
    limit: median(limits),
    ratio: perSecond / median(limits),
    runs: ours,
    goal: "100,000 within an hour",
    notes: [`100,000 take ${(100_000 / perSecond / 60).toFixed(0)} minutes; drawing takes most of it, and runners share that`]
  }
}
