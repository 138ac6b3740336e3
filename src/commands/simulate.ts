/** Lives random histories of cars and their services, or of money alone, on real servers, and holds each against a small model. */
import { randomInt } from "node:crypto"

export const summary =
  "random histories of buying, silence, theft, resale against a model: [--histories 10000] [--seed S]; of money: --money [--only N]; ends with a record"

const usage = "Usage: ./caas simulate [--histories N] [--seed S] [--money [--only N]], with whole numbers"
const names = ["histories", "seed", "only"] as const

/** Answers 1 where a history went otherwise than the model says, an invariant does not hold, or a rare situation was never met. */
export const run = async (args: string[]): Promise<number> => {
  const money = args.includes("--money")
  const numbers = args.filter((one) => one !== "--money")
  const given: { histories: number; seed: number; only?: number } = { histories: 10_000, seed: randomInt(2 ** 31) }
  for (let n = 0; n < numbers.length; n += 2) {
    const name = names.find((one) => `--${one}` === numbers[n])
    const value = Number(numbers[n + 1])
    const isWrong = name === undefined || !Number.isSafeInteger(value) || value < (name === "histories" ? 1 : 0)
    if (isWrong || (name === "only" && !money)) {
      console.error(usage)
      return 2
    }
    given[name] = value
  }
  const { histories, seed, only } = given
  const alone = only === undefined ? "" : ` --only ${only}`
  const command = `./caas simulate ${money ? "--money " : ""}--histories ${histories} --seed ${seed}${alone}`
  const { recorded, recordedMoney } = await import("#tests/proofs/simulation/record.ts")
  return (await (money ? recordedMoney : recorded)({ ...given, command })) ? 0 : 1
}
