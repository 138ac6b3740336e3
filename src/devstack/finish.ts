/** Runs a short program to its end without blocking the event loop, so that Ctrl-C and progress lines go on. */
import { spawn } from "node:child_process"
import type { Account } from "./account.ts"

export type Finished = { readonly ok: boolean; readonly output: string; readonly errors: string }

/** Never throws: a program that cannot be started is one that failed. */
export const finish = (
  program: string,
  args: readonly string[],
  options: {
    readonly account?: Account
    readonly cwd?: string
    readonly input?: string
    readonly env?: Record<string, string>
  } = {}
): Promise<Finished> =>
  new Promise((resolve) => {
    const child = spawn(program, [...args], {
      ...options.account,
      cwd: options.cwd ?? "/",
      env: { ...process.env, LC_ALL: "C", ...options.env },
      stdio: ["pipe", "pipe", "pipe"]
    })
    let output = ""
    let errors = ""
    child.stdout.on("data", (data) => {
      output += String(data)
    })
    child.stderr.on("data", (data) => {
      errors += String(data)
    })
    child.stdin.on("error", () => {}) // It may end before it has read everything.
    child.stdin.end(options.input ?? "")
    child.on("error", (error) => resolve({ ok: false, output, errors: errors + error.message }))
    child.on("close", (code) => resolve({ ok: code === 0, output, errors }))
  })
