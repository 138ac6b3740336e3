/**
 * Inputs at every door, right, nearly right and wild, in short: ten thousand each of HTTP, webhooks and NATS, from one seed. What fails is
 * said with the input and the command that has it again; `./caas fuzz` is the long form.
 */
import { expect, test } from "bun:test"
import type { Fuzzed, FuzzOptions } from "./fuzz/fuzzed.ts"
import { fuzzHttp } from "./fuzz/http.ts"
import { fuzzNats } from "./fuzz/nats.ts"
import { fuzzWebhooks } from "./fuzz/webhooks.ts"

const seed = 20_261_129
const patience = 180_000 // Milliseconds.

const judged = async (fuzz: (options: FuzzOptions) => Promise<Fuzzed>) => {
  const { wrong, memory, met, ...rest } = await fuzz({ seed, inputs: 10_000 })
  console.log(JSON.stringify({ seed, ...rest, memory }))
  expect(wrong).toEqual([])
  expect(rest.inputs).toBeGreaterThanOrEqual(10_000)
  return met
}
const often = (met: Fuzzed["met"], least: number, ...what: ReadonlyArray<string>) => {
  for (const one of what) expect([one, (met[one] ?? 0) >= least]).toEqual([one, true])
}

test(
  "no HTTP input meets a mistake of ours, an answer that is not described, a yes to what is wrong, or somebody else's name",
  async () => {
    const met = await judged(fuzzHttp)
    expect(met["503"] ?? 0).toBeLessThan(10)
    often(met, 20, "new: 2xx", "new: 4xx", "again: 2xx", "as somebody else: 4xx", "stray: 4xx", "broken") // It got further than the first check.
    often(met, 20, ...["customer", "seller", "manager", "operator", "administrator"].map((role) => `done as ${role}`))
  },
  patience
)

test(
  "no forged webhook is kept or heard, and what a partner has signed is kept once and closed with a reason",
  async () =>
    often(await judged(fuzzWebhooks), 100, "right", "signed and wrong", "again", "again, too late", "another body under its id"),
  patience
)

test(
  "nothing that a car has not signed becomes a fact, the dead are counted and gone, and the consumers live",
  async () =>
    often(await judged(fuzzNats), 10, "noise", "spoilt", "again", "old", "odd subject", "telemetry", "broken line", "news"),
  patience
)
