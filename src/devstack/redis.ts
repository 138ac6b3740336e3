/** Starts a real redis-server that keeps nothing on disk: it holds warmth only. */
import { ordinaryAccount, privateFolder } from "./account.ts"
import { fromApt } from "./apt.ts"
import { launch, type Say } from "./launch.ts"
import { answers, onPort } from "./port.ts"
import { onPath, type Program, ProgramMissing } from "./program.ts"
import type { Server } from "./server.ts"

/** The program: on the PATH, else through apt; Valkey serves as well. Throws ProgramMissing. */
const redisProgram = async (say: Say): Promise<Program> => {
  const file = onPath(["redis-server", "valkey-server"])
  if (file !== undefined) return { file, from: file, env: {} }
  const fetched =
    (await fromApt("redis-server", ["usr/bin/redis-server"], say)) ??
    (await fromApt("valkey-server", ["usr/bin/valkey-server"], say))
  if (fetched !== undefined) return fetched
  throw new ProgramMissing({
    program: "redis-server",
    variable: "REDIS_URL",
    aptPackage: "redis-server",
    brewFormula: "redis",
    composeUrl: "redis://127.0.0.1:6379"
  })
}

/** `port`: to come back at the same address after a stop. Open to every local account. */
export const redis = async (folder: string, options: { readonly port?: number; readonly say: Say }): Promise<Server> => {
  const program = await redisProgram(options.say)
  const account = ordinaryAccount()
  const cwd = privateFolder(folder, account)
  return onPort(options.port, async (port) => {
    const args = ["--port", String(port), "--bind", "127.0.0.1", "--dir", cwd, "--save", "", "--appendonly", "no"]
    const launched = await launch(program.file, args, {
      name: "redis-server",
      account,
      cwd,
      env: program.env,
      ready: () => answers(port),
      stopSignal: "SIGTERM",
      say: options.say
    })
    return { ...launched, url: `redis://127.0.0.1:${port}`, from: program.from }
  })
}
