/** The outside world of a platform that stands apart, and the environment in which the two find each other. Settlements come when they are told. */
import { freePort } from "#src/devstack/port.ts"
import { carsTrust } from "#src/devstack/vehicle-keys.ts"
import { startWorld } from "#src/simulated.ts"
import { environment, type Servers } from "./house.ts"

/** `more`: of the platform's environment. */
export const worldApart = async (servers: Servers, more: Readonly<Record<string, string>> = {}) => {
  const publicPort = String(await freePort())
  const publicUrl = `http://127.0.0.1:${publicPort}`
  const own = await environment(servers)
  const world = await startWorld({
    platform: publicUrl,
    secrets: {
      factory: own.FACTORY_WEBHOOK_SECRET,
      payments: own.PAYMENTS_WEBHOOK_SECRET,
      transport: own.TRANSPORT_WEBHOOK_SECRET
    },
    vehicles: { trust: carsTrust(own), natsUrl: own.NATS_URL, natsSpace: own.NATS_SPACE },
    manual: true
  })
  const env = { ...own, ...more, ...world.env, PUBLIC_PORT: publicPort, INTRANET_PORT: String(await freePort()) }
  return { publicUrl, world, env }
}
