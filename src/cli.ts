/** The one entry: runs the command that is named first. */
import { command, commandNames } from "./command.ts"
import { runningStack } from "./devstack/running.ts"

/** These ask the platform that `./caas up` runs from this folder, or join it, unless the environment names another. */
const speakToTheRunningStack = ["admin", "archive", "gateway", "rehearse", "runner", "seed", "status", "verify"]

const [wanted = "help", ...args] = process.argv.slice(2)
const known = commandNames().includes(wanted)
if (!known) console.error(`There is no command ${JSON.stringify(wanted)}.`)
if (speakToTheRunningStack.includes(wanted)) for (const [name, value] of Object.entries(runningStack())) process.env[name] ??= value
try {
  const code = await (await command(known ? wanted : "help")).run(args)
  process.exit(known ? code : 2)
} catch (error) {
  if (isUntold(error)) {
    console.error(`The database does not tell: ${String(error.reason.cause)}. Is DATABASE_URL right?`)
    process.exit(2)
  }
  // A condition with data speaks for itself; anything else is a bug and shows where.
  console.error(error instanceof Error && "_tag" in error ? error.message : error)
  process.exit(1)
}

/** Of Postgres, by whatever command. */
function isUntold(error: unknown): error is { readonly reason: { readonly cause: unknown } } {
  return error instanceof Error && "_tag" in error && error._tag === "SqlError"
}
