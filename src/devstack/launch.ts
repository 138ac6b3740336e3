/** Starts one server process, waits until it is ready, and knows how to stop it. */

import { spawn } from "node:child_process"
import { Schema } from "effect"
import type { Account } from "./account.ts"

const logKept = 20_000 // Characters of a server's last output, for the error message.
const patience = 60_000 // Milliseconds until ready: a crashed Postgres may have much to recover.
const stopPatience = 8_000 // Milliseconds between the polite signal and SIGKILL.

/** A server ended, or stayed silent for a minute, before it was ready; with the last of what it printed. */
export class ServerDidNotStart extends Schema.TaggedError<ServerDidNotStart>()("ServerDidNotStart", {
  server: Schema.String,
  log: Schema.String
}) {
  override get message() {
    return `${this.server} did not start:\n${this.log}`
  }
}

export type Say = (line: string) => void

export type Launched = {
  readonly pid: number
  /** Politely, and with SIGKILL after 8 s. */
  readonly stop: () => Promise<void>
  /** As a power cut would. */
  readonly kill: () => Promise<void>
}

export const launch = async (
  program: string,
  args: readonly string[],
  options: {
    readonly name: string
    readonly account: Account
    readonly cwd: string
    readonly env?: Record<string, string>
    readonly ready: (log: string) => boolean | Promise<boolean>
    readonly stopSignal: NodeJS.Signals
    readonly say: Say
  }
): Promise<Launched> => {
  // In a session of its own, so that Ctrl-C in the terminal reaches us and not the database: it is stopped last.
  const child = spawn(program, [...args], {
    ...options.account,
    cwd: options.cwd,
    env: { ...process.env, LC_ALL: "C", ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true
  })
  let log = ""
  let gone = false
  let wanted = false
  const keep = (data: unknown) => {
    log = (log + String(data)).slice(-logKept)
  }
  child.stdout.on("data", keep)
  child.stderr.on("data", keep)
  const ended = new Promise<void>((resolve) => {
    const end = () => {
      gone = true
      resolve()
    }
    child.on("exit", end)
    child.on("error", (error) => {
      keep(error.message)
      end()
    })
  })
  const signal = async (name: NodeJS.Signals) => {
    wanted = true
    if (gone) return
    child.kill(name)
    const killer = setTimeout(() => child.kill("SIGKILL"), stopPatience)
    await ended
    clearTimeout(killer)
  }

  const begin = performance.now()
  const waited = () => Math.round((performance.now() - begin) / 1000)
  const progress = setInterval(() => options.say(`waiting for ${options.name} (${waited()} s)`), 3000)
  try {
    while (!(await options.ready(log))) {
      if (gone) throw new ServerDidNotStart({ server: options.name, log: log.trim() })
      if (performance.now() - begin > patience) {
        await signal("SIGKILL")
        throw new ServerDidNotStart({ server: options.name, log: log.trim() })
      }
      await Bun.sleep(5)
    }
  } finally {
    clearInterval(progress)
  }
  void ended.then(() => {
    if (!wanted) options.say(`${options.name} ended by itself; its last words:\n${log.trim().split("\n").slice(-10).join("\n")}`)
  })
  return { pid: child.pid!, stop: () => signal(options.stopSignal), kill: () => signal("SIGKILL") }
}
