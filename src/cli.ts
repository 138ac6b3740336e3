/** The one entry: each command is a file of its own in commands/, found by its name. */
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { runningStack } from "./devstack/running.ts"

export type Command = {
  /** One line for `./caas help`. */
  readonly summary: string
  /** Answers the exit code. */
  readonly run: (args: string[]) => Promise<number>
}

const folder = join(import.meta.dir, "commands")

export const commandNames = (): string[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith(".ts"))
    .map((file) => file.slice(0, -".ts".length))
    .sort()

export const command = (name: string): Promise<Command> => import(join(folder, `${name}.ts`))

/** These ask the platform that `./caas up` runs from this folder, unless the environment names another. */
const speakToTheRunningStack = ["admin", "status", "verify"]

if (import.meta.main) {
  const [wanted = "help", ...args] = process.argv.slice(2)
  const known = commandNames().includes(wanted)
  if (!known) console.error(`There is no command ${JSON.stringify(wanted)}.`)
  if (speakToTheRunningStack.includes(wanted))
    for (const [name, value] of Object.entries(runningStack())) process.env[name] ??= value
  try {
    const code = await (await command(known ? wanted : "help")).run(args)
    process.exit(known ? code : 2)
  } catch (error) {
    // A condition with data speaks for itself; anything else is a bug and shows where.
    console.error(error instanceof Error && "_tag" in error ? error.message : error)
    process.exit(1)
  }
}
