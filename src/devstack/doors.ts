/** The platform's two fixed ports, asked for before anything starts: a busy one should cost a second, not a minute. */

import { createServer } from "node:net"
import { Schema } from "effect"

/** Another program listens where the platform should. */
export class DoorTaken extends Schema.TaggedError<DoorTaken>()("DoorTaken", { port: Schema.Number, variable: Schema.String }) {
  override get message() {
    return `Port ${this.port} is taken by another program. Stop it, or set ${this.variable} to a free port and run again.`
  }
}

/** What the variable says is no port. */
export class DoorUnknown extends Schema.TaggedError<DoorUnknown>()("DoorUnknown", { variable: Schema.String }) {
  override get message() {
    return `${this.variable} must be a whole number from 0 to 65535`
  }
}

const doors = [
  { variable: "PUBLIC_PORT", port: 8080 },
  { variable: "INTRANET_PORT", port: 8081 }
]

/** Throws DoorTaken, DoorUnknown. Port 0 asks for any and is never taken. */
export const expectDoorsFree = async (env: Record<string, string | undefined>): Promise<void> => {
  for (const { variable, port } of doors) {
    const wanted = Number(env[variable] || port)
    if (!Number.isInteger(wanted) || wanted < 0 || wanted > 65_535) throw new DoorUnknown({ variable })
    if (!(await free(wanted))) throw new DoorTaken({ port: wanted, variable })
  }
}

// With the loopback named: some systems let a program bind every address beside one that has the loopback.
const free = async (port: number): Promise<boolean> => (await binds(port, "127.0.0.1")) && (await binds(port, undefined))

const binds = (port: number, host: string | undefined) =>
  new Promise<boolean>((resolve) => {
    const server = createServer()
    server.on("error", () => resolve(false))
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () => server.close(() => resolve(true)))
  })
