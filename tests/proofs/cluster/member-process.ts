/** One gateway or one runner, as MEMBER says, until it is told to stop. Its standard error has what its operator should know. */
import { Effect, Layer, Logger, References } from "effect"
import { besidePostgres } from "#integrations/postgres/absence.ts"
import { keepDemoPeople } from "#src/demo-people.ts"
import { untilSignalled } from "#src/devstack/signals.ts"
import { startGateway } from "#src/gateway.ts"
import { startRunner } from "#src/runner.ts"

const { signalled } = untilSignalled()
const logging = Layer.mergeAll(Layer.succeed(References.MinimumLogLevel, "Warn"), Layer.succeed(Logger.LogToStderr, true))
const start = async () => {
  if (process.env.MEMBER !== "gateway") return startRunner(process.env, { logging })
  const gateway = await startGateway(process.env, { logging })
  const { databaseUrl } = gateway.settings
  await Effect.runPromise(besidePostgres(databaseUrl, () => gateway.runtime.runPromise(keepDemoPeople)))
  return gateway
}
const { stop } = await start()
process.send?.("ready")
await signalled
await stop()
process.exit(0)
