/** Row `month-end`: all contracts of a country come to the end of their month at one midnight, while customers look and buy. What it takes, how the process's memory goes, what they notice. */
import { SQL } from "bun"
import { progressBar } from "#src/seed/progress.ts"
import { buyers, type Taken } from "./buyers.ts"
import { recurringContracts } from "./contracts.ts"
import type { Servers } from "./house.ts"
import { type Owners, owners } from "./owners.ts"
import { platformApart } from "./platform-apart.ts"
import { median, type Row } from "./row.ts"
import { worldApart } from "./world-apart.ts"

const strollSeconds = 10
const purchasesPerSecond = 5
const looksPerSecond = 5
const lookMillis = 2_000
const clockMillis = 1_500 // Until the platform has seen that its clock was moved.
const longestSeconds = (contracts: number) => Math.max(3_600, contracts / 10)

/** How it stood at one look. */
export interface MonthEndMark {
  readonly seconds: number // Since midnight.
  readonly left: number // Contracts whose month is not invoiced yet.
  readonly megabytes: number // Of memory that the platform holds.
  readonly waiting: number // Commands.
}

export const monthEnd = async (servers: Servers, contracts: number, say: (line: string) => void) => {
  // The gateway's books know nothing of lives that were copied: nobody compares them here.
  const { publicUrl, world, env } = await worldApart(servers, { RECONCILIATION_MINUTES: "1440" })
  const personsKey = Buffer.from(env.PERSONS_KEY, "base64")
  const month = await recurringContracts(env.DATABASE_URL, { contracts, personsKey, say })
  const platform = await platformApart(env, () => owners(env, world))
  const sql = new SQL(env.DATABASE_URL, { max: 1 })
  const crowd = buyers(platform.before, publicUrl, env.DATABASE_URL, world, { lookMillis: 500, patienceMillis: 30 * 60_000 })
  try {
    await crowd.stroll(strollSeconds, purchasesPerSecond)
    const before = await notice(crowd, platform.before, publicUrl, () => false)
    say(`month-end, before: ${told(before)}`)

    // The month's end is more than half an hour away, and nobody signs in anew.
    await sql`
      UPDATE sessions
      SET idle_seconds = 1000000000, expires_at = expires_at + interval '30 years', authenticated_at = authenticated_at + interval '30 years'`
    await month.ends()
    const begin = performance.now()
    const since = () => (performance.now() - begin) / 1000
    const marks: Array<MonthEndMark> = []
    let over = false
    await Bun.sleep(clockMillis)
    const meanwhile = notice(crowd, platform.before, publicUrl, () => !over)
    const progress = progressBar(contracts, {
      write: (line) => say(`month-end, paid: ${line.trimEnd()}; ${inWords(marks.at(-1)!)}`)
    })
    while (!over) {
      await Bun.sleep(lookMillis)
      const charged = world.payments.ledger().filter(({ kind }) => kind === "charge").length
      const [{ waiting }] = await sql`SELECT count(*)::int AS waiting FROM outbox WHERE state = 'waiting'`
      marks.push({ seconds: since(), left: contracts - charged, megabytes: (await platform.rss()) / 1e6, waiting })
      progress(charged)
      over = charged >= contracts && (await isDone(sql, month.month, contracts))
      if (since() > longestSeconds(contracts)) throw new Error(`The month's end is not over: ${inWords(marks.at(-1)!)}`)
    }
    const seconds = since()
    const noticed = await meanwhile
    const mails = world.mail.messages().length
    if (mails < contracts) throw new Error(`${mails} mails for ${contracts} contracts`)
    return { row: rowOf({ contracts, seconds, marks, before, noticed }), marks }
  } finally {
    await crowd.close()
    await sql.close()
    await platform.stop()
    await world.stop()
  }
}

/** Each contract is billed, paid for, and has its invoice in the purchase file. */
const isDone = async (sql: SQL, month: string, contracts: number): Promise<boolean> => {
  const [found] = await sql`
    SELECT (SELECT count(*)::int FROM ledger WHERE kind = 'monthBilled' AND period = ${month}) AS billed,
           (SELECT count(*)::int FROM ledger WHERE kind = 'debtPaid') AS paid,
           (SELECT count(*)::int FROM purchase_papers p JOIN invoices i USING (command_id)
            WHERE p.kind = 'invoice' AND i.lines -> 0 ->> 'term' = 'recurring') AS invoiced`
  return found.billed === contracts && found.paid === contracts && found.invoiced === contracts
}

/** What customers notice: offers that are looked at, and purchases, at a quiet pace. Milliseconds, in ascending order. */
interface Noticed extends Taken {
  readonly looked: ReadonlyArray<number>
}

