/** A command of ours as a shell would run it. */
import { join } from "node:path"

const entry = join(import.meta.dir, "..", "..", "src", "cli.ts")

/** `env` is added to the tests' own. */
export const program = async (args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) => {
  const child = Bun.spawn([process.execPath, "--no-orphans", entry, ...args], {
    env: { ...process.env, CAAS_EMBEDDED: "", ...env },
    stdio: ["ignore", "pipe", "pipe"]
  })
  const [output, errors, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited
  ])
  return { output, errors, code }
}
