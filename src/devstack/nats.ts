/** Starts a real nats-server with JetStream in a folder, which lets in nobody without credentials, and a car for itself alone. */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { withCredentials } from "#integrations/nats/credentials.ts"
import { ordinaryAccount, privateFolder } from "./account.ts"
import { fromApt } from "./apt.ts"
import { finish } from "./finish.ts"
import { launch, type Say } from "./launch.ts"
import { natsAuthority } from "./nats-authority.ts"
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

export type NatsServer = Server & {
  /** Who makes credentials for cars: NATS_VEHICLE_ISSUER. */
  readonly vehicleIssuer: string
}

/** `port`: to come back at the same address after a stop. The store and the keys survive in the folder. The platform's credentials are in the url. */
export const nats = async (folder: string, options: { readonly port?: number; readonly say: Say }): Promise<NatsServer> => {
  const program = await natsProgram(options.say)
  const account = ordinaryAccount()
  const cwd = privateFolder(folder, account)
  const { configuration, platform, vehicleIssuer } = await natsAuthority(join(cwd, "nats-keys.json"))
  const config = join(cwd, "nats.conf") // A copy: the account may not be able to look into the checkout.
  const shipped = readFileSync(join(import.meta.dir, await configFor(program)), "utf8")
  writeFileSync(config, `${shipped}${configuration}`, { mode: 0o644 })
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
    return { ...launched, url: withCredentials(`nats://127.0.0.1:${port}`, platform), from: program.from, vehicleIssuer }
  })
}

/** `sync_interval` came with 2.10, and an older server refuses a file that names it. */
const configFor = async (program: Program): Promise<string> => {
  const { output } = await finish(program.file, ["--version"], { env: program.env })
  const [, major, minor] = output.match(/v(\d+)\.(\d+)/) ?? []
  return Number(major) > 2 || Number(minor) >= 10 ? "nats-2.10.conf" : "nats-2.9.conf"
}
