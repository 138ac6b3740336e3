/** The long form: a throw-away stack, progress on the screen, and a record of it in tests/proofs/results. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join, relative } from "node:path"
import { throwAwayStack } from "#src/devstack/throw-away.ts"
import { machine } from "../machine.ts"
import { simulate } from "./simulate.ts"

export interface RecordOptions {
  readonly histories: number
  readonly seed: number
  /** As it was called, for the record. */
  readonly command: string
}

const size = 125 // Cars in a town.
const acts = 14 // Of each history.
const shrinkMillis = 240_000

/** Answers whether every history went as the model says, every invariant held, and every rare situation was met. */
export const recorded = async ({ histories, seed, command }: RecordOptions): Promise<boolean> => {
  const startedAt = new Date()
  const begin = performance.now()
  const seconds = () => Math.round((performance.now() - begin) / 100) / 10
  const say = (line: string) => console.error(`${seconds().toFixed(1).padStart(7)} s  ${line}`)
  const stack = await throwAwayStack({ fast: true, say })
  try {
    const { DATABASE_URL, NATS_URL, REDIS_URL } = stack.env as Record<"DATABASE_URL" | "NATS_URL" | "REDIS_URL", string>
    const servers = { databaseUrl: DATABASE_URL, natsUrl: NATS_URL, redisUrl: REDIS_URL }
    const { tally, wrong, ...total } = await simulate({ servers, seed, histories, size, acts, shrinkMillis, say })
    const record = {
      command,
      seed,
      startedAt: startedAt.toISOString(),
      seconds: seconds(),
      machine: machine(),
      ...total,
      historiesPerSecond: Math.round((total.histories / seconds()) * 10) / 10,
      wrong,
      situations: tally.all,
      neverMet: tally.missing
    }
    const folder = join(import.meta.dir, "..", "results")
    mkdirSync(folder, { recursive: true })
    const file = join(folder, `simulate-${startedAt.toISOString().slice(0, 10)}.json`)
    writeFileSync(file, `${JSON.stringify(record, null, 2)}\n`)
    for (const line of wrong) say(line)
    for (const [situation, times] of Object.entries(tally.all)) say(`${String(times).padStart(8)} × ${situation}`)
    say(`${wrong.length === 0 ? "everything went as the model says" : "it went otherwise"}; ${relative(process.cwd(), file)}`)
    return wrong.length === 0 && tally.missing.length === 0
  } finally {
    await stack.stop()
  }
}
