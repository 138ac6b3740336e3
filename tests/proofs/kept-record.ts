/** Where the long proofs leave what they found. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join, relative } from "node:path"

/** Writes `results/<name>-<day it was started>.json` beside this file, and answers how one gets there from here. */
export const keepRecord = (name: string, startedAt: Date, record: object): string => {
  const folder = join(import.meta.dir, "results")
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${name}-${startedAt.toISOString().slice(0, 10)}.json`)
  writeFileSync(file, `${JSON.stringify(record, null, 2)}\n`)
  return relative(process.cwd(), file)
}
