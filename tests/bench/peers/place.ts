/** Where foreign programs run: a copy of theirs outside the project's own rooms, with their packages beside it. */
import { cpSync, mkdirSync, rmSync } from "node:fs"
import { join } from "node:path"

const place = join(import.meta.dir, "..", "..", "..", ".caas", "peers")

/** Their lock is installed by its letter, and no package runs a script of its own. */
export const foreignPlace = async (): Promise<string> => {
  rmSync(place, { recursive: true, force: true })
  mkdirSync(place, { recursive: true })
  cpSync(join(import.meta.dir, "race.ts"), join(place, "race.ts"))
  cpSync(join(import.meta.dir, "foreign"), join(place, "foreign"), { recursive: true })
  const install = Bun.spawn([process.execPath, "install", "--frozen-lockfile", "--ignore-scripts", "--production"], {
    cwd: join(place, "foreign"),
    stdio: ["ignore", "ignore", "pipe"]
  })
  const said = await new Response(install.stderr).text()
  if ((await install.exited) !== 0) throw new Error(`The peers' packages were not installed: ${said.slice(-2000)}`)
  return join(place, "foreign")
}
