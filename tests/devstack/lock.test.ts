/** The lock of a folder: it must neither let two in nor keep everybody out. */
import { afterAll, describe, expect, test } from "bun:test"
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { FolderInUse, holderOf, takeLock } from "#src/devstack/lock.ts"

const folder = mkdtempSync(join(tmpdir(), "caas-lock-"))
const file = join(folder, "stack.pid")
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe("a lock", () => {
  test("names its holder and lets no second in until it is given back", () => {
    const release = takeLock(file)
    expect(holderOf(file)).toBe(process.pid)
    expect(() => takeLock(file)).toThrow(FolderInUse)
    expect(() => takeLock(file)).toThrow(`kill ${process.pid}`)
    release()
    expect(readdirSync(folder)).toEqual([])
    takeLock(file)()
  })

  test("is taken over where another process has got the holder's number since", () => {
    const release = takeLock(file)
    const held = JSON.parse(readFileSync(file, "utf8"))
    writeFileSync(file, JSON.stringify({ ...held, began: "another day" })) // Our number is alive, but that was not us.
    expect(holderOf(file)).toBeUndefined()
    const taken = takeLock(file)
    release() // The old holder, should it still come, must not give back what is no longer its own.
    expect(holderOf(file)).toBe(process.pid)
    taken()
    expect(readdirSync(folder)).toEqual([])
  })

  test("is taken over from a process that is gone, and from a file that says nothing", async () => {
    const gone = Bun.spawn(["true"], { stdio: ["ignore", "ignore", "ignore"] })
    await gone.exited
    for (const content of [JSON.stringify({ pid: gone.pid, began: "once" }), "", "{"]) {
      writeFileSync(file, content)
      takeLock(file)()
    }
    expect(readdirSync(folder)).toEqual([])
  })

  test("is won by one of many who meet at a stale one", async () => {
    writeFileSync(file, JSON.stringify({ pid: 1, began: "once" }))
    const script = `
      import { takeLock } from "#src/devstack/lock.ts"
      try { takeLock(${JSON.stringify(file)}); console.log("won") } catch (error) { console.log(error._tag) }
      await Bun.stdin.text()`
    const racers = Array.from({ length: 4 }, () =>
      Bun.spawn([process.execPath, "-e", script], { cwd: join(import.meta.dir, "..", ".."), stdio: ["pipe", "pipe", "inherit"] })
    )
    const words = await Promise.all(
      racers.map(async ({ stdout }) => new TextDecoder().decode((await stdout.getReader().read()).value).trim())
    )
    for (const racer of racers) racer.stdin.end() // All were alive until all had spoken.
    await Promise.all(racers.map((racer) => racer.exited))
    expect(words.toSorted()).toEqual(["FolderInUse", "FolderInUse", "FolderInUse", "won"])
  })
})
