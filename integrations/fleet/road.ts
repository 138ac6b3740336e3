/** The roads to the fleet. On the broker: one connection for all cars, or one for each, with credentials of its own. */
import { connect, Events, type NatsConnection } from "nats"
import { vehicleCredentials, withCredentials } from "../nats/credentials.ts"
import { connectOptionsOf } from "../nats/nats.ts"
import type { Heard } from "./car.ts"

export type Leaf = "report" | "telemetry"

export interface Road {
  /** This car can be reached from now on, or not any more. */
  readonly reaches: (vin: string, online: boolean) => void
  /** True where it is kept there, and need not be repeated. */
  readonly send: (vin: string, leaf: Leaf, text: string) => boolean
}

export interface BrokerOptions {
  /** With credentials of the fleet's account, where the server asks for some. */
  readonly url: string
  /** Letters and digits; "" for a world with a server of its own. */
  readonly space: string
  readonly connections: "shared" | "perCar"
  /** NATS_VEHICLE_ISSUER: makes each car's credentials. Without it all come with the URL's own. */
  readonly issuer: string | undefined
}

export interface Ears {
  readonly hear: (vin: string, leaf: Heard, text: string) => void
  /** The broker was gone, and is back. */
  readonly back: (vin: string | null) => void
}

export interface Broker extends Road {
  /** Until this car is heard (`perCar`). */
  readonly joined: (vin: string) => Promise<void>
  readonly connections: () => number
  readonly subscriptions: () => number
  readonly stop: () => Promise<void>
}

const leaves: ReadonlyArray<Heard> = ["config", "command", "display", "acknowledged"]
const patienceMillis = 2_000 // For the first connection; it goes on trying afterwards.
const lengthLimit = 64 * 1024 // Bytes a car listens to.

export const broker = async (options: BrokerOptions, ears: Ears): Promise<Broker> => {
  const prefix = options.space === "" ? "" : `${options.space}.`
  const open = new Map<string, Promise<NatsConnection>>() // By VIN; "*" for the one that all share.
  const ready = new Map<string, NatsConnection>()
  const nameAt = prefix === "" ? 1 : 2
  let stopped = false

  const listen = async (vin: string): Promise<NatsConnection> => {
    const credentials = vin !== "*" && options.issuer !== undefined ? await vehicleCredentials(vin, options.issuer) : null
    const connection = await connect({
      ...connectOptionsOf(credentials === null ? options.url : withCredentials(options.url, credentials)),
      name: vin === "*" ? "fleet" : vin,
      inboxPrefix: vin === "*" ? "_INBOX.fleet" : `_INBOX.${vin}`,
      waitOnFirstConnect: true,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 500,
      ignoreAuthErrorAbort: true
    })
    for (const leaf of leaves)
      connection.subscribe(`${prefix}vehicles.${vin}.${leaf}`, {
        callback: (error, message) => {
          if (error === null && message.data.length <= lengthLimit)
            ears.hear(message.subject.split(".")[nameAt]!, leaf, message.string())
        }
      })
    await connection.flush()
    ready.set(vin, connection)
    void watch(vin, connection)
    return connection
  }
  const watch = async (vin: string, connection: NatsConnection) => {
    for await (const { type } of connection.status()) if (type === Events.Reconnect) ears.back(vin === "*" ? null : vin)
  }
  const join = (vin: string) => {
    const joining = open.get(vin) ?? listen(vin)
    open.set(vin, joining)
    joining.catch(() => open.delete(vin))
    return joining
  }
  const leave = (vin: string) => {
    const leaving = open.get(vin)
    open.delete(vin)
    ready.delete(vin)
    return leaving?.then(
      (connection) => connection.close(),
      () => {}
    )
  }

  if (options.connections === "shared") await Promise.race([join("*").catch(() => {}), Bun.sleep(patienceMillis)])
  const publish = (connection: NatsConnection, subject: string, text: string) => {
    if (!stopped && !connection.isClosed()) connection.publish(subject, text)
  }
  return {
    reaches: (vin, online) => {
      if (options.connections === "perCar") void (online ? join(vin) : leave(vin))
    },
    send: (vin, leaf, text) => {
      const name = options.connections === "shared" ? "*" : vin
      const subject = `${prefix}vehicles.${vin}.${leaf}`
      const connection = ready.get(name)
      if (connection !== undefined) publish(connection, subject, text)
      else void open.get(name)?.then((opened) => publish(opened, subject, text))
      return false // The platform's acknowledgement says so.
    },
    joined: async (vin) => {
      await join(options.connections === "shared" ? "*" : vin)
    },
    connections: () => ready.size,
    subscriptions: () => ready.size * leaves.length,
    stop: async () => {
      stopped = true
      await Promise.race([Promise.all([...open.keys()].map(leave)), Bun.sleep(500)])
    }
  }
}
