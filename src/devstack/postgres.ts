/** Starts a real Postgres in a folder. */
import { existsSync, readFileSync, rmSync } from "node:fs"
import { availableParallelism, totalmem } from "node:os"
import { join } from "node:path"
import { ordinaryAccount } from "./account.ts"
import { beginning } from "./beginning.ts"
import { cluster } from "./cluster.ts"
import { type Launched, launch, type Say, ServerDidNotStart } from "./launch.ts"
import { onPort } from "./port.ts"
import { postgresProgram } from "./postgres-program.ts"
import type { Server } from "./server.ts"

/** `./caas up` has a worker per spare core and a gateway, each with 12 connections and three of its membership; others want to look in. */
export const connectionsFor = (cores: number) => Math.max(200, 15 * (cores + 1) + 50)
const lingering = 10_000 // Milliseconds that a killed server's children may take to go.
// For ordinary tests only: what is lost with the power is thrown away anyway.
const withoutDisk = { fsync: "off", synchronous_commit: "off", full_page_writes: "off" }

/**
 * As whoever runs one for good would set it: an eighth of the memory for its pages, at most 2 GiB, and room for 4 GiB of log between two
 * checkpoints. With the 1 GiB it has by itself, a busy minute has six, and after each every page goes whole into the log once more.
 */
const forDisk = () => ({
  shared_buffers: `${Math.max(128, Math.min(2048, Math.floor(totalmem() / 2 ** 23)))}MB`,
  max_wal_size: "4GB",
  checkpoint_timeout: "15min"
})

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
    max_connections: String(connectionsFor(availableParallelism())),
    ...(options.fast ? withoutDisk : forDisk()),
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
    const start = () =>
      launch(join(program.folder, "postgres"), args, {
        name: "postgres",
        account,
        cwd: data,
        ready: (log) => log.includes("ready to accept connections"),
        stopSignal: options.fast ? "SIGQUIT" : "SIGINT", // Immediate, or fast: open connections end, everything is written.
        say: options.say
      })
    const launched = await afterTheDead(data, start)
    return { ...launched, url: `postgres://caas:${password}@127.0.0.1:${port}/caas`, from: program.from }
  })
}

/**
 * Starts in a folder whose server may have been killed a moment ago. Its number lingers where nobody reaps zombies (containers
 * without an init), and its children take a moment to notice; Postgres refuses to start over both. That children are really
 * gone Postgres checks by itself: their shared memory is found by the folder.
 */
const afterTheDead = async (data: string, start: () => Promise<Launched>): Promise<Launched> => {
  const end = performance.now() + lingering
  for (;;) {
    const holder = join(data, "postmaster.pid")
    const pid = existsSync(holder) ? Number(readFileSync(holder, "utf8").split("\n")[0]) : undefined
    if (pid !== undefined && beginning(pid) === undefined) rmSync(holder, { force: true })
    try {
      return await start()
    } catch (error) {
      const refused = error instanceof ServerDidNotStart && /pre-existing shared memory block/.test(error.log)
      if (!refused || performance.now() > end) throw error
      await Bun.sleep(100)
    }
  }
}
