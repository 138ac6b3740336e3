/** The whole fleet comes back at once, while customers look and buy. */

export const summary =
  "a whole fleet says hello at once while customers buy: [--cars 10000] [--gateways 0] [--runners 0]; ends with a record"

const usage = "Usage: ./caas reconnect [--cars N] [--gateways N --runners N], with whole numbers; both 0: all in one process"

/** Answers 1 where a goal was missed. */
export const run = async (args: string[]): Promise<number> => {
  const given = { cars: 10_000, gateways: 0, runners: 0 }
  for (let n = 0; n < args.length; n += 2) {
    const name = args[n]!.replace(/^--/, "")
    const value = Number(args[n + 1])
    if (!Object.hasOwn(given, name) || !Number.isSafeInteger(value) || value < (name === "cars" ? 1 : 0)) {
      console.error(usage)
      return 2
    }
    given[name as keyof typeof given] = value
  }
  const { cars, gateways, runners } = given
  if ((gateways === 0) !== (runners === 0)) {
    console.error(usage)
    return 2
  }
  const { recorded } = await import("#tests/proofs/reconnect/record.ts")
  const command = `./caas reconnect --cars ${cars} --gateways ${gateways} --runners ${runners}`
  return (await recorded({ cars, members: { gateways, runners }, command })) ? 0 : 1
}
