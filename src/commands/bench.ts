/** Measurements, in a process of their own. */
import { join } from "node:path"

export const summary =
  "measurements: [--only turns|turns-alone|turns-half|reports|purchase|telemetry|invoices|balance|memory|month-end|growth|runners|peers|start|recovery] [--long] [--json]"

export const run = async (args: string[]): Promise<number> =>
  Bun.spawn([process.execPath, "--no-orphans", join(import.meta.dir, "..", "..", "tests", "bench", "main.ts"), ...args], {
    cwd: join(import.meta.dir, "..", ".."),
    stdio: ["ignore", "inherit", "inherit"]
  }).exited
