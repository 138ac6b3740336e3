/** Kills the platform hundreds of times in the middle of whole stories, and judges what is left. */
import { randomInt } from "node:crypto"

export const summary = "kills a platform on real servers again and again: [--kills 300] [--seed S]; ends with verify and a record"

const usage = "Usage: ./caas chaos [--kills N] [--seed S], with whole numbers"

/** Answers 1 where an invariant does not hold at the end. */
export const run = async (args: string[]): Promise<number> => {
  const given = { kills: 300, seed: randomInt(2 ** 31) }
  for (let n = 0; n < args.length; n += 2) {
    const name = args[n]!.replace(/^--/, "")
    const value = Number(args[n + 1])
    if ((name !== "kills" && name !== "seed") || !Number.isSafeInteger(value) || value < (name === "kills" ? 1 : 0)) {
      console.error(usage)
      return 2
    }
    given[name] = value
  }
  const { chaos } = await import("#tests/proofs/chaos.ts")
  return (await chaos({ ...given, command: `./caas chaos --kills ${given.kills} --seed ${given.seed}` })) ? 0 : 1
}
