/** Lives random histories of cars and their services on real servers, and holds each against a small model. */
import { randomInt } from "node:crypto"

export const summary =
  "random histories of buying, silence, theft, resale against a model: [--histories 10000] [--seed S]; ends with a record"

const usage = "Usage: ./caas simulate [--histories N] [--seed S], with whole numbers"

/** Answers 1 where a history went otherwise than the model says, an invariant does not hold, or a rare situation was never met. */
export const run = async (args: string[]): Promise<number> => {
  const given = { histories: 10_000, seed: randomInt(2 ** 31) }
  for (let n = 0; n < args.length; n += 2) {
    const name = args[n]!.replace(/^--/, "")
    const value = Number(args[n + 1])
    if ((name !== "histories" && name !== "seed") || !Number.isSafeInteger(value) || value < (name === "histories" ? 1 : 0)) {
      console.error(usage)
      return 2
    }
    given[name] = value
  }
  const { recorded } = await import("#tests/proofs/simulation/record.ts")
  return (await recorded({ ...given, command: `./caas simulate --histories ${given.histories} --seed ${given.seed}` })) ? 0 : 1
}
