/** The simulated outside world as a process of its own, for a cluster that has no other. */
import { join } from "node:path"
import { worldSettingsOf } from "#src/config.ts"
import { home } from "#src/devstack/running.ts"
import { untilSignalled } from "#src/devstack/signals.ts"
import { startWorld } from "#src/simulated.ts"

export const summary =
  "simulated partners and cars for gateways and runners elsewhere: PARTNERS_PORT, PLATFORM_URL (docs/runbook.md)"

/** Throws SettingInvalid. */
export const run = async (): Promise<number> => {
  const { signalled } = untilSignalled()
  const { listen, platform, natsUrl, natsSpace, trust, callers, secrets } = worldSettingsOf(process.env)
  const vehicles = { trust, natsUrl, natsSpace }
  const world = await startWorld({ folder: join(home, "world"), listen, platform, secrets, vehicles, callers, lively: true })
  console.log(
    `partners and cars from ${listen.host}:${listen.port} on, mails at ${world.mail.controlUrl}/_simulator/ledger; Ctrl-C stops them`
  )
  const code = await signalled
  await world.stop()
  return code
}
