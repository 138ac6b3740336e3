/** One gateway, until it is told to stop. */
import { untilSignalled } from "#src/devstack/signals.ts"
import { startGateway } from "#src/gateway.ts"

export const summary =
  "HTTP, webhooks and the vehicles' messages, for runners that are elsewhere: everything by environment (docs/runbook.md)"

/** Throws SettingInvalid, AddressUnusable, and what says that the servers do not fit. */
export const run = async (): Promise<number> => {
  const { signalled } = untilSignalled()
  const { settings, stop } = await startGateway(process.env)
  console.log(`gateway serves ${settings.publicUrl} and ${settings.intranetUrl}; Ctrl-C stops it`)
  const code = await signalled
  await stop()
  return code
}
