/** A wire to Postgres that writes down every statement that is prepared over it: what a program really asks for, whoever wrote it. */
import { connect, createServer, type Socket } from "node:net"

export interface Statement {
  readonly text: string
  /** Of its parameters, as the client declared them; 0 where the server shall find out. */
  readonly types: ReadonlyArray<number>
}

/** Only of connections that call themselves `applications`; others pass unheard. */
export const wireTo = async (databaseUrl: string, applications: ReadonlyArray<string>) => {
  const { hostname, port } = new URL(databaseUrl)
  const statements = new Map<string, Statement>()
  const open = new Set<Socket>()
  const server = createServer((client) => {
    const database = connect(Number(port), hostname)
    const hear = listener((statement) => statements.set(statement.text, statement), applications)
    client.on("data", hear)
    client.pipe(database).pipe(client)
    for (const [one, other] of [
      [client, database],
      [database, client]
    ] as const) {
      open.add(one)
      one.on("error", () => other.destroy())
      one.on("close", () => {
        open.delete(one)
        other.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const url = new URL(databaseUrl)
  url.port = String((server.address() as { port: number }).port)
  return {
    url: url.href,
    statements,
    close: () => {
      for (const socket of open) socket.destroy()
      server.close()
    }
  }
}

const sslRequest = 80_877_103

/** Postgres' own framing: a packet that opens the connection, then packets of one letter, a length, and a body. `P` is Parse. */
const listener = (heard: (statement: Statement) => void, applications: ReadonlyArray<string>) => {
  let kept = Buffer.alloc(0)
  let isOpen = false
  let counts = false
  return (piece: Buffer) => {
    kept = Buffer.concat([kept, piece])
    for (;;) {
      const head = isOpen ? 1 : 0
      if (kept.length < head + 4) return
      const end = head + kept.readUInt32BE(head)
      if (kept.length < end) return
      const body = kept.subarray(head + 4, end)
      if (!isOpen && body.readUInt32BE(0) !== sslRequest) {
        const said = body.subarray(4).toString().split("\0")
        counts = applications.includes(said[said.indexOf("application_name") + 1] ?? "")
        isOpen = true
      } else if (isOpen && counts && kept[0] === "P".charCodeAt(0)) heard(parsed(body))
      kept = kept.subarray(end)
    }
  }
}

const parsed = (body: Buffer): Statement => {
  const begin = body.indexOf(0) + 1 // After the statement's name.
  const end = body.indexOf(0, begin)
  const count = body.readUInt16BE(end + 1)
  const types = Array.from({ length: count }, (_, n) => body.readUInt32BE(end + 3 + 4 * n))
  return { text: body.subarray(begin, end).toString(), types }
}
