/** Simulated gateways for the parts of the payments contract: each test's are stopped after it. */
import { afterEach } from "bun:test"
import type { SimulatorOptions } from "#integrations/http/simulated-partner.ts"
import { type PaymentsSimulator, startPaymentsSimulator } from "#integrations/payments/simulator.ts"

/** Called once per file: answers what opens one. */
export const gateways = () => {
  const running: Array<PaymentsSimulator> = []
  afterEach(async () => {
    for (const gateway of running.splice(0)) await gateway.stop()
  })
  return async (options: SimulatorOptions = { manual: true }) => {
    const gateway = await startPaymentsSimulator(options)
    running.push(gateway)
    return gateway
  }
}
