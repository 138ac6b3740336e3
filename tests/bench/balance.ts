/** Row `balance`: what one customer owes and has paid, account by account, out of a million entries of the ledger. */
import { SQL } from "bun"
import { migrate } from "#integrations/postgres/migrations.ts"
import { balanceOf } from "#tests/integrations/balance.ts"
import { newDatabase } from "./database.ts"
import { median, type Row } from "./row.ts"

const entries = 1_000_000
const customers = 20_000
const asked = 2_000 // Customers in each run, one after the other.
const runs = 5

export const balance = async (server: string, say: (line: string) => void): Promise<Row> => {
  const url = await newDatabase(server)
  await migrate(url)
  const sql = new SQL(url, { max: 1 })
  try {
    say(`balance: ${entries.toLocaleString("en")} entries are written`)
    await sql.unsafe("ALTER TABLE ledger DISABLE TRIGGER USER") // What is open is not asked for here.
    await sql.unsafe(`
      INSERT INTO ledger (partition, path, version, position, at, activation_id, kind, payment_id, debit, credit, amount_minor, currency, subject_id)
      SELECT n % 64, 'activation/' || n, 1, 0, now() - n * interval '1 second', 'act_' || n, 'debtPaid', 'pay_' || n, 'gateway', 'receivables', 1210,
             'EUR', 'sub_' || n % ${customers}
      FROM generate_series(1, ${entries}) n`)
    await sql.unsafe("VACUUM (ANALYZE) ledger")
    const taken: Array<number> = []
    const longest: Array<number> = []
    for (let run = 0; run <= runs; run++) {
      const millis: Array<number> = []
      for (let n = 0; n < asked; n++) {
        const begin = performance.now()
        const accounts = await sql.unsafe(balanceOf, [`sub_${Math.floor(Math.random() * customers)}`])
        millis.push(performance.now() - begin)
        if (accounts.length !== 2) throw new Error(`${accounts.length} accounts`)
      }
      millis.sort((a, b) => a - b)
      if (run > 0) {
        taken.push(median(millis))
        longest.push(millis[Math.floor(millis.length * 0.99)]!)
      }
    }
    say(`balance: p50 ${median(taken).toFixed(2)} ms, p99 ${median(longest).toFixed(2)} ms`)
    return {
      name: "balance",
      what: `the balance of one of ${customers.toLocaleString("en")} customers, of ${entries.toLocaleString("en")} entries in the ledger, one after the other`,
      unit: "ms (p50)",
      ours: median(taken),
      limit: null,
      ratio: null,
      runs: taken,
      goal: "reported",
      notes: [`p99 ${median(longest).toFixed(1)} ms`, `${entries / customers} entries each, of two legs`]
    }
  } finally {
    await sql.close()
  }
}
