/** Services that recur, in a database whose clock stands shortly before the end of their month: one life is really lived, and copied car by car. */
import { SQL } from "bun"
import { Redacted } from "effect"
import { migrate } from "#integrations/postgres/migrations.ts"
import { dayOf, endOfMonth, monthOf, nextMonth, type TimeZone } from "#machines/calendar.ts"
import { DealershipId } from "#machines/vocabulary.ts"
import { letClockMove } from "#src/demo/database.ts"
import { progressBar } from "#src/seed/progress.ts"
import type { Sample } from "#src/seed/samples.ts"
import { lives, writeCars } from "#src/seed/seed.ts"

const zone: TimeZone = "Europe/Madrid"
const runUp = 30 * 60_000 // Milliseconds that the clock stands before the end: to write the contracts, and to begin.

/** All of one country: one series of invoices, and one midnight. Handed over twelve days ago, bought a week ago. */
const life: Sample = {
  share: 1,
  life: {
    country: "ES",
    dealershipId: DealershipId.make("dea_madrid"),
    model: "Modelo Uno",
    plan: "base",
    end: "delivered",
    builtDaysAgo: 15,
    purchases: [{ option: "streaming", term: { kind: "recurring" }, daysAfter: 5 }]
  }
}

/** Each car has one contract. Answers what lets the month end. */
export const recurringContracts = async (
  url: string,
  { contracts, personsKey, say }: { contracts: number; personsKey: Uint8Array; say: (line: string) => void }
) => {
  await migrate(url)
  await letClockMove(url)
  const month = monthOf(dayOf(new Date().toISOString(), zone))
  const ends = [month, nextMonth(month)].map((one) => Date.parse(endOfMonth(one, zone)))
  const end = ends.find((one) => one - runUp > Date.now())!
  await clockTo(url, end - runUp)
  const key = Redacted.make(personsKey)
  const kinds = await lives({ url, personsKey: key }, [life])
  const progress = progressBar(contracts, { write: (line) => say(`month-end, contracts: ${line.trimEnd()}`) })
  await writeCars({ url, vehicles: contracts, seed: "month-end", personsKey: key, progress }, kinds)
  await within(url, (sql) => sql.unsafe("ANALYZE"))
  return {
    month: monthOf(dayOf(new Date(end - 1).toISOString(), zone)),
    ends: () => clockTo(url, end)
  }
}

const clockTo = (url: string, at: number) =>
  within(url, (sql) => sql`UPDATE clock SET offset_ms = ${at} - floor(extract(epoch FROM clock_timestamp()) * 1000)`)

const within = async (url: string, work: (sql: SQL) => Promise<unknown>) => {
  const sql = new SQL(url, { max: 1 })
  try {
    await work(sql)
  } finally {
    await sql.close()
  }
}
