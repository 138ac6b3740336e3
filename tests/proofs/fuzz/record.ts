/** The long form: targets one after the other on servers of their own that are thrown away, progress on the screen, and a record. */

import { throwAwayStack } from "#src/devstack/throw-away.ts"
import { progressBar } from "#src/seed/progress.ts"
import { keepRecord } from "../kept-record.ts"
import { machine } from "../machine.ts"
import type { Fuzzed, FuzzOptions } from "./fuzzed.ts"

export const targets = ["http", "webhooks", "nats"] as const
export type Target = (typeof targets)[number]

/** Of all inputs, where no target is named. */
const shares: Readonly<Record<Target, number>> = { http: 0.4, webhooks: 0.4, nats: 0.2 }
const growthMiB = 50 // From the second fifth of a target's inputs to its last.
const warm = 100_000 // Inputs from which on that is judged: before, it is the program that gets to know its code.

export interface RecordOptions {
  readonly inputs: number
  readonly seed: number
  /** One target alone leaves no record. */
  readonly only?: Target
  /** One chapter of it, as a failure names it. */
  readonly at?: number
  /** As it was called, for the record. */
  readonly command: string
}

/** Answers whether nothing went wrong, and memory stayed flat. */
export const recorded = async ({ inputs, seed, only, at, command }: RecordOptions): Promise<boolean> => {
  const startedAt = new Date()
  const begin = performance.now()
  const seconds = () => Math.round((performance.now() - begin) / 100) / 10
  const say = (line: string) => console.error(`${seconds().toFixed(1).padStart(7)} s  ${line}`)
  const stack = await throwAwayStack({ fast: true, say })
  Object.assign(process.env, stack.env) // The houses of the tests look there.
  try {
    const results: Partial<Record<Target, Fuzzed>> = {}
    const chosen = only === undefined ? targets : [only]
    for (const target of chosen) {
      const share = only === undefined ? Math.round(inputs * shares[target]) : inputs
      say(`${share.toLocaleString("en")} inputs for ${target}, seed ${seed}`)
      const draw = progressBar(share, process.stderr)
      let done = 0
      const did = (more: number) => {
        if (done < share) draw(Math.min(share, done + more)) // The last chapter may be longer than what was left.
        done += more
      }
      results[target] = await fuzzed(target, { seed, inputs: share, did, ...(at === undefined ? {} : { at }) })
      const { wrong, memory, slowestMillis } = results[target]
      for (const one of wrong) say(one)
      say(
        `${target}: ${wrong.length === 0 ? "nothing" : wrong.length} wrong; slowest answer ${slowestMillis} ms; memory ${memory.growthMiB} MiB more`
      )
    }
    const all = Object.values(results)
    const total = all.reduce((sum, { inputs }) => sum + inputs, 0)
    const isFlat = all.every(({ inputs, memory }) => inputs < warm || memory.growthMiB <= growthMiB)
    if (only === undefined) {
      const record = {
        seed,
        command,
        startedAt: startedAt.toISOString(),
        seconds: seconds(),
        machine: machine(),
        inputs: total,
        inputsPerSecond: Math.round(total / seconds()),
        ...results
      }
      say(keepRecord("fuzz", startedAt, record))
    }
    return isFlat && all.every(({ wrong }) => wrong.length === 0)
  } finally {
    await stack.stop()
  }
}

const fuzzed = async (target: Target, options: FuzzOptions): Promise<Fuzzed> => {
  switch (target) {
    case "http":
      return (await import("./http.ts")).fuzzHttp(options)
    case "webhooks":
      return (await import("./webhooks.ts")).fuzzWebhooks(options)
    case "nats":
      return (await import("./nats.ts")).fuzzNats(options)
  }
}
