/** The HTTP face of every simulated partner: idempotency keys, faults, and a door for whoever runs the simulation. Knows nothing of our clients. */
import { createHash } from "node:crypto"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { areFaults, type Fault, Faults } from "./faults.ts"
import { CallCheck } from "./simulated-call-check.ts"
import { SimulatedLedger } from "./simulated-ledger.ts"
import { type SentWebhook, SimulatedWebhooks, type WebhookTarget } from "./simulated-webhooks.ts"

export interface SimulatorOptions {
  /** 0 (and nothing): any free port. */
  readonly port?: number
  /** The address to listen on; 127.0.0.1 where it is not given. */
  readonly host?: string
  /** A JSON-lines file; with it the ledger survives a restart. */
  readonly file?: string
  readonly webhook?: WebhookTarget
  /** Whose calls it answers: their public keys (`CallCheck`). Everybody's where it is not given: a partner whose interface is fixed knows no signatures. */
  readonly callers?: ReadonlyArray<string>
  /** Milliseconds from one step of the partner's work to the next. */
  readonly pace?: number
  /** Steps happen only when told (`acts`). */
  readonly manual?: boolean
  /** Milliseconds since 1970 for the instants in answers, webhooks and the ledger; the wall clock where it is not given. */
  readonly now?: () => number
}

export interface Simulator<Entry> {
  readonly url: string
  readonly ledger: () => ReadonlyArray<Entry>
  readonly misbehave: (...faults: ReadonlyArray<Fault>) => void
  readonly behave: () => void
  readonly subscribe: (webhook: WebhookTarget) => void
  readonly webhooks: () => ReadonlyArray<SentWebhook>
  readonly stop: () => Promise<void>
}

export interface Call {
  readonly method: string
  readonly path: ReadonlyArray<string>
  readonly query: URLSearchParams
  readonly body: Record<string, unknown>
  /** Set where this call shall be declined. */
  readonly decline: string | null
}

export interface Reply {
  readonly status: number
  readonly body: unknown
}

export interface Partner {
  readonly answer: (call: Call) => Reply
  /** Steps another process may ask for: `POST /_simulator/acts {act, reference (or vin), …}`; the answer is what the step answers. */
  readonly acts: Record<string, (reference: string, detail: Record<string, unknown>) => unknown>
  /** More to read: `GET /_simulator/<name>`. */
  readonly views?: Record<string, () => unknown>
}

/** What the partner's own code works with. */
export interface Office<Entry> {
  readonly entries: () => ReadonlyArray<Entry>
  readonly record: (entry: Entry) => void
  readonly announce: (event: unknown) => void
  /** After the pace (times `factor`); never where the simulator is manual. */
  readonly soon: (step: () => void, factor?: number) => void
  readonly instant: () => string
}

const bodyLimitBytes = 1024 * 1024
const paceMillis = 1_000

