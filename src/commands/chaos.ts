/** Kills the platform hundreds of times in the middle of whole stories, or hurts a cluster in every way, and judges what is left. */
import { randomInt } from "node:crypto"

export const summary =
  "real servers, [--seed S]: one platform killed again and again [--kills 300], or clusters hurt [--rounds 30]; a record"

const usage = "Usage: ./caas chaos [--kills N | --rounds N] [--seed S], with whole numbers"

/** Answers 1 where an invariant does not hold at the end. */
export const run = async (args: string[]): Promise<number> => {
  const given = new Map<string, number>()
  for (let n = 0; n < args.length; n += 2) {
    const name = args[n]!.replace(/^--/, "")
    const value = Number(args[n + 1])
    if (!["kills", "rounds", "seed"].includes(name) || !Number.isSafeInteger(value) || value < (name === "seed" ? 0 : 1)) {
      console.error(usage)
      return 2
    }
    given.set(name, value)
  }
  const rounds = given.get("rounds")
  if (rounds !== undefined && given.has("kills")) {
    console.error(usage)
    return 2
  }
  const seed = given.get("seed") ?? randomInt(2 ** 31)
  if (rounds !== undefined) {
    const { playRounds } = await import("#tests/proofs/cluster/rounds.ts")
    return (await playRounds({ rounds, seed, command: `./caas chaos --rounds ${rounds} --seed ${seed}` })) ? 0 : 1
  }
  const { chaos } = await import("#tests/proofs/chaos.ts")
  const kills = given.get("kills") ?? 300
  return (await chaos({ kills, seed, command: `./caas chaos --kills ${kills} --seed ${seed}` })) ? 0 : 1
}
