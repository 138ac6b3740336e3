/** A whole platform in a process of its own, as the environment describes it, until it is told to stop; says how much memory it holds. */
import { serve } from "#src/main.ts"
import { onlyErrors } from "./house.ts"

const platform = await serve(process.env, { logging: onlyErrors })
process.on("message", async (word) => {
  if (word === "rss") return process.send?.(process.memoryUsage().rss)
  await platform.stop()
  process.exit(0)
})
process.send?.("ready")