export const startPartner = async <Entry>(
  name: string,
  options: SimulatorOptions,
  open: (office: Office<Entry>) => Partner
): Promise<Simulator<Entry>> => {
  const ledger = new SimulatedLedger(options.file)
  const faults = new Faults()
  const callers = options.callers === undefined ? null : new CallCheck(options.callers)
  const webhooks = new SimulatedWebhooks(name, ledger, faults, options.webhook)
  const keys = new Map<string, { hash: string; reply: Reply }>(ledger.entries("keys").map((entry) => [entry.key, entry]))
  const entries = [...ledger.entries("ledger")] as Array<Entry>
  const timers = new Set<ReturnType<typeof setTimeout>>()
  const sockets = new Set<Socket>()

  const partner = open({
    entries: () => entries,
    record: (entry) => {
      entries.push(entry)
      ledger.write("ledger", entry)
    },
    announce: (event) => webhooks.announce(event),
    soon: (step, factor = 1) => {
      if (options.manual === true) return
      const timer = setTimeout(
        () => {
          timers.delete(timer)
          step()
        },
        (options.pace ?? paceMillis) * factor
      )
      timers.add(timer)
    },
    instant: () => new Date((options.now ?? Date.now)()).toISOString()
  })

  /** Same key, same body: the same reply. Same key, another body: refused, and nothing is done. */
  const once = (key: string, call: Call, saved?: Reply): Reply => {
    const hash = createHash("sha256")
      .update(`${call.path.join("/")} ${JSON.stringify(call.body)}`)
      .digest("hex")
    const known = keys.get(key)
    if (known !== undefined) return known.hash === hash ? known.reply : { status: 422, body: { error: "idempotency key reused" } }
    const reply = partner.answer(call)
    const kept = { hash, reply: saved ?? reply }
    keys.set(key, kept)
    ledger.write("keys", { key, ...kept })
    return kept.reply
  }

  const operate = (path: string, body: any): Reply => {
    if (path === "/_simulator/ledger") return { status: 200, body: entries }
    if (path === "/_simulator/webhooks") return { status: 200, body: webhooks.sent() }
    if (path === "/_simulator/faults" && areFaults(body)) {
      faults.add(...body)
      return { status: 200, body: {} }
    }
    const view = partner.views?.[path.replace("/_simulator/", "")]
    if (view !== undefined) return { status: 200, body: view() }
    const act = path === "/_simulator/acts" && typeof body?.act === "string" ? partner.acts[body.act] : undefined
    if (act === undefined) return { status: 404, body: { error: "no such thing" } }
    return { status: 200, body: act(String(body.reference ?? body.vin), body) ?? {} }
  }

  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? "/", "http://partner")
    const text = await read(request)
    const body = text === "" ? {} : parse(text)
    if (url.pathname.startsWith("/_simulator/")) return send(response, operate(url.pathname, body))
    if (faults.unplugged) return request.socket.destroy()
    const flaw = callers?.flaw(request, text) ?? null
    if (flaw !== null) return send(response, { status: 401, body: { error: "sign your calls (RFC 9421)", flaw } })

    const method = request.method ?? "GET"
    const fault = faults.forCall(method)
    if (fault?.fault === "loseRequest") return request.socket.destroy()
    if (fault?.fault === "down") return send(response, { status: 503, body: { error: "down" } })
    if (fault?.fault === "error500") return send(response, { status: 500, body: { error: "broken" } })
    if (fault?.fault === "redirect") return response.writeHead(307, { location: fault.location ?? "http://127.0.0.1:9/" }).end()
    if (fault?.fault === "delayWork") await Bun.sleep(fault.ms ?? 1_000)

    const key = request.headers["idempotency-key"]
    if (method === "POST") {
      if (request.headers["content-type"] !== "application/json")
        return send(response, { status: 415, body: { error: "JSON only" } })
      if (body === null) return send(response, { status: 400, body: { error: "no JSON object" } })
      if (typeof key !== "string") return send(response, { status: 400, body: { error: "Idempotency-Key is missing" } })
    }
    const call: Call = {
      method,
      path: url.pathname.split("/").slice(1).map(decodeURIComponent),
      query: url.searchParams,
      body: body ?? {},
      decline: fault?.fault === "decline" ? (fault.reason ?? "declined_by_order") : null
    }
    const saved = fault?.fault === "error500AfterWork" ? { status: 500, body: { error: "broken" } } : undefined
    const reply = method === "POST" ? once(String(key), call, saved) : partner.answer(call)
    if (fault?.fault === "delay") await Bun.sleep(fault.ms ?? 1_000)
    spoil(fault, reply, request, response)
  }

  const server = createServer((request, response) => {
    serve(request, response).catch(() => request.socket.destroy())
  })
  server.on("connection", (socket) => {
    sockets.add(socket)
    socket.on("close", () => sockets.delete(socket))
  })
  await new Promise<void>((listening, failed) => {
    server.once("error", failed)
    server.listen(options.port ?? 0, options.host ?? "127.0.0.1", listening)
  })

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ledger: () => entries,
    misbehave: (...more) => faults.add(...more),
    behave: () => faults.clear(),
    subscribe: (webhook) => webhooks.subscribe(webhook),
    webhooks: () => webhooks.sent(),
    stop: async () => {
      webhooks.stop()
      for (const timer of timers) clearTimeout(timer)
      const closed = new Promise<void>((done) => server.close(() => done()))
      server.closeAllConnections()
      for (const socket of sockets) socket.destroy()
      await Promise.race([closed, Bun.sleep(500)])
    }
  }
}

/** What is done to the answer after the work. */
const spoil = (fault: Fault | undefined, reply: Reply, request: IncomingMessage, response: ServerResponse) => {
  switch (fault?.fault) {
    case "dropReply":
      return request.socket.destroy()
    case "garbage":
      return garbage(fault.form ?? "html", reply, response)
    case "huge":
      return endless(response, "x".repeat(65_536), 0)
    case "drip":
      return endless(response, " ", 100)
    case "wrongReference":
      return send(response, { ...reply, body: replaced(reply.body, "reference", (was) => `${was}-other`) })
    case "wrongAmount":
      return send(response, { ...reply, body: replaced(reply.body, "amountMinor", (was) => Number(was) + 1) })
    default:
      return send(response, reply)
  }
}

const send = (response: ServerResponse, reply: Reply) => {
  response.writeHead(reply.status, { "content-type": "application/json" }).end(JSON.stringify(reply.body))
}

const garbage = (form: NonNullable<Fault["form"]>, reply: Reply, response: ServerResponse) => {
  if (form === "html")
    return response.writeHead(200, { "content-type": "text/html" }).end("<html><body>Welcome to the portal</body></html>")
  const text = JSON.stringify(reply.body)
  const spoiled = form === "truncated" ? text.slice(0, text.length / 2) : JSON.stringify(mistyped(reply.body))
  return response.writeHead(200, { "content-type": "application/json" }).end(spoiled)
}

const mistyped = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(mistyped)
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, mistyped(v)]))
  return typeof value === "string" ? 7 : String(value)
}

const replaced = (value: unknown, field: string, by: (was: unknown) => unknown): unknown => {
  if (Array.isArray(value)) return value.map((one) => replaced(one, field, by))
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, k === field ? by(v) : replaced(v, field, by)]))
}

const endlessBytesAtMost = 64 * 1024 * 1024

const endless = (response: ServerResponse, piece: string, pauseMillis: number) => {
  response.writeHead(200, { "content-type": "application/json" })
  let sent = 0
  let gone = false
  response.on("close", () => {
    gone = true
  })
  response.on("error", () => {
    gone = true
  })
  const more = () => {
    if (gone || sent > endlessBytesAtMost) return response.end()
    sent += piece.length
    const room = response.write(piece)
    if (pauseMillis > 0) setTimeout(more, pauseMillis)
    else if (room) setImmediate(more)
    else response.once("drain", more)
  }
  more()
}

const read = async (request: IncomingMessage) => {
  const chunks: Array<Buffer> = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > bodyLimitBytes) throw new Error("the body is larger than a partner reads")
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString("utf8")
}

const parse = (text: string): any => {
  try {
    const value = JSON.parse(text)
    return typeof value === "object" ? value : null
  } catch {
    return null
  }
}
