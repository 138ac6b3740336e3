/** The packages that the row `peers` fetches: the same ones tomorrow, wherever it runs, and none of them in the platform. */
import { describe, expect, test } from "bun:test"
import { join } from "node:path"
import manifest from "./foreign/package.json"

const platform = await Bun.file(join(import.meta.dir, "..", "..", "..", "package.json")).json()
const lock = await Bun.file(join(import.meta.dir, "foreign", "bun.lock")).text()
const locked = [...lock.matchAll(/^ {4}"[^"]+": \["((?:@[\w.-]+\/)?[\w.-]+)@([^"]+)", "([^"]*)", .*"(sha512-[\w+/=]+)"\],$/gm)]

describe("the peers' packages", () => {
  test("are pinned in one number each, and locked to it", () => {
    for (const [name, version] of Object.entries(manifest.dependencies)) {
      expect([name, version]).toEqual([name, expect.stringMatching(/^\d+\.\d+\.\d+$/)])
      expect(locked.map(([, name, version]) => `${name}@${version}`)).toContain(`${name}@${version}`)
    }
  })

  test("are locked by their content, and not to a place they are fetched from", () => {
    const entries = lock.slice(lock.indexOf('"packages"')).match(/^ {4}"/gm)
    expect(locked).toHaveLength(entries!.length)
    expect(locked.filter(([, , version, place]) => place !== "" || !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version!))).toEqual([])
    expect(lock.match(/https?:[^"]*/g)).toBeNull()
  })

  test("are no part of the platform", () => {
    const own = Object.keys({ ...platform.dependencies, ...platform.devDependencies, ...platform.optionalDependencies })
    expect(Object.keys(manifest.dependencies).filter((name) => own.includes(name))).toEqual([])
  })
})
