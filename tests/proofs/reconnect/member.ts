/** A process of its own: MEMBER, a whole platform, a gateway or a runner, as the environment describes it, until it is told to stop. */
import { startGateway } from "#src/gateway.ts"
import { serve } from "#src/main.ts"
import { startRunner } from "#src/runner.ts"
import { onlyErrors } from "#tests/bench/house.ts"

const starts = { platform: serve, gateway: startGateway, runner: startRunner }
export type Member = keyof typeof starts

const member = await starts[process.env.MEMBER as Member](process.env, { logging: onlyErrors })
process.on("message", async () => {
  await member.stop()
  process.exit(0)
})
process.send!({ answer: null })
