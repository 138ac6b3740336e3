/** apt without root: fetches signed packages, and the libraries this machine lacks, into our cache; the system stays as it was. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { cacheFolder } from "./cache.ts"
import { finish } from "./finish.ts"
import type { Say } from "./launch.ts"
import { FolderInUse, holderOf, takeLock } from "./lock.ts"
import { onPath, type Program } from "./program.ts"

const fetching = "fetching.pid"
const neighbourPatience = 120_000 // Milliseconds to wait for another process that fetches into the same cache.

/** The first of `files` in the package, fetched where it is not yet in the cache; undefined where apt cannot bring it. */
export const fromApt = async (name: string, files: readonly string[], say: Say): Promise<Program | undefined> => {
  const root = join(cacheFolder(), "deb", name)
  const found = () => files.map((file) => join(root, file)).find((file) => existsSync(file))
  if (!found()) {
    if (process.platform !== "linux" || !onPath(["apt-get"]) || !onPath(["dpkg-deb"])) return undefined
    const release = await takeTurn()
    try {
      if (!found() && !(await fetchInto(root, name, say))) return undefined
    } finally {
      release()
    }
  }
  const file = found()
  return file === undefined ? undefined : { file, from: `apt package ${name}`, env: librariesOf(root) }
}

/** The lists are big and grow old: they go once everything stands, unless a neighbour is reading them. */
export const forgetLists = (): void => {
  const place = join(cacheFolder(), "deb")
  if (!existsSync(join(place, "lists")) || holderOf(join(place, fetching)) !== undefined) return
  for (const part of ["lists", "cache", "debs"]) rmSync(join(place, part), { recursive: true, force: true })
}

const takeTurn = async (): Promise<() => void> => {
  mkdirSync(join(cacheFolder(), "deb"), { recursive: true })
  const begin = performance.now()
  for (;;) {
    try {
      return takeLock(join(cacheFolder(), "deb", fetching))
    } catch (error) {
      if (!(error instanceof FolderInUse) || performance.now() - begin > neighbourPatience) throw error
      await Bun.sleep(100)
    }
  }
}

const fetchInto = async (root: string, name: string, say: Say): Promise<boolean> => {
  const place = join(cacheFolder(), "deb")
  const debs = join(place, "debs", name)
  for (const folder of ["lists/partial", "cache/archives/partial"]) mkdirSync(join(place, folder), { recursive: true })
  const options = ["-qq", ...[`Dir::State::lists=${place}/lists`, `Dir::Cache=${place}/cache`].flatMap((option) => ["-o", option])]
  for (const option of [
    "Debug::NoLocking=1",
    "Acquire::Languages=none",
    "APT::Sandbox::User=root",
    "APT::Install-Recommends=false"
  ])
    options.push("-o", option)
  const apt = (args: readonly string[], cwd = place) => finish("apt-get", [...options, ...args], { cwd })

  const refresh = async () => {
    say("reading apt's package lists (once, some 10 s)")
    const { ok } = await apt(["update"])
    if (ok) writeFileSync(join(place, "lists", "updated"), "")
    return ok
  }
  const download = async () => {
    const plan = await apt(["-s", "-q", "install", name])
    if (!plan.ok) return false
    const needed = new Set([...plan.output.matchAll(/^Inst (\S+)/gm)].map((match) => match[1]!)).add(name)
    rmSync(debs, { recursive: true, force: true })
    mkdirSync(debs, { recursive: true })
    say(`fetching ${[...needed].join(", ")} through apt into the cache (once)`)
    return (await apt(["download", ...needed], debs)).ok
  }

  const fresh = existsSync(join(place, "lists", "updated")) // Left by the other server's package a moment ago, or by a broken run long ago.
  if (!fresh && !(await refresh())) return false
  if (!(await download()) && !(fresh && (await refresh()) && (await download()))) return false

  const unpacked = `${root}.part`
  rmSync(unpacked, { recursive: true, force: true })
  for (const file of readdirSync(debs)) if (!(await finish("dpkg-deb", ["-x", join(debs, file), unpacked])).ok) return false
  rmSync(root, { recursive: true, force: true })
  renameSync(unpacked, root)
  return true
}

const librariesOf = (root: string): Record<string, string> => {
  const folders = ["usr/lib", "lib"]
    .map((folder) => join(root, folder))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((entry) => join(folder, entry)))
    .filter((folder) => /-linux-/.test(folder))
  return folders.length > 0 ? { LD_LIBRARY_PATH: folders.join(":") } : {}
}
