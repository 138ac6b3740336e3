/** A new Postgres cluster in 0.1 s: `initdb` runs once per version, later clusters are copies of its result. */

import { randomBytes } from "node:crypto"
import { chownSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type Account, privateFolder } from "./account.ts"
import { cacheFolder } from "./cache.ts"
import { finish } from "./finish.ts"
import type { Say } from "./launch.ts"
import { type PostgresProgram, settle } from "./postgres-program.ts"

const passwordFile = "caas.password" // Lies in the data folder, which only its account can read.

/** Fills `data` unless a cluster of ours is there already. Answers the password of its owner `caas`. */
export const cluster = async (
  data: string,
  options: { readonly program: PostgresProgram; readonly account: Account; readonly durable: boolean; readonly say: Say }
): Promise<string> => {
  if (!existsSync(join(data, "PG_VERSION"))) {
    const model = await modelCluster(options)
    const part = `${data}.${process.pid}`
    privateFolder(part, options.account)
    need(await finish("cp", ["-Rp", `${model}/.`, part], options), "copying the empty cluster")
    const flush = ["--sync-only", "-D", part]
    if (options.durable) need(await finish(join(options.program.folder, "initdb"), flush, options), "initdb --sync-only")
    settle(part, data)
  }
  return readFileSync(join(data, passwordFile), "utf8").trim()
}

const modelCluster = async (options: { readonly program: PostgresProgram; readonly account: Account; readonly say: Say }) => {
  const { program, account } = options
  // By account too: who runs as root today may run as somebody else tomorrow.
  const model = join(cacheFolder(), `cluster-${program.version}-${account.uid ?? "own"}`)
  if (existsSync(model)) return model
  options.say(`preparing an empty Postgres ${program.version} cluster (once)`)
  const part = `${model}.${process.pid}`
  privateFolder(part, account)
  const password = `${part}.password`
  writeFileSync(password, `${randomBytes(18).toString("base64url")}\n`, { mode: 0o600 })
  if (account.uid !== undefined) chownSync(password, account.uid, account.gid!)
  try {
    const initdb = [
      "-D",
      part,
      "-U",
      "caas",
      "--auth=scram-sha-256",
      `--pwfile=${password}`,
      "--encoding=UTF8",
      "--locale=C",
      "--no-sync"
    ]
    need(await finish(join(program.folder, "initdb"), initdb, { account }), "initdb")
    const single = ["--single", "-D", part, "-c", "fsync=off", "postgres"]
    need(
      await finish(join(program.folder, "postgres"), single, { account, input: "CREATE DATABASE caas\n" }),
      "making the database"
    )
    renameSync(password, join(part, passwordFile))
  } catch (error) {
    for (const rest of [part, password]) rmSync(rest, { recursive: true, force: true })
    throw error
  }
  settle(part, model)
  return model
}

const need = (finished: { readonly ok: boolean; readonly errors: string }, what: string) => {
  if (!finished.ok) throw new Error(`${what} failed: ${finished.errors.trim()}`)
}
