/** A whole platform that kills itself at the moments named in CRASH, as if the machine had gone: no farewell, nothing flushed. */
import { appendFileSync } from "node:fs"
import { Layer, Logger, References } from "effect"
import { keepDemoPeople } from "#src/demo-people.ts"
import { serve } from "#src/main.ts"

/** Point → at which of its times from the start of this process. Whichever comes first. */
const doom = JSON.parse(process.env.CRASH ?? "{}") as Record<string, number>

const reached = (point: string) => {
  const left = doom[point]
  if (left === undefined) return
  doom[point] = left - 1
  if (left > 1) return
  appendFileSync(process.env.CRASH_FILE!, `${point}\n`)
  process.kill(process.pid, "SIGKILL")
}

const onlyErrors = Layer.mergeAll(Layer.succeed(References.MinimumLogLevel, "Error"), Layer.succeed(Logger.LogToStderr, true))
const platform = await serve(process.env, { reached, logging: onlyErrors })
await platform.runtime.runPromise(keepDemoPeople)
process.send?.("ready")
