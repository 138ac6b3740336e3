/** The outside world in a box: partners and cars that speak their real protocols on ports of their own. The only file that names simulators. */
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { startWitnessSimulator } from "#integrations/audit-witness/simulator.ts"
import { startFactorySimulator } from "#integrations/factory/simulator.ts"
import { startApiIotSimulator } from "#integrations/fleet/api-iot-simulator.ts"
import { startFleet } from "#integrations/fleet/fleet.ts"
import { startMailSimulator } from "#integrations/mail/simulator.ts"
import { startPaymentsSimulator } from "#integrations/payments/simulator.ts"
import { startPushSimulator } from "#integrations/push/simulator.ts"
import { startRegistrationSimulator } from "#integrations/registration/simulator.ts"
import { startSmsSimulator } from "#integrations/sms/simulator.ts"
import { startCarrierSimulator } from "#integrations/transport/simulator.ts"
import { startWorkshopsSimulator } from "#integrations/workshops/simulator.ts"

export interface WorldOptions {
  /** Where their ledgers are kept; without it they forget at the end. */
  readonly folder?: string
  /** Where the platform hears webhooks. */
  readonly platform: string
  readonly secrets: { readonly factory: string; readonly payments: string; readonly transport: string }
  /** Whom the cars believe, and the broker they listen to. Without it they believe nobody, and hear nobody but the API IoT. */
  readonly vehicles?: {
    readonly trust: { readonly config: ReadonlyArray<string>; readonly catalogue: ReadonlyArray<string> }
    readonly natsUrl: string
    readonly natsSpace?: string
    /** With NATS_VEHICLE_ISSUER, each car has a connection and credentials of its own. */
    readonly issuer?: string
  }
  /** Whose calls the partners answer (raw Ed25519 public keys, base64url); everybody's where it is not given. */
  readonly callers?: ReadonlyArray<string>
  /** Cars drive, park, sleep and measure by themselves. */
  readonly lively?: boolean
  /** The address that all listen on, and the first of their ports (`worldDoors`); free ports of the loopback where it is not given. */
  readonly listen?: { readonly host: string; readonly port: number }
  /** Milliseconds from one step of a partner's work to the next. */
  readonly pace?: number
  readonly manual?: boolean
  readonly now?: () => number
}

/** Who listens, port by port. `mailbox` is where mails can be read. */
export const worldDoors = [
  ...([
    "fleet",
    "api-iot",
    "factory",
    "payments",
    "registration",
    "transport",
    "workshops",
    "mail",
    "mailbox",
    "sms",
    "push",
    "witness"
  ] as const)
]

export type World = Awaited<ReturnType<typeof startWorld>>

export const startWorld = async (options: WorldOptions) => {
  const { folder, platform, secrets, vehicles, callers, lively = false, listen, pace, manual, now } = options
  if (folder !== undefined) mkdirSync(folder, { recursive: true })
  const common = {
    ...(pace === undefined ? {} : { pace }),
    ...(manual === undefined ? {} : { manual }),
    ...(now === undefined ? {} : { now })
  }
  const asked = { ...common, ...(callers === undefined ? {} : { callers }) }
  const place = (name: (typeof worldDoors)[number]) => ({
    ...(folder === undefined ? {} : { file: join(folder, `${name}.jsonl`) }),
    ...(listen === undefined ? {} : { host: listen.host, port: listen.port + worldDoors.indexOf(name) })
  })
  const webhook = (path: string, secret: string) => ({ webhook: { url: `${platform}/webhooks/${path}`, secret } })

  const fleet = await startFleet({
    ...common,
    ...place("fleet"),
    ...(folder === undefined ? {} : { carsFile: join(folder, "cars.jsonl") }),
    ...(vehicles?.issuer === undefined ? {} : { connections: "perCar" }),
    trust: { config: [], catalogue: [] },
    ...vehicles,
    lively
  })
  const [apiIot, factory, payments, registration, transport, workshops, mail, sms, push, witness] = await Promise.all([
    startApiIotSimulator({ ...common, ...place("api-iot"), fleet }),
    startFactorySimulator({ ...asked, ...place("factory"), ...webhook("status", secrets.factory), build: fleet.build }),
    startPaymentsSimulator({ ...asked, ...place("payments"), ...webhook("settlement", secrets.payments) }),
    startRegistrationSimulator({ ...asked, ...place("registration") }),
    startCarrierSimulator({ ...asked, ...place("transport"), ...webhook("transport", secrets.transport) }),
    startWorkshopsSimulator({ ...asked, ...place("workshops") }),
    startMailSimulator({ ...place("mail"), controlPort: place("mailbox").port ?? 0, ...(now === undefined ? {} : { now }) }),
    startSmsSimulator({ ...asked, ...place("sms") }),
    startPushSimulator({ ...place("push"), ...(now === undefined ? {} : { now }) }),
    startWitnessSimulator({ ...asked, ...place("witness") })
  ])
  const all = [apiIot, factory, payments, registration, transport, workshops, mail, sms, push, witness, fleet]
  return {
    fleet,
    apiIot,
    factory,
    payments,
    registration,
    transport,
    workshops,
    mail,
    sms,
    push,
    witness,
    /** What the platform has to be told to find them. */
    env: {
      FACTORY_URL: factory.url,
      PAYMENTS_URL: payments.url,
      REGISTRATION_URL: registration.url,
      TRANSPORT_URL: transport.url,
      WORKSHOPS_URL: workshops.url,
      API_IOT_URL: apiIot.url,
      SMTP_URL: mail.url,
      SMS_URL: sms.url,
      PUSH_SERVICES: push.url,
      AUDIT_WITNESS_URL: witness.url
    },
    /** For commands that read the cars' own ledger and flash. */
    ledgers: { FLEET_LEDGER_URL: fleet.url, MAIL_LEDGER_URL: mail.controlUrl, PUSH_LEDGER_URL: push.url },
    stop: async () => {
      await Promise.all(all.map((one) => one.stop()))
    }
  }
}
