/** One runner of actors in a module worker. Its layer is its permission list, and its environment what it was given: no memory is shared. */
import { startRunner } from "../runner.ts"

declare const self: Worker

/** What a worker says to whoever started it. */
export type Said =
  | { readonly said: "serving" }
  | { readonly said: "impossible"; readonly reason: string }
  | { readonly said: "stopped" }
const say = (what: Said) => self.postMessage(what)

const started = startRunner(process.env)
self.onmessage = ({ data }) => {
  if (data === "stop")
    void started
      .then((runner) => runner.stop())
      .catch(() => {}) // It never stood.
      .finally(() => say({ said: "stopped" }))
}
try {
  await started
  say({ said: "serving" })
} catch (error) {
  say({ said: "impossible", reason: error instanceof Error ? error.message : String(error) })
  throw error // A runner that cannot start is this worker's end.
}
