/** Free ports on the loopback: nobody else's server is disturbed, and two stacks run side by side. */
import { randomInt } from "node:crypto"
import { connect, createServer } from "node:net"
import { ServerDidNotStart } from "./launch.ts"

const tries = 3 // Somebody may take a port between our finding it free and the server's binding it.

const lowest = 20_000
const highest = 32_767 // From here on the system itself gives ports away, to whoever connects to somebody.

/** Free a moment ago: somebody may be faster. Drawn by chance, so that two who look at once hardly ever find the same. */
export const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const look = () => {
      const server = createServer()
      server.on("error", (error: NodeJS.ErrnoException) => (error.code === "EADDRINUSE" ? look() : reject(error)))
      const port = randomInt(lowest, highest)
      server.listen(port, "127.0.0.1", () => server.close(() => resolve(port)))
    }
    look()
  })

/** Starts something on the given port, or on a free one; where a free one was taken meanwhile, on another. */
export const onPort = async <A>(wanted: number | undefined, start: (port: number) => Promise<A>): Promise<A> => {
  for (let tried = 1; ; tried++) {
    try {
      return await start(wanted ?? (await freePort()))
    } catch (error) {
      const taken = error instanceof ServerDidNotStart && /address already in use/i.test(error.log)
      if (!taken || wanted !== undefined || tried === tries) throw error
    }
  }
}

/** Whether somebody listens there. */
export const answers = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" }, () => {
      socket.destroy()
      resolve(true)
    })
    socket.on("error", () => resolve(false))
  })