/** At least once; as long as `goesOn`. */
const notice = async (
  crowd: ReturnType<typeof buyers>,
  { tokens, cars }: Owners,
  publicUrl: string,
  goesOn: () => boolean
): Promise<Noticed> => {
  const looked: Array<number> = []
  let strolling = true
  const look = async (n: number) => {
    const { vin, owner } = cars[n % cars.length]!
    const begin = performance.now()
    const answer = await fetch(`${publicUrl}/api/me/vehicles/${vin}`, { headers: { authorization: `Bearer ${tokens[owner]}` } })
    await answer.arrayBuffer()
    if (answer.status !== 200) throw new Error(`A look was answered ${answer.status}`)
    looked.push(performance.now() - begin)
  }
  const looking = (async () => {
    const looks: Array<Promise<void>> = []
    for (let n = 0; strolling; n++) {
      looks.push(look(n))
      await Bun.sleep(1000 / looksPerSecond)
    }
    await Promise.all(looks)
  })()
  const rounds: Array<Taken> = []
  do rounds.push(await crowd.stroll(strollSeconds, purchasesPerSecond))
  while (goesOn())
  strolling = false
  await looking
  const all = (of: (round: Taken) => ReadonlyArray<number>) => rounds.flatMap(of).sort((a, b) => a - b)
  return {
    looked: looked.sort((a, b) => a - b),
    answered: all(({ answered }) => answered),
    authorised: all(({ authorised }) => authorised),
    captured: all(({ captured }) => captured)
  }
}

const rowOf = ({
  contracts,
  seconds,
  marks,
  before,
  noticed
}: {
  readonly contracts: number
  readonly seconds: number
  readonly marks: ReadonlyArray<MonthEndMark>
  readonly before: Noticed
  readonly noticed: Noticed
}): ReadonlyArray<Row> => {
  const all = contracts.toLocaleString("en")
  const held = marks.map(({ megabytes }) => megabytes)
  const fifth = (n: number) => held.slice(Math.floor((held.length * n) / 5), Math.ceil((held.length * (n + 1)) / 5))
  const fifths = [0, 1, 2, 3, 4].map((n) => median(fifth(n)))
  const common = { limit: null, ratio: null, goal: "reported" } as const
  const latency = (name: string, what: string, of: (one: Noticed) => ReadonlyArray<number>): Row => ({
    ...common,
    name: `month-end-${name}`,
    what: `${what}, while ${all} contracts end their month; ${purchasesPerSecond} purchases and ${looksPerSecond} looks a second`,
    unit: "ms (p99)",
    ours: quantile(of(noticed), 0.99),
    runs: [quantile(of(noticed), 0.99)],
    notes: [
      `p50 ${quantile(of(noticed), 0.5).toFixed(0)} ms, longest ${of(noticed).at(-1)!.toFixed(0)} ms`,
      `before: p50 ${quantile(of(before), 0.5).toFixed(0)} ms, p99 ${quantile(of(before), 0.99).toFixed(0)} ms`
    ]
  })
  return [
    {
      ...common,
      name: "month-end",
      what: `${all} contracts of one country, from midnight to the last that is billed, invoiced, charged, paid and told`,
      unit: "contracts/s",
      ours: contracts / seconds,
      runs: [contracts / seconds],
      notes: [
        `${seconds.toFixed(0)} s`,
        `an invoice each: ${(contracts / seconds).toFixed(0)}/s`,
        `at most ${Math.max(...marks.map(({ waiting }) => waiting)).toLocaleString("en")} commands wait`
      ]
    },
    {
      ...common,
      name: "month-end-memory",
      what: "how much more memory the process holds in the last fifth of the run than in the second; medians",
      unit: "MB",
      ours: fifths[4]! - fifths[1]!,
      runs: fifths,
      goal: "≤ 50 MB more",
      notes: [`${fifths.map((one) => one.toFixed(0)).join(", ")} MB in each fifth, at most ${Math.max(...held).toFixed(0)} MB`]
    },
    latency("201", "from the click to 201", ({ answered }) => answered),
    latency("captured", "from the click to the money taken", ({ captured }) => captured),
    latency("look", "a customer looks at their car", ({ looked }) => looked)
  ]
}

const quantile = (sorted: ReadonlyArray<number>, share: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!
const told = (noticed: Noticed) =>
  Object.entries(noticed)
    .map(([what, of]) => `${what} p50 ${quantile(of, 0.5).toFixed(0)}, p99 ${quantile(of, 0.99).toFixed(0)} ms`)
    .join("; ")
const inWords = ({ left, megabytes, waiting }: MonthEndMark) => `${left} left, ${waiting} commands wait, ${megabytes.toFixed(0)} MB`
