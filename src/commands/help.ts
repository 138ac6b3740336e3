/** Says what `./caas` can do. */
import { command, commandNames } from "../command.ts"

export const summary = "this list"

export const run = async (): Promise<number> => {
  const names = commandNames()
  const width = Math.max(...names.map((name) => name.length))
  console.log("Usage: ./caas COMMAND [options]\n")
  for (const name of names) console.log(`  ${name.padEnd(width)}  ${await summaryOf(name)}`)
  return 0
}

// A command that does not load must not hide the others.
const summaryOf = (name: string) =>
  command(name).then(
    (found) => found.summary,
    (error: unknown) => `(does not load: ${error instanceof Error ? error.message.split("\n")[0] : error})`
  )
