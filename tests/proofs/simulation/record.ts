/** The long form: a throw-away stack, progress on the screen, and a record of it in tests/proofs/results. */

import { throwAwayStack } from "#src/devstack/throw-away.ts"
import { keepRecord } from "../kept-record.ts"
import { machine } from "../machine.ts"
import { moneyHistories } from "../money/histories.ts"
import type { Servers } from "./forecourt.ts"
import { simulate } from "./simulate.ts"

export interface RecordOptions {
  readonly histories: number
  readonly seed: number
  /** One history of money alone. */
  readonly only?: number
  /** As it was called, for the record. */
  readonly command: string
}

const size = 125 // Cars in a town.
const contracts = 500 // In a town, of money alone.
const acts = 14 // Of each history.
const shrinkMillis = 240_000

interface Outcome {
  readonly histories: number
  readonly wrong: ReadonlyArray<string>
  readonly situations: Readonly<Record<string, number>>
  readonly missing: ReadonlyArray<string>
}
interface Surroundings {
  readonly servers: Servers
  readonly say: (line: string) => void
}

/** Answers whether every history went as the model says, every invariant held, and every rare situation was met. */
export const recorded = ({ histories, seed, command }: RecordOptions): Promise<boolean> =>
  kept("simulate", { seed, command }, async ({ servers, say }) => {
    const { tally, ...total } = await simulate({ servers, seed, histories, size, acts, shrinkMillis, say })
    return { ...total, situations: tally.all, missing: tally.missing }
  })
/** A history alone leaves no record, and meets what it meets. */
export const recordedMoney = async ({ histories, seed, only, command }: RecordOptions): Promise<boolean> => {
  const one = only === undefined ? {} : { only }
  const live = async ({ servers, say }: Surroundings) => {
    const lived = await moneyHistories({ servers, seed, histories, size: contracts, say, ...one })
    return only === undefined ? lived : { ...lived, missing: [] }
  }
  return kept(only === undefined ? "simulate-money" : null, { seed, command }, live)
}

const kept = async (name: string | null, asked: object, live: (around: Surroundings) => Promise<Outcome>): Promise<boolean> => {
  const startedAt = new Date()
  const begin = performance.now()
  const seconds = () => Math.round((performance.now() - begin) / 100) / 10
  const say = (line: string) => console.error(`${seconds().toFixed(1).padStart(7)} s  ${line}`)
  const stack = await throwAwayStack({ fast: true, say })
  try {
    const { DATABASE_URL, NATS_URL, REDIS_URL } = stack.env as Record<"DATABASE_URL" | "NATS_URL" | "REDIS_URL", string>
    const servers = { databaseUrl: DATABASE_URL, natsUrl: NATS_URL, redisUrl: REDIS_URL }
    const { situations, wrong, missing, ...total } = await live({ servers, say })
    const record = {
      ...asked,
      startedAt: startedAt.toISOString(),
      seconds: seconds(),
      machine: machine(),
      ...total,
      historiesPerSecond: Math.round((total.histories / seconds()) * 10) / 10,
      wrong,
      situations,
      neverMet: missing
    }
    for (const line of wrong) say(line)
    for (const [situation, times] of Object.entries(situations)) say(`${String(times).padStart(8)} × ${situation}`)
    const verdict = wrong.length === 0 ? "everything went as the model says" : "it went otherwise"
    say(name === null ? verdict : `${verdict}; ${keepRecord(name, startedAt, record)}`)
    return wrong.length === 0 && missing.length === 0
  } finally {
    await stack.stop()
  }
}
