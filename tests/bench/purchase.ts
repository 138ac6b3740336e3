/** Rows `purchase` …: from the click to 201, to the money held, to the money taken. Platform, bank, cars and customers share the machine; the platform has a process of its own. */
import { buyers, type Taken } from "./buyers.ts"
import type { Servers } from "./house.ts"
import { owners } from "./owners.ts"
import { platformApart } from "./platform-apart.ts"
import { median, type Row } from "./row.ts"
import { worldApart } from "./world-apart.ts"

const runs = 5
const warmSeconds = 12 // Until the platform's code is hot: it is a process of its own.
const rushSeconds = 4
const strollSeconds = 4

export interface Load {
  readonly load: number // Purchases per second.
  readonly answered: Quantiles
  readonly authorised: Quantiles
  readonly captured: Quantiles
}
interface Quantiles {
  readonly p50: number
  readonly p99: number
}

export const purchase = async (servers: Servers, say: (line: string) => void) => {
  const { publicUrl, world, env } = await worldApart(servers)
  const platform = await platformApart(env, () => owners(env, world))
  const crowd = buyers(platform.before, publicUrl, env.DATABASE_URL, world)
  try {
    await crowd.rush(warmSeconds)
    const alone = await crowd.rush(rushSeconds, 1)
    say(
      `purchase alone: 201 p50 ${at(alone.answered, 0.5)}, authorised p50 ${at(alone.authorised, 0.5)}, captured p50 ${at(alone.captured, 0.5)} ms`
    )
    const full: Array<number> = []
    for (let run = 1; run <= runs; run++) {
      full.push((await crowd.rush(rushSeconds)).perSecond)
      say(`purchase ${run}/${runs}: ${full.at(-1)!.toFixed(0)}/s from click to capture`)
    }
    const maximum = median(full)
    const loads: Array<Load> = []
    for (const share of [0.125, 0.25, 0.5, 0.75]) {
      const rounds: Array<Taken> = []
      for (let run = 0; run < (share === 0.5 ? runs : 1); run++) rounds.push(await crowd.stroll(strollSeconds, maximum * share))
      const load = {
        load: maximum * share,
        answered: of(rounds, "answered"),
        authorised: of(rounds, "authorised"),
        captured: of(rounds, "captured")
      }
      loads.push(load)
      say(
        `purchase at ${load.load.toFixed(0)}/s: 201 ${told(load.answered)}, authorised ${told(load.authorised)}, captured ${told(load.captured)}`
      )
    }
    return { rows: rowsOf({ alone, full, loads }), loads }
  } finally {
    await crowd.close()
    await platform.stop()
    await world.stop()
  }
}

const rowsOf = ({
  alone,
  full,
  loads
}: {
  readonly alone: Taken
  readonly full: ReadonlyArray<number>
  readonly loads: ReadonlyArray<Load>
}) => {
  const maximum = median(full)
  const half = loads.find(({ load }) => load === maximum * 0.5)!
  const row = (name: string, what: string, goal: string, { p50, p99 }: Quantiles): Row => ({
    name,
    what: `${what}, at half of the maximum`,
    unit: "ms (p99)",
    ours: p99,
    limit: null,
    ratio: null,
    runs: [p99],
    goal,
    notes: [`p50 ${p50.toFixed(0)} ms`, `at ${half.load.toFixed(0)} purchases/s`]
  })
  const rows: ReadonlyArray<Row> = [
    {
      name: "purchase",
      what: "purchases a second from the click to the captured money, cars and bank answering at once, 64 under way",
      unit: "purchases/s",
      ours: maximum,
      limit: null,
      ratio: null,
      runs: full,
      goal: "reported",
      notes: [
        `alone: 201 after p50 ${at(alone.answered, 0.5)} ms, authorised ${at(alone.authorised, 0.5)} ms, captured ${at(alone.captured, 0.5)} ms`
      ]
    },
    row("purchase-201", "from the click to 201", "p99 ≤ 100 ms", half.answered),
    row("purchase-authorised", "from the click to the money held", "reported", half.authorised),
    row("purchase-captured", "from the click to the money taken, the car having confirmed", "reported", half.captured)
  ]
  return rows
}

const quantile = (sorted: ReadonlyArray<number>, share: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!
const at = (sorted: ReadonlyArray<number>, share: number) => quantile(sorted, share).toFixed(0)
const of = (rounds: ReadonlyArray<Taken>, what: keyof Taken): Quantiles => ({
  p50: median(rounds.map((round) => quantile(round[what], 0.5))),
  p99: median(rounds.map((round) => quantile(round[what], 0.99)))
})
const told = ({ p50, p99 }: Quantiles) => `p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms`
