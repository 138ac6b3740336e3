/** The files that other people's tools read: docker-compose.yml and the two NATS configurations. */
import { describe, expect, test } from "bun:test"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parse } from "yaml"
import { finish } from "#src/devstack/finish.ts"
import { natsProgram } from "#src/devstack/nats.ts"

const root = join(import.meta.dir, "..", "..")
type Service = {
  profiles?: string[]
  image: string
  ports: string[]
  volumes: string[]
  healthcheck: { test: string[] }
  command: string[]
}

describe("docker-compose.yml", () => {
  const compose = parse(readFileSync(join(root, "docker-compose.yml"), "utf8"), { merge: true }) as {
    services: Record<string, Service>
    volumes: Record<string, unknown>
  }
  const servers = Object.entries(compose.services).filter(([, { profiles }]) => profiles === undefined) // Of others: compose.test.ts.

  test("brings the same three servers, each pinned to a release", () => {
    const images = Object.fromEntries(servers.map(([name, { image }]) => [name, image]))
    expect(Object.keys(images).toSorted()).toEqual(["nats", "postgres", "redis"])
    expect(images.postgres).toMatch(/^postgres:18\.\d+$/)
    expect(images.nats).toMatch(/^nats:2\.1\d\.\d+-alpine$/)
    expect(images.redis).toMatch(/^redis:7\.\d+\.\d+-alpine$/)
  })

  test.each(servers)("%s says when it is healthy, keeps its data by name and listens on the loopback alone", (name, service) => {
    expect(service.healthcheck.test.length).toBeGreaterThan(1)
    expect(service.ports.length).toBe(1)
    for (const port of service.ports) expect(port).toMatch(/^127\.0\.0\.1:(\d+):\1$/)
    expect(service.volumes.some((volume) => volume.startsWith(`${name}:/`))).toBe(true)
    expect(Object.keys(compose.volumes)).toContain(name)
  })

  test("gives NATS the configuration that waits for the disk", () => {
    const { volumes, command } = compose.services.nats!
    const [source, target] = volumes.find((volume) => volume.endsWith(":ro"))!.split(":")
    expect(readFileSync(join(root, source!), "utf8")).toContain("sync_interval: always")
    expect(command).toContain(target!)
  })
})

describe("the NATS configurations", () => {
  const folder = join(root, "src", "devstack")
  const older = readFileSync(join(folder, "nats-2.9.conf"), "utf8")
  const newer = readFileSync(join(folder, "nats-2.10.conf"), "utf8")
  const statements = (text: string) => text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"))

  test("differ by sync_interval alone", () => {
    expect(statements(newer).filter((line) => !statements(older).includes(line))).toEqual(["  sync_interval: always"])
    expect(statements(older).filter((line) => !statements(newer).includes(line))).toEqual([])
  })

  test("are read by the server here, save that one before 2.10 knows no sync_interval", async () => {
    const program = await natsProgram(() => {})
    const place = mkdtempSync(join(tmpdir(), "caas-nats-"))
    const check = async (text: string) => {
      writeFileSync(join(place, "some.conf"), text)
      const { ok, output, errors } = await finish(program.file, ["-t", "-c", join(place, "some.conf")], { env: program.env })
      return ok ? "read" : (output + errors).trim()
    }
    const [, minor] = (await finish(program.file, ["--version"], { env: program.env })).output.match(/v2\.(\d+)/)!
    expect(await check(older)).toBe("read")
    if (Number(minor) >= 10) expect(await check(newer)).toBe("read")
    else expect(await check(newer)).toContain('unknown field "sync_interval"')
    rmSync(place, { recursive: true })
  })
})
