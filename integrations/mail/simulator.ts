/** A mail server that delivers to nobody: it keeps what it is sent, and can be told to be difficult. Shares no code with the client that calls it. */
import type { AddressInfo, Socket } from "node:net"
import { SMTPServer, type SMTPServerSession } from "smtp-server"
import { SimulatedLedger } from "../http/simulated-ledger.ts"
import { type ReceivedMail, readMail } from "./received-mail.ts"

/** `later` 451 · `refuse` 550 to the address · `down` 421 as greeting · `dropReply` kept, then hung up without an answer. Each is used up by one mail. */
export interface MailFault {
  readonly fault: "later" | "refuse" | "down" | "dropReply"
  readonly times?: number
}

export interface MailSimulatorOptions {
  /** 0 (and nothing): any free port. */
  readonly port?: number
  /** The address to listen on; 127.0.0.1 where it is not given. */
  readonly host?: string
  /** Of the door for other processes: `GET /_simulator/ledger`, `POST /_simulator/faults`. */
  readonly controlPort?: number
  /** A JSON-lines file; with it the mailbox survives a restart. */
  readonly file?: string
  readonly now?: () => number
}

export interface MailSimulator {
  /** `smtp://127.0.0.1:…` */
  readonly url: string
  readonly controlUrl: string
  /** Every copy that was taken; a repeat bears the same `messageId`. */
  readonly messages: () => ReadonlyArray<ReceivedMail>
  readonly ledger: () => ReadonlyArray<ReceivedMail>
  /** Empties the mailbox: for worlds that live long in one process. */
  readonly forget: () => void
  readonly misbehave: (...faults: ReadonlyArray<MailFault>) => void
  readonly behave: () => void
  readonly stop: () => Promise<void>
}

const names = ["later", "refuse", "down", "dropReply"] as const

export const startMailSimulator = async (options: MailSimulatorOptions = {}): Promise<MailSimulator> => {
  const ledger = new SimulatedLedger(options.file)
  const messages = [...ledger.entries("ledger")] as Array<ReceivedMail>
  let faults: Array<MailFault["fault"]> = []
  const sockets = new Set<Socket>()

  const take = (fault: MailFault["fault"]) => {
    const at = faults.indexOf(fault)
    if (at >= 0) faults.splice(at, 1)
    return at >= 0
  }
  const add = (more: ReadonlyArray<MailFault>) => {
    for (const { fault, times } of more) for (let n = 0; n < (times ?? 1); n++) faults.push(fault)
  }
  const socketOf = (session: SMTPServerSession) => [...sockets].find((socket) => socket.remotePort === session.remotePort)

  const server = new SMTPServer({
    hideSTARTTLS: true, // Its certificate would be nobody's.
    authOptional: true,
    disabledCommands: ["AUTH", "STARTTLS"],
    size: 8 * 1024 * 1024, // With what is attached.
    logger: false,
    onConnect: (_session, answer) => answer(take("down") ? refusal(421, "closing") : null),
    onRcptTo: (_address, _session, answer) => answer(take("refuse") ? refusal(550, "no such mailbox") : null),
    onData: (stream, session, answer) => {
      const chunks: Array<Buffer> = []
      stream.on("data", (chunk: Buffer) => chunks.push(chunk))
      stream.on("end", () => {
        if (take("later")) return answer(refusal(451, "come again"))
        const { mailFrom, rcptTo } = session.envelope
        const envelope = { from: mailFrom === false ? "" : mailFrom.address, to: rcptTo.map(({ address }) => address) }
        const mail = readMail(
          Buffer.concat(chunks).toString("latin1"),
          new Date((options.now ?? Date.now)()).toISOString(),
          envelope
        )
        messages.push(mail)
        ledger.write("ledger", mail)
        if (take("dropReply")) return socketOf(session)?.destroy()
        return answer()
      })
    }
  })
  server.on("error", () => {}) // A client that hangs up is no news here.
  server.server.on("connection", (socket: Socket) => {
    sockets.add(socket)
    socket.on("close", () => sockets.delete(socket))
  })
  await new Promise<void>((listening, failed) => {
    server.server.once("error", failed)
    server.listen(options.port ?? 0, options.host ?? "127.0.0.1", listening)
  })

  const control = Bun.serve({
    hostname: options.host ?? "127.0.0.1",
    port: options.controlPort ?? 0,
    routes: {
      "/_simulator/ledger": () => Response.json(messages),
      "/_simulator/faults": {
        POST: async (request) => {
          const more = (await request.json()) as unknown
          const known = Array.isArray(more) && more.every((one) => names.includes(one?.fault))
          if (known) add(more)
          return Response.json({}, { status: known ? 200 : 404 })
        }
      }
    }
  })

  return {
    url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`,
    controlUrl: `http://127.0.0.1:${control.port}`,
    messages: () => messages,
    ledger: () => messages,
    forget: () => {
      for (const kept of [messages, ledger.lines]) kept.splice(0)
    },
    misbehave: (...more) => add(more),
    behave: () => {
      faults = []
    },
    stop: async () => {
      const closed = new Promise<void>((done) => server.close(() => done()))
      for (const socket of sockets) socket.destroy()
      await Promise.race([closed, Bun.sleep(500)])
      await control.stop(true)
    }
  }
}

const refusal = (responseCode: number, text: string) => Object.assign(new Error(text), { responseCode })
