/** A whole platform in a process of its own, as the environment describes it, until it is told to stop. */
import { serve } from "#src/main.ts"
import { onlyErrors } from "./house.ts"

const platform = await serve(process.env, { logging: onlyErrors })
process.on("message", async () => {
  await platform.stop()
  process.exit(0)
})
process.send?.("ready")
