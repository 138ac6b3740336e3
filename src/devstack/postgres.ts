/** Starts a real Postgres in a folder. */
import { join } from "node:path"
import { ordinaryAccount } from "./account.ts"
import { cluster } from "./cluster.ts"
import { launch, type Say } from "./launch.ts"
import { onPort } from "./port.ts"
import { postgresProgram } from "./postgres-program.ts"
import type { Server } from "./server.ts"

const connections = 200
// For ordinary tests only: what is lost with the power is thrown away anyway.
const withoutDisk = { fsync: "off", synchronous_commit: "off", full_page_writes: "off" }

export type PostgresOptions = {
  /** Without fsync, and stopped at once. */
  readonly fast: boolean
  /** Server settings by name, over ours. */
  readonly settings?: Record<string, string>
  /** To come back at the same address after a stop. */
  readonly port?: number
  readonly say: Say
}

/** The data lies in `<folder>/pg-<major>`, so that a newer Postgres begins anew instead of refusing. Throws ProgramMissing, ServerDidNotStart. */
export const postgres = async (folder: string, options: PostgresOptions): Promise<Server> => {
  const program = await postgresProgram()
  const account = ordinaryAccount()
  const data = join(folder, `pg-${program.major}`)
  const password = await cluster(data, { program, account, durable: !options.fast, say: options.say })
  const settings = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    max_connections: String(connections),
    ...(options.fast ? withoutDisk : {}),
    ...options.settings
  }
  return onPort(options.port, async (port) => {
    const args = [
      "-D",
      data,
      "-p",
      String(port),
      ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])
    ]
    const launched = await launch(join(program.folder, "postgres"), args, {
      name: "postgres",
      account,
      cwd: data,
      ready: (log) => log.includes("ready to accept connections"),
      stopSignal: options.fast ? "SIGQUIT" : "SIGINT", // Immediate, or fast: open connections end, everything is written.
      say: options.say
    })
    return { ...launched, url: `postgres://caas:${password}@127.0.0.1:${port}/caas`, from: program.from }
  })
}
