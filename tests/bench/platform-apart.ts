/** A whole platform beside the bench: in a process of its own, whose memory can be asked for. */
import { join } from "node:path"

const startMillis = 30_000

/** `before`: what has to be in the database when it starts. A profiler that looks at the bench looks at it, too. */
export const platformApart = async <A>(env: Readonly<Record<string, string>>, before: () => Promise<A>) => {
  const prepared = await before()
  const standing = Promise.withResolvers<void>()
  const asked: Array<(rss: number) => void> = []
  const child = Bun.spawn([process.execPath, ...process.execArgv, "--no-orphans", join(import.meta.dir, "platform-process.ts")], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "inherit", "inherit"],
    ipc: (word) => (typeof word === "number" ? asked.shift()?.(word) : standing.resolve())
  })
  const late = setTimeout(() => standing.reject(new Error("The platform did not start")), startMillis)
  await Promise.race([standing.promise, child.exited]).finally(() => clearTimeout(late))
  if (child.exitCode !== null) throw new Error("The platform ended by itself")
  return {
    before: prepared,
    /** Bytes of memory that it holds. */
    rss: () =>
      new Promise<number>((resolve) => {
        asked.push(resolve)
        child.send("rss")
      }),
    stop: async () => {
      child.send("stop")
      await child.exited
    }
  }
}
