/** Throws a million wrong, nearly right and wild inputs at the platform's doors, on servers of its own, and judges every answer. */
import { randomInt } from "node:crypto"

export const summary =
  "wrong and wild inputs: [--inputs 1000000] [--seed S] [--only http|webhooks|nats [--at N]]; ends with a record"

const usage = "Usage: ./caas fuzz [--inputs N] [--seed S] [--only http|webhooks|nats [--at N]], with whole numbers"

/** Answers 1 where an answer was wrong, something forged was kept, or memory grew. */
export const run = async (args: string[]): Promise<number> => {
  const { recorded, targets } = await import("#tests/proofs/fuzz/record.ts")
  const given: { inputs: number; seed: number; at?: number; only?: (typeof targets)[number] } = {
    inputs: 1_000_000,
    seed: randomInt(2 ** 31)
  }
  for (let n = 0; n < args.length; n += 2) {
    const name = (["inputs", "seed", "at", "only"] as const).find((one) => `--${one}` === args[n])
    const only = targets.find((one) => one === args[n + 1])
    const value = Number(args[n + 1])
    if (name === "only" && only !== undefined) given.only = only
    else if (name !== undefined && name !== "only" && Number.isSafeInteger(value) && value >= (name === "inputs" ? 1 : 0))
      given[name] = value
    else {
      console.error(usage)
      return 2
    }
  }
  if (given.at !== undefined && given.only === undefined) {
    console.error(usage)
    return 2
  }
  const { inputs, seed } = given
  return (await recorded({ ...given, command: `./caas fuzz --inputs ${inputs} --seed ${seed}` })) ? 0 : 1
}
