/** A push service with the devices behind it: it takes what is signed, opens what is sealed, and can be told to be difficult. Shares no code with the client that calls it. */
import { createECDH, randomBytes } from "node:crypto"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { SimulatedLedger } from "../http/simulated-ledger.ts"
import { type DeviceKeys, opened, vapidFault } from "./simulated-device.ts"

/** `gone` 410, and it stays so · `busy` 429 · `broken` 500 · `down` hangs up · `dropReply` taken, then hung up. Each is used up by one message. */
export interface PushFault {
  readonly fault: "gone" | "busy" | "broken" | "down" | "dropReply"
  readonly times?: number
}

export interface PushEntry {
  readonly at: string
  readonly subscription: string
  /** The newer one takes the place of the older one that waits. */
  readonly topic: string | null
  readonly urgency: string | null
  /** As the device reads it. */
  readonly messageId: string
  readonly card: string
  readonly title: string
  readonly text: string
}

/** What a browser hands to its page. */
export interface Subscribed {
  readonly endpoint: string
  readonly keys: { readonly p256dh: string; readonly auth: string }
}

interface Device extends DeviceKeys {
  readonly id: string
  /** Whose messages it takes. */
  readonly sender: string
}

export interface PushSimulatorOptions {
  readonly port?: number
  readonly host?: string
  readonly file?: string
  readonly now?: () => number
}

const nobody = "" // Whose messages a device takes that has unsubscribed.
const names = ["gone", "busy", "broken", "down", "dropReply"] as const
const bodyLimitBytes = 4096 // RFC 8030, 7.2.
const statuses = { gone: 410, busy: 429, broken: 500 } as const

export const startPushSimulator = async (options: PushSimulatorOptions = {}) => {
  const ledger = new SimulatedLedger(options.file)
  const entries = [...ledger.entries("ledger")] as Array<PushEntry>
  const devices = new Map(([...ledger.entries("devices")] as Array<Device>).map((device) => [device.id, device]))
  for (const { id, sender } of devices.values()) if (sender === nobody) devices.delete(id)
  const sockets = new Set<Socket>()
  let faults: Array<PushFault["fault"]> = []
  const add = (more: ReadonlyArray<PushFault>) => {
    for (const { fault, times } of more) for (let n = 0; n < (times ?? 1); n++) faults.push(fault)
  }
  const unsubscribe = (id: string) => {
    devices.delete(id)
    ledger.write("devices", { id, sender: nobody })
  }
  /** A device that takes messages of this sender, and of nobody else. */
  const subscribe = (sender: string, origin = url()): Subscribed => {
    const pair = createECDH("prime256v1")
    const publicKey = pair.generateKeys().toString("base64url")
    const id = randomBytes(12).toString("hex")
    const device: Device = {
      id,
      sender,
      publicKey,
      privateKey: pair.getPrivateKey().toString("base64url"),
      auth: randomBytes(16).toString("base64url")
    }
    devices.set(id, device)
    ledger.write("devices", device)
    return { endpoint: `${origin}/push/${id}`, keys: { p256dh: publicKey, auth: device.auth } }
  }

  const take = (request: IncomingMessage, body: Buffer, id: string): number | null => {
    const fault = faults.shift()
    if (fault === "gone") unsubscribe(id)
    if (fault === "down") return null
    if (fault !== undefined && fault !== "dropReply") return statuses[fault]
    const device = devices.get(id)
    if (device === undefined) return 410
    const { authorization, host, ttl, topic, urgency } = request.headers as Record<string, string | undefined>
    if (request.headers["content-encoding"] !== "aes128gcm" || ttl === undefined || (topic ?? "").length > 32) return 400
    if (vapidFault(authorization, `http://${host}`, device.sender, Date.now()) !== null) return 403
    if (body.length > bodyLimitBytes) return 413
    const { id: messageId, ...shown } = JSON.parse(opened(body, device)) as Record<"id" | "card" | "title" | "text", string>
    const at = new Date((options.now ?? Date.now)()).toISOString()
    const entry: PushEntry = { at, subscription: id, topic: topic ?? null, urgency: urgency ?? null, messageId, ...shown }
    entries.push(entry)
    ledger.write("ledger", entry)
    return fault === "dropReply" ? null : 201
  }

  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Array<Buffer> = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks)
    const [, room, id] = (request.url ?? "/").split("/")
    const json = (status: number, value: unknown) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value))
    if (room === "_simulator" && id === "ledger") return json(200, entries)
    if (room === "_simulator" && id === "subscriptions") {
      const { applicationServerKey, origin } = JSON.parse(body.toString()) as Record<string, string>
      return json(201, subscribe(applicationServerKey!, origin))
    }
    if (room === "_simulator" && id === "faults") {
      const more = JSON.parse(body.toString()) as Array<PushFault>
      const known = Array.isArray(more) && more.every((one) => names.includes(one?.fault))
      if (known) add(more)
      return json(known ? 200 : 404, {})
    }
    if (request.method !== "POST" || room !== "push" || id === undefined) return response.writeHead(404).end()
    const status = take(request, body, id)
    if (status === null) return request.socket.destroy()
    return response.writeHead(status, status === 429 ? { "retry-after": "1" } : {}).end()
  }

  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.writeHead(400).end()) // Sealed for another device, or not at all.
  })
  server.on("connection", (socket) => {
    sockets.add(socket)
    socket.on("close", () => sockets.delete(socket))
  })
  await new Promise<void>((listening, failed) => {
    server.once("error", failed)
    server.listen(options.port ?? 0, options.host ?? "127.0.0.1", listening)
  })
  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  return {
    url: url(),
    ledger: (): ReadonlyArray<PushEntry> => entries,
    subscribe,
    unsubscribe: ({ endpoint }: Subscribed) => unsubscribe(endpoint.split("/").at(-1)!),
    /** What stands on the screen of a device: the newest of each card. */
    screen: ({ endpoint }: Subscribed): ReadonlyArray<PushEntry> => {
      const mine = entries.filter(({ subscription }) => endpoint.endsWith(`/${subscription}`))
      return [...new Map(mine.map((entry) => [entry.card, entry])).values()]
    },
    misbehave: (...more: ReadonlyArray<PushFault>) => add(more),
    behave: () => {
      faults = []
    },
    stop: async () => {
      const closed = new Promise<void>((done) => server.close(() => done()))
      for (const socket of sockets) socket.destroy()
      await Promise.race([closed, Bun.sleep(500)])
    }
  }
}
export type PushSimulator = Awaited<ReturnType<typeof startPushSimulator>>
