/** Where no server can be had, the message must be enough to get one. */
import { afterAll, describe, expect, test } from "bun:test"
import { chmodSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const folder = mkdtempSync(join(tmpdir(), "caas-programs-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const root = join(import.meta.dir, "..", "..")
const stack = async (env: Record<string, string>) => {
  const { DATABASE_URL, NATS_URL, REDIS_URL, ...rest } = process.env as Record<string, string>
  const child = Bun.spawn([process.execPath, "--no-orphans", "src/cli.ts", "stack"], {
    cwd: root,
    env: { ...rest, ...env },
    stdio: ["ignore", "pipe", "pipe"]
  })
  const [errors, code] = await Promise.all([new Response(child.stderr).text(), child.exited])
  return { errors, code }
}

describe("a machine that lacks a server's program", () => {
  test.each([
    ["nats-server", "NATS_URL", { DATABASE_URL: "postgres://given", REDIS_URL: "redis://given" }],
    ["redis-server", "REDIS_URL", { DATABASE_URL: "postgres://given", NATS_URL: "nats://given" }]
  ])("is told three ways to come by %s", async (program, variable, given) => {
    const cache = mkdtempSync(join(folder, "cache-"))
    const { errors, code } = await stack({ ...given, CAAS_EMBEDDED: "", PATH: "", CAAS_CACHE: cache })
    expect(code).toBe(1)
    expect(errors).toContain(`${program} was not found`)
    expect(errors).toContain(`1. set ${variable} to a running server`)
    expect(errors).toContain(`2. put ${program} on the PATH`)
    expect(errors).toMatch(new RegExp(`3\\. docker compose up -d, then set ${variable}=\\S+`))
  })
})

describe("the cache of programs", () => {
  test("is refused where others may write to it", async () => {
    const cache = mkdtempSync(join(folder, "open-"))
    chmodSync(cache, 0o777)
    const { errors, code } = await stack({ CAAS_EMBEDDED: "", PATH: "", CAAS_CACHE: cache })
    expect(code).toBe(1)
    expect(errors).toContain(`The cache folder ${cache} belongs to, or may be written by, another account`)
  })
})
