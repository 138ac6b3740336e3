/** The last line of `npm test` must not flatter: whatever goes wrong with the runner counts as a failure. */
import { afterAll, describe, expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { countTests, sentence } from "#src/devstack/counts.ts"

const folder = mkdtempSync(join(tmpdir(), "caas-counts-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs the real runner over one file with this content. */
const runner = async (content: string) => {
  const place = mkdtempSync(join(folder, "run-"))
  await Bun.write(join(place, "some.test.ts"), `import { expect, test } from "bun:test"\n${content}`)
  const report = join(place, "junit.xml")
  const child = Bun.spawn([process.execPath, "test", "--reporter=junit", `--reporter-outfile=${report}`], {
    cwd: place,
    stdio: ["ignore", "ignore", "pipe"]
  })
  const [said, code] = await Promise.all([new Response(child.stderr).text(), child.exited])
  return sentence(countTests(report, said, code))
}

describe("the count", () => {
  test.each([
    [
      "what passed and was skipped",
      `test("a", () => {}); test("b", () => {}); test.skip("c", () => {})`,
      "2 passed, 0 failed, 1 skipped"
    ],
    ["what failed", `test("a", () => {}); test("b", () => expect(1).toBe(2))`, "1 passed, 1 failed, 0 skipped"],
    ["a file that does not load", `import "./nowhere.ts"; test("a", () => {})`, "0 passed, 1 failed, 0 skipped"],
    [
      "a runner that dies in the middle",
      `test("a", () => {}); test("b", () => process.kill(process.pid, "SIGKILL"))`,
      "0 passed, 1 failed, 0 skipped"
    ],
    [
      "a runner that leaves in the middle",
      `test("a", () => {}); test("b", () => process.exit(3))`,
      "0 passed, 1 failed, 0 skipped"
    ],
    ["nothing at all", "", "0 passed, 0 failed, 0 skipped"]
  ])("tells %s", async (_, content, expected) => {
    expect(await runner(content)).toBe(expected)
  })
})
