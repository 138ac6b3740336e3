/** Starts a real nats-server with JetStream in a folder. */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { ordinaryAccount, privateFolder } from "./account.ts"
import { fromApt } from "./apt.ts"
import { finish } from "./finish.ts"
import { launch, type Say } from "./launch.ts"
import { onPort } from "./port.ts"
import { onPath, type Program, ProgramMissing } from "./program.ts"
import type { Server } from "./server.ts"

/** The program: on the PATH, else through apt. Throws ProgramMissing. */
export const natsProgram = async (say: Say): Promise<Program> => {
  const file = onPath(["nats-server"])
  if (file !== undefined) return { file, from: file, env: {} }
  const fetched = await fromApt("nats-server", ["usr/sbin/nats-server", "usr/bin/nats-server"], say)
  if (fetched !== undefined) return fetched
  throw new ProgramMissing({
    program: "nats-server",
    variable: "NATS_URL",
    aptPackage: "nats-server",
    brewFormula: "nats-server",
    composeUrl: "nats://127.0.0.1:4222"
  })
}

/** `port`: to come back at the same address after a stop. The store survives in the folder. Open to every local account. */
export const nats = async (folder: string, options: { readonly port?: number; readonly say: Say }): Promise<Server> => {
  const program = await natsProgram(options.say)
  const account = ordinaryAccount()
  const cwd = privateFolder(folder, account)
  const config = join(cwd, "nats.conf") // A copy: the account may not be able to look into the checkout.
  writeFileSync(config, readFileSync(join(import.meta.dir, await configFor(program))), { mode: 0o644 })
  return onPort(options.port, async (port) => {
    const args = ["-c", config, "-a", "127.0.0.1", "-p", String(port), "-sd", join(cwd, "store")]
    const launched = await launch(program.file, args, {
      name: "nats-server",
      account,
      cwd,
      env: program.env,
      ready: (log) => log.includes("Server is ready"),
      stopSignal: "SIGTERM",
      say: options.say
    })
    return { ...launched, url: `nats://127.0.0.1:${port}`, from: program.from }
  })
}

/** `sync_interval` came with 2.10, and an older server refuses a file that names it. */
const configFor = async (program: Program): Promise<string> => {
  const { output } = await finish(program.file, ["--version"], { env: program.env })
  const [, major, minor] = output.match(/v(\d+)\.(\d+)/) ?? []
  return Number(major) > 2 || Number(minor) >= 10 ? "nats-2.10.conf" : "nats-2.9.conf"
}
