/** One gateway, until it is told to stop. */
import { untilSignalled } from "#src/devstack/signals.ts"
import { startGateway } from "#src/gateway.ts"

export const summary =
  "HTTP, webhooks and the vehicles' messages, for runners that are elsewhere: everything by environment (docs/runbook.md)"

/** Throws SettingInvalid, AddressUnusable, and what says that the servers do not fit. */
export const run = async (): Promise<number> => {
  const { signalled } = untilSignalled()
  const gateway = await Promise.race([startGateway(process.env), signalled])
  if (typeof gateway === "number") return gateway // Told to go while it waited for a server: it has begun nothing.
  const { settings, stop } = gateway
  console.log(`gateway serves ${settings.publicUrl} and ${settings.intranetUrl}; Ctrl-C stops it`)
  const code = await signalled
  await stop()
  return code
}
