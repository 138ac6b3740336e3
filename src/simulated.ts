/** The outside world in a box: five partners that speak their real protocols on ports of their own. The only file that names simulators. */
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { startFactorySimulator } from "#integrations/factory/simulator.ts"
import { startMailSimulator } from "#integrations/mail/simulator.ts"
import { startPaymentsSimulator } from "#integrations/payments/simulator.ts"
import { startRegistrationSimulator } from "#integrations/registration/simulator.ts"
import { startCarrierSimulator } from "#integrations/transport/simulator.ts"

export interface WorldOptions {
  /** Where their ledgers are kept; without it they forget at the end. */
  readonly folder?: string
  /** Where the platform hears webhooks. */
  readonly platform: string
  readonly secrets: { readonly factory: string; readonly payments: string; readonly transport: string }
  /** Milliseconds from one step of a partner's work to the next. */
  readonly pace?: number
  readonly manual?: boolean
  readonly now?: () => number
}

export type World = Awaited<ReturnType<typeof startWorld>>

export const startWorld = async ({ folder, platform, secrets, pace, manual, now }: WorldOptions) => {
  if (folder !== undefined) mkdirSync(folder, { recursive: true })
  const common = {
    ...(pace === undefined ? {} : { pace }),
    ...(manual === undefined ? {} : { manual }),
    ...(now === undefined ? {} : { now })
  }
  const file = (name: string) => (folder === undefined ? {} : { file: join(folder, `${name}.jsonl`) })
  const webhook = (path: string, secret: string) => ({ webhook: { url: `${platform}/webhooks/${path}`, secret } })

  const [factory, payments, registration, transport, mail] = await Promise.all([
    startFactorySimulator({ ...common, ...file("factory"), ...webhook("status", secrets.factory) }),
    startPaymentsSimulator({ ...common, ...file("payments"), ...webhook("settlement", secrets.payments) }),
    startRegistrationSimulator({ ...common, ...file("registration") }),
    startCarrierSimulator({ ...common, ...file("transport"), ...webhook("transport", secrets.transport) }),
    startMailSimulator({ ...file("mail"), ...(now === undefined ? {} : { now }) })
  ])
  return {
    factory,
    payments,
    registration,
    transport,
    mail,
    /** What the platform has to be told to find them. */
    env: {
      FACTORY_URL: factory.url,
      PAYMENTS_URL: payments.url,
      REGISTRATION_URL: registration.url,
      TRANSPORT_URL: transport.url,
      SMTP_URL: mail.url
    },
    stop: async () => {
      await Promise.all([factory.stop(), payments.stop(), registration.stop(), transport.stop(), mail.stop()])
    }
  }
}
