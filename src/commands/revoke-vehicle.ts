/** Takes a car's credentials at the broker away: by whoever holds the broker's keys, which the platform does not. So it is a command, and no route. */
import { join } from "node:path"
import { revokeVehicle } from "#src/devstack/nats-authority.ts"
import { home, runningStack } from "#src/devstack/running.ts"
import { dataFolder } from "#src/devstack/stack.ts"

export const summary =
  "VIN [SERIES]: a car's credentials at the broker that ./caas up started are refused from now on, without a restart"

/** Answers 2 where it was not called rightly, 1 where the broker did not take it. */
export const run = async ([vin = "", series = "1", ...more]: string[]): Promise<number> => {
  if (!/^[A-HJ-NPR-Z0-9]{17}$/.test(vin) || !/^[1-9]\d{0,5}$/.test(series) || more.length > 0) {
    console.error(
      "Usage: ./caas revoke-vehicle VIN [SERIES], the VIN in capitals; the series of its credentials is 1 until they were revoked"
    )
    return 2
  }
  const file = join(dataFolder(home), "nats", "nats-keys.json")
  const { NATS_URL } = runningStack()
  const server = NATS_URL === undefined ? null : `nats://${new URL(NATS_URL).host}`
  try {
    const key = await revokeVehicle(file, { vin, series: Number(series), server })
    console.log(
      `${vin}, series ${series}: ${key} is refused${server === null ? " from the next start on; no broker runs here" : ""}`
    )
    console.log(`Its next credentials are of series ${Number(series) + 1}.`)
    return 0
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
    return 1
  }
}
