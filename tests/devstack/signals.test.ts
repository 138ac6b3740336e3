/** Ctrl-C must always work: in order the first time, at once the second. */
import { afterAll, describe, expect, test } from "bun:test"
import { chmodSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { survivors } from "./processes.ts"

const root = join(import.meta.dir, "..", "..")
const folder = mkdtempSync(join(tmpdir(), "caas-signals-"))
chmodSync(folder, 0o711) // As the system's own is: others may pass through.
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A stack in a process of its own, whose `stop` is given as source. */
const lender = async (stop: string) => {
  const script = `
    import { untilSignalled } from "#src/devstack/signals.ts"
    import { throwAwayStack } from "#src/devstack/throw-away.ts"
    const { signalled } = untilSignalled()
    const servers = await throwAwayStack({ fast: true, say: () => {} })
    console.log(JSON.stringify(Object.values(servers.servers).map((server) => server.pid)))
    const code = await signalled
    ${stop}
    process.exit(code)`
  const child = Bun.spawn([process.execPath, "--no-orphans", "-e", script], {
    cwd: root,
    env: { ...process.env, TMPDIR: folder },
    stdio: ["ignore", "pipe", "inherit"]
  })
  const line = await child.stdout.getReader().read()
  return { child, pids: JSON.parse(new TextDecoder().decode(line.value)) as number[] }
}

describe("a signal", () => {
  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129]
  ] as const)("%s lets what was started be stopped in order", async (signal, code) => {
    const { child, pids } = await lender("await servers.stop()")
    child.kill(signal)
    expect(await child.exited).toBe(code)
    expect(await survivors(pids, 0)).toEqual([])
  })

  test("that comes again does not wait for a stop that hangs", async () => {
    const { child, pids } = await lender("await Bun.sleep(60_000)")
    child.kill("SIGINT")
    await Bun.sleep(200)
    expect(await survivors(pids, 0)).toHaveLength(3)
    child.kill("SIGINT")
    expect(await child.exited).toBe(137)
    expect(await survivors(pids, 5000)).toEqual([])
  })
})
