/** One runner of actors in a module worker. Its layer is its permission list, and its environment what it was given: no memory is shared. */
import { startRunner } from "../runner.ts"

declare const self: Worker

/** What a worker says to whoever started it. */
export type Said = { readonly said: "serving"; readonly address: string } | { readonly said: "stopped" }
const say = (what: Said) => self.postMessage(what)

const started = startRunner(process.env)
self.onmessage = ({ data }) => {
  if (data === "stop")
    void started
      .then((runner) => runner.stop())
      .catch(() => {}) // It never stood.
      .finally(() => say({ said: "stopped" }))
}
const { address } = await started // A runner that cannot start is this worker's end, with the reason.
say({ said: "serving", address })
